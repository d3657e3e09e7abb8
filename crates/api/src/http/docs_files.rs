//! The files of the documentation's page.

/// Name, media type and content of one of the files below.
macro_rules! embed_file {
    ($name:literal, $media_type:literal) => {
        ($name, $media_type, include_bytes!(concat!("../../assets/swagger-ui/", $name)))
    };
}

/// The page itself and the files that it loads. They are part of the program, so that the page needs no other
/// server.
pub(super) const DOCS_FILES: [(&str, &str, &[u8]); 7] = [
    embed_file!("index.html", "text/html"),
    embed_file!("index.css", "text/css"),
    embed_file!("swagger-ui.css", "text/css"),
    embed_file!("swagger-ui-bundle.js", "text/javascript"),
    embed_file!("swagger-initializer.js", "text/javascript"),
    embed_file!("favicon-16x16.png", "image/png"),
    embed_file!("favicon-32x32.png", "image/png"),
];

/// The names of these files.
pub(super) fn file_names() -> impl Iterator<Item = &'static str> {
    DOCS_FILES.iter().map(|(name, _, _)| *name)
}
