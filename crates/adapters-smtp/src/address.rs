//! The rules for the configured addresses. No error repeats a value, which may be a password.

use std::net::IpAddr;

use lettre::message::Mailbox;
use url::{Host, Url};

/// The rule that the URL of a mail server breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// It is no URL of a mail server.
    #[error(
        "must be smtps://[user:password@]host[:port], or smtp:// with ?tls=required for STARTTLS, or smtp:// without TLS"
    )]
    Form,
    /// It would send a password that others on the network can read.
    #[error("must not have a password without TLS, except to this machine: use smtps:// or ?tls=required")]
    ExposedPassword,
}

/// The rule that a sender breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, such as shop@example.com or Shop <shop@example.com>")]
pub struct InvalidFrom;

/// Checks the URL of a mail server.
///
/// # Errors
/// [`InvalidUrl`].
pub fn check_url(text: &str) -> Result<(), InvalidUrl> {
    let url = Url::parse(text).map_err(|_| InvalidUrl::Form)?;
    let host = url.host().ok_or(InvalidUrl::Form)?;
    let is_plain_path = matches!(url.path(), "" | "/") && url.fragment().is_none() && url.port() != Some(0);
    // `opportunistic` is refused: a machine in between could switch it off.
    let is_secure = match (url.scheme(), url.query()) {
        ("smtps", None) | ("smtp", Some("tls=required")) => true,
        ("smtp", None) => false,
        _ => return Err(InvalidUrl::Form),
    };
    if !is_plain_path || url.host_str().is_none_or(str::is_empty) {
        return Err(InvalidUrl::Form);
    }
    if url.password().is_some() && !is_secure && !is_this_machine(&host) {
        return Err(InvalidUrl::ExposedPassword);
    }
    Ok(())
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.parse::<IpAddr>().is_ok_and(|it| it.is_loopback()),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Checks a sender.
///
/// # Errors
/// [`InvalidFrom`].
pub fn check_from(text: &str) -> Result<(), InvalidFrom> {
    text.parse::<Mailbox>().map(drop).map_err(|_| InvalidFrom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_how_the_connection_is_protected() {
        for good in [
            "smtp://127.0.0.1:2525",
            "smtp://mail.example.com",
            "smtp://user:secret@localhost:25",
            "smtp://user:secret@127.0.0.1",
            "smtp://user:secret@mail.example.com?tls=required",
            "smtps://user:p%40ss@mail.example.com:465",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "mail.example.com:25",
            "http://mail.example.com",
            "smtp://",
            "smtp://mail.example.com/hello",
            "smtp://mail.example.com?tls=opportunistic",
            "smtps://mail.example.com?tls=required",
            "smtp://mail.example.com:0",
        ] {
            assert_eq!(check_url(bad), Err(InvalidUrl::Form), "{bad}");
        }
    }

    #[test]
    fn no_password_crosses_a_network_in_the_clear() {
        for bad in ["smtp://user:secret@mail.example.com", "smtp://user:secret@192.0.2.1:25"] {
            assert_eq!(check_url(bad), Err(InvalidUrl::ExposedPassword), "{bad}");
            assert!(!InvalidUrl::ExposedPassword.to_string().contains("secret"));
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for good in ["shop@example.com", "Shop <shop@example.com>"] {
            assert_eq!(check_from(good), Ok(()), "{good}");
        }
        for bad in ["", "shop", "shop@example.com\nBcc: all@example.com"] {
            assert_eq!(check_from(bad), Err(InvalidFrom), "{bad:?}");
        }
    }
}
