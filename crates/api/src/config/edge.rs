//! The settings of the service's edge towards clients: quotas of requests, and pages of other origins, compression, and TLS.

use std::path::PathBuf;

use application::request_limits::RequestQuotas;
use url::{Origin, Url};

use super::{
    ConfigError,
    keys::Keys,
    show::{NONE, toml_string},
    values,
};

/// The origins whose pages may call the service from a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None but the service's own.
    #[default]
    None,
    /// All of them.
    Any,
    /// These, each as browsers write it, such as `https://shop.example`.
    Listed(Vec<String>),
}

/// How the service meets its clients.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// How many requests may be sent within a minute; 0 means no limit. `requests_per_minute_per_user` `300000`,
    /// `requests_per_minute_per_key` `300000`, `requests_per_minute_per_network` `600000`.
    pub quotas: RequestQuotas,
    /// Which pages of other origins may call the service. `cors_origins`, none; origins with commas between them, or `*`.
    pub cors: CorsOrigins,
    /// Whether answers are compressed for clients that ask for it. `compression`, `true`.
    pub compression: bool,
    /// The files of the certificate and its key, as PEM. `tls_cert` and `tls_key`, none: connections are not encrypted.
    pub tls: Option<TlsFiles>,
}

/// Where the certificate of the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that lead to its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl EdgeSettings {
    pub(super) fn read(keys: &mut Keys) -> Result<Self, ConfigError> {
        let quota = values::range_parser(0..=u32::MAX);
        let quotas = RequestQuotas {
            per_user: keys.get("requests_per_minute_per_user", "300000", &quota)?,
            per_key: keys.get("requests_per_minute_per_key", "300000", &quota)?,
            per_network: keys.get("requests_per_minute_per_network", "600000", &quota)?,
        };
        let cors = keys.get("cors_origins", "", parse_origins)?;
        let compression = keys.get("compression", "true", values::parse_switch)?;
        Ok(Self { quotas, cors, compression, tls: read_tls(keys) })
    }

    /// Every key with its value as TOML.
    pub(super) fn shown(&self) -> Vec<(&'static str, String)> {
        vec![
            ("requests_per_minute_per_user", self.quotas.per_user.to_string()),
            ("requests_per_minute_per_key", self.quotas.per_key.to_string()),
            ("requests_per_minute_per_network", self.quotas.per_network.to_string()),
            ("cors_origins", toml_string(&self.cors.to_string())),
            ("compression", self.compression.to_string()),
            ("tls_cert", shown_path(self.tls.as_ref().map(|it| &it.certificate))),
            ("tls_key", shown_path(self.tls.as_ref().map(|it| &it.key))),
        ]
    }
}

impl std::fmt::Display for CorsOrigins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str(NONE),
            Self::Any => f.write_str("*"),
            Self::Listed(all) => f.write_str(&all.join(",")),
        }
    }
}

/// Origins with commas between them; `*` stands alone.
fn parse_origins(text: &str) -> Result<CorsOrigins, String> {
    let parts: Vec<_> = text.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    match parts.as_slice() {
        [] => return Ok(CorsOrigins::None),
        ["*"] => return Ok(CorsOrigins::Any),
        _ => {}
    }
    // Compared with what browsers send, so only their spelling is taken: a slash at the end or a capital would never match.
    let is_origin = |it: &&str| match Url::parse(it).map(|url| url.origin()) {
        Ok(origin @ Origin::Tuple(..)) => origin.ascii_serialization() == **it && !it.contains('*'),
        Ok(Origin::Opaque(_)) | Err(_) => false,
    };
    if parts.iter().all(is_origin) {
        return Ok(CorsOrigins::Listed(parts.into_iter().map(str::to_owned).collect()));
    }
    Err("must be * or origins as browsers send them, with commas between them, such as https://shop.example"
        .into())
}

fn shown_path(path: Option<&PathBuf>) -> String {
    toml_string(&path.map_or_else(|| NONE.into(), |it| it.to_string_lossy()))
}

/// The two files, which are only of use together.
fn read_tls(keys: &mut Keys) -> Option<TlsFiles> {
    let path = |it: &str| Ok(PathBuf::from(it));
    match (keys.get_filled("tls_cert", path), keys.get_filled("tls_key", path)) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            keys.add_fault(ConfigError::invalid(
                "tls_key",
                "must be set with tls_cert: it is the certificate's key",
            ));
            None
        }
        (None, Some(_)) => {
            keys.add_fault(ConfigError::invalid(
                "tls_cert",
                "must be set with tls_key: it is the key's certificate",
            ));
            None
        }
    }
}
