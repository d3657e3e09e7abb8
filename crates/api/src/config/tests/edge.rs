use crate::config::CorsOrigins;

use super::*;

#[test]
fn origins_are_written_as_browsers_send_them() {
    let cors = |value: &str| read("", &[("IDEM_CORS_ORIGINS", value)]).map(|it| it.edge.cors);
    assert_eq!(cors(""), Ok(CorsOrigins::None));
    assert_eq!(cors("*"), Ok(CorsOrigins::Any));
    let two = ["https://shop.example", "http://localhost:5173"].map(str::to_owned).to_vec();
    assert_eq!(cors("https://shop.example, http://localhost:5173"), Ok(CorsOrigins::Listed(two)));
    for wrong in [
        "https://shop.example/",
        "https://Shop.example",
        "https://shop.example:443",
        "shop.example",
        "null",
        "*,https://shop.example",
        "https://*.example",
        "https://shop.example/path",
        "file:///etc",
    ] {
        let fault = cors(wrong).unwrap_err().to_string();
        assert!(fault.starts_with("cors_origins (IDEM_CORS_ORIGINS): must be"), "{wrong}: {fault}");
    }
}

#[test]
fn a_quota_may_be_zero_and_nothing_below() {
    let quotas =
        |value: &str| read("", &[("IDEM_REQUESTS_PER_MINUTE_PER_USER", value)]).map(|it| it.edge.quotas);
    assert_eq!(quotas("0").unwrap().per_user, 0);
    assert!(quotas("-1").is_err() && quotas("1.5").is_err());
}

#[test]
fn a_certificate_has_a_key() {
    let both = [("IDEM_TLS_CERT", "/etc/idem/tls.crt"), ("IDEM_TLS_KEY", "/etc/idem/tls.key")];
    let files = read("", &both).unwrap().edge.tls.unwrap();
    assert_eq!((files.certificate, files.key), ("/etc/idem/tls.crt".into(), "/etc/idem/tls.key".into()));
    assert_eq!(read("", &[("IDEM_TLS_CERT", ""), ("IDEM_TLS_KEY", "")]).unwrap().edge.tls, None);
    for (one, missing) in [(0, "tls_key"), (1, "tls_cert")] {
        let fault = fault("", &both[one..=one]);
        assert!(fault.starts_with(&format!("{missing} (IDEM_{}): must be set with", missing.to_uppercase())));
    }
}
