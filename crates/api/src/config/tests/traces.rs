//! The settings of traces.

use super::*;

const TLS: (&str, &str) = ("IDEM_OTLP_ENDPOINT", "https://otel.example");
const PLAIN: (&str, &str) = ("IDEM_OTLP_ENDPOINT", "http://otel.example:4318");
const LOCAL: (&str, &str) = ("IDEM_OTLP_ENDPOINT", "http://127.0.0.1:4318");
const HEADERS: (&str, &str) = ("IDEM_OTLP_HEADERS", "authorization=Bearer%20s3cret,x-tenant=s3cret");

#[test]
fn headers_of_the_collector_are_never_shown() {
    for endpoint in [TLS, LOCAL] {
        let config = read("", &[endpoint, HEADERS]).unwrap();
        let shown = config.to_redacted_toml();
        assert!(shown.contains("otlp_headers = \"(hidden)\""), "{shown}");
        for shown in [shown, config.to_annotated_toml(), format!("{config:?}")] {
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
    let none = read("", &[TLS, ("IDEM_OTLP_HEADERS", "")]).unwrap();
    assert!(none.to_redacted_toml().contains("otlp_headers = \"(none)\""));
}

#[test]
fn headers_for_a_collector_need_an_encrypted_connection() {
    let alone = read("", &[HEADERS]).unwrap_err().to_string();
    assert_eq!(alone, "otlp_headers (IDEM_OTLP_HEADERS): is for the collector of otlp_endpoint");
    let open = read("", &[PLAIN, HEADERS]).unwrap_err().to_string();
    assert!(open.starts_with("otlp_endpoint (IDEM_OTLP_ENDPOINT): must be https://"), "{open}");
    assert!(read("", &[PLAIN]).is_ok(), "without headers nothing is secret");
    let broken = read("", &[TLS, ("IDEM_OTLP_HEADERS", "s3cret")]).unwrap_err().to_string();
    assert!(broken.starts_with("otlp_headers") && !broken.contains("s3cret"), "{broken}");
}
