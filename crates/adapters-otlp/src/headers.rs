//! Headers that authenticate the service at the collector.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// Headers that the request itself has.
const OWN: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::USER_AGENT,
];

/// The text is no list of headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be name=value, with commas between several, each name once and no header that every request has; \
     %2C is a comma in a value"
)]
pub struct InvalidHeaders;

/// What is sent to the collector with every batch, such as a token. `Debug` shows no value.
#[derive(Debug, Clone, Default)]
pub struct CollectorHeaders(HeaderMap);

impl CollectorHeaders {
    /// Parses the form of `OTEL_EXPORTER_OTLP_HEADERS`: `name=value,name=value`, with values that are escaped as in a URL.
    ///
    /// # Errors
    /// [`InvalidHeaders`], which repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, InvalidHeaders> {
        let mut headers = HeaderMap::new();
        for member in text.split(',') {
            let (name, value) = member.split_once('=').ok_or(InvalidHeaders)?;
            let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| InvalidHeaders)?;
            let value: Vec<u8> = percent_decode_str(value.trim()).collect();
            let mut value = HeaderValue::from_bytes(&value).map_err(|_| InvalidHeaders)?;
            value.set_sensitive(true);
            if value.is_empty() || OWN.contains(&name) || headers.insert(name, value).is_some() {
                return Err(InvalidHeaders);
            }
        }
        Ok(Self(headers))
    }

    /// Adds them to those of a request.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        headers.extend(self.0.clone());
    }
}

/// Whether the headers are hidden on their way: the endpoint uses TLS or is on this machine.
#[must_use]
pub fn keeps_headers_secret(endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else { return false };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || is_local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_exporters_of_opentelemetry_do() {
        let read =
            CollectorHeaders::parse("Authorization=Basic%20c2VjcmV0Cg==, x-tenant = a%2Cb%3D").unwrap();
        let values: Vec<_> =
            read.0.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(values, [("authorization", "Basic c2VjcmV0Cg=="), ("x-tenant", "a,b=")]);
    }

    #[test]
    fn what_is_no_header_is_refused_and_never_repeated() {
        for bad in [
            "s3cret",
            "a=s3cret,",
            "=s3cret",
            "a=",
            "a=s3cret,A=s3cret",
            "a b=s3cret",
            "a=s3cret%0D%0Ab: c",
            "content-type=s3cret",
            "Host=s3cret",
        ] {
            let refused = CollectorHeaders::parse(bad).unwrap_err();
            assert!(!refused.to_string().contains("s3cret"), "{bad}");
        }
    }

    #[test]
    fn nothing_shows_a_value() {
        let headers = CollectorHeaders::parse("authorization=Bearer s3cret").unwrap();
        let mut request = HeaderMap::new();
        headers.add_to(&mut request);
        assert_eq!(request["authorization"], "Bearer s3cret");
        assert!(!format!("{headers:?} {request:?}").contains("s3cret"));
    }

    #[test]
    fn only_tls_and_this_machine_keep_them_secret() {
        for endpoint in
            ["https://otel.example", "http://127.0.0.1:4318", "http://[::1]:4318", "http://localhost"]
        {
            assert!(keeps_headers_secret(endpoint), "{endpoint}");
        }
        for endpoint in ["http://otel.example:4318", "http://10.0.0.1", "http://localhost.example"] {
            assert!(!keeps_headers_secret(endpoint), "{endpoint}");
        }
    }
}
