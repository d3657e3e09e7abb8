//! The settings of mails.

use super::*;

const URL: (&str, &str) = ("IDEM_SMTP_URL", "smtps://user:s3cret@mail.example.com");
const FROM: (&str, &str) = ("IDEM_SMTP_FROM", "Shop <shop@example.com>");
const PAGE: (&str, &str) = ("IDEM_PASSWORD_RESET_URL", "https://shop.example/reset?x=1#{token}");

#[test]
fn without_a_server_no_mail_is_sent() {
    for set in [&[][..], &[FROM], &[PAGE], &[("IDEM_SMTP_URL", "")]] {
        assert!(read("", set).unwrap().mail.smtp.is_none(), "{set:?}");
    }
}

#[test]
fn a_server_needs_a_sender_and_shows_no_password() {
    let config = read("", &[URL, FROM, PAGE]).unwrap();
    let smtp = config.mail.smtp.clone().unwrap();
    assert_eq!(smtp.from, FROM.1);
    assert_eq!(config.mail.password_reset_url.as_deref(), Some(PAGE.1));
    for shown in [format!("{config:?}"), config.to_redacted_toml()] {
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let alone = read("", &[URL]).unwrap_err();
    assert_eq!(alone.to_string(), "smtp_from (IDEM_SMTP_FROM): must be set with smtp_url: it is the sender");
}

#[test]
fn what_cannot_be_used_is_refused_without_repeating_it() {
    for bad in [
        ("IDEM_SMTP_URL", "smtp://user:s3cret@mail.example.com"),
        ("IDEM_SMTP_URL", "mail.s3cret.example.com"),
        ("IDEM_SMTP_FROM", "s3cret"),
        ("IDEM_PASSWORD_RESET_URL", "https://s3cret.example/reset"),
        ("IDEM_EMAIL_VERIFICATION_URL", "https://s3cret.example/verify"),
        ("IDEM_PASSWORD_RESET_URL", "ftp://s3cret.example/{token}"),
        ("IDEM_PASSWORD_RESET_URL", "https://s3cret.example/{token}\nBcc"),
    ] {
        let others = [URL, FROM].into_iter().filter(|it| it.0 != bad.0).chain([bad]);
        let fault = read("", &others.collect::<Vec<_>>()).unwrap_err();
        assert!(matches!(fault, ConfigError::Invalid { .. }), "{bad:?}: {fault}");
        assert!(!fault.to_string().contains("s3cret"), "{fault}");
    }
}
