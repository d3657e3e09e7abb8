//! The head of a response.

/// What the client needs of a response's head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The status, such as 200.
    pub(super) status: u16,
    /// Whether `Idempotent-Replayed` is `true`.
    pub(super) replayed: bool,
    /// The position of the body's first byte.
    pub(super) body_start: usize,
    /// The length of the body, in bytes.
    pub(super) body_length: usize,
}

/// The end of a head.
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// The head at the beginning of these bytes; `None` while its end is missing.
pub(super) fn parse_head(input: &[u8]) -> Result<Option<Head>, &'static str> {
    let end = input.windows(BLANK_LINE.len()).position(|it| it == BLANK_LINE);
    let Some(text) = end.and_then(|end| input.get(..end)) else { return Ok(None) };
    let text = str::from_utf8(text).map_err(|_| "the head of the response is no text")?;
    let (status_line, headers) = text.split_once("\r\n").unwrap_or((text, ""));
    let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|it| it.get(..3)?.parse().ok());
    let mut head = Head {
        status: status.ok_or("the response has no status")?,
        replayed: false,
        body_start: text.len().saturating_add(BLANK_LINE.len()),
        body_length: 0,
    };
    for line in headers.split("\r\n") {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            head.body_length = value.parse().map_err(|_| "the length of the response is no number")?;
        } else if name.eq_ignore_ascii_case("idempotent-replayed") {
            head.replayed = value == "true";
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err("the response has no length");
        }
    }
    Ok(Some(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_complete() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\netag: \"1\"\r\n\r\n{";
        let head = parse_head(whole).unwrap().unwrap();
        assert_eq!((head.status, head.replayed, head.body_length), (200, false, 12));
        assert_eq!(&whole[head.body_start..], b"{");
        assert_eq!(parse_head(&whole[..head.body_start - 1]), Ok(None));
        assert_eq!(parse_head(b""), Ok(None));
    }

    #[test]
    fn a_replay_is_recognised_by_its_header() {
        let replayed = |value: &str| {
            let head = format!("HTTP/1.1 201 Created\r\nIDEMPOTENT-REPLAYED: {value}\r\n\r\n");
            parse_head(head.as_bytes()).unwrap().unwrap().replayed
        };
        assert!(replayed("true") && !replayed("false"));
    }

    #[test]
    fn what_the_client_cannot_read_is_an_error() {
        for head in [
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        ] {
            assert!(parse_head(head.as_bytes()).is_err(), "{head}");
        }
    }
}
