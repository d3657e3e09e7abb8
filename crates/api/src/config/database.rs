//! The choice of the database that is the system of record.

use std::{fmt, path::PathBuf};

use adapters_mysql::{Consistency, MySql};
use secrecy::{ExposeSecret, SecretString};

const URL_RULE: &str =
    "must be sqlite:// and the path of a file, without ? and #, or mysql://user:password@host:port/database";

const OPTIONS_RULE: &str = "must be mysql://user:password@host:port/database, with a port from 1 to 65535, options that the driver knows, and commas between at most 16 hosts";

/// The system of record: a file of this machine, or a database of a server that instances share.
#[derive(Debug, Clone)]
pub enum Database {
    /// The path of an SQLite file, which is created when it is missing.
    Sqlite(PathBuf),
    /// The URL of a database on a MySQL or MariaDB server, with the password.
    MySql(SecretString),
}

impl Database {
    /// Whether it is there, as far as this machine can tell: a file that has something in it. A server has to be asked.
    #[must_use]
    pub fn exists(&self) -> bool {
        match self {
            Self::Sqlite(file) => std::fs::metadata(file).is_ok_and(|it| it.len() > 0),
            Self::MySql(_) => true,
        }
    }

    /// Whether its URL has a user, a password or options, which are not shown.
    pub(super) fn has_login(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::MySql(url) => url.expose_secret() != self.to_string(),
        }
    }

    /// The user in a server's URL; `None` if there is none, or it is written with encoded characters.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        let Self::MySql(url) = self else { return None };
        let (login, _) = url.expose_secret().strip_prefix("mysql://")?.rsplit_once('@')?;
        let user = login.split_once(':').map_or(login, |(user, _)| user);
        (!user.is_empty() && !user.contains('%')).then_some(user)
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// The rule that the URL breaks, without any part of the URL.
    pub fn parse(url: &str) -> Result<Self, String> {
        let file = |it: &&str| !it.is_empty() && !it.ends_with('/') && !it.contains(['?', '#']);
        let sqlite = url.strip_prefix("sqlite://").filter(file).map(|it| Self::Sqlite(it.into()));
        if host_and_database(url).is_some() {
            return if MySql::is_valid_url(url) {
                Ok(Self::MySql(url.into()))
            } else {
                Err(OPTIONS_RULE.to_owned())
            };
        }
        sqlite.ok_or_else(|| URL_RULE.to_owned())
    }
}

/// Reads how fresh reads are where several servers have the record.
///
/// # Errors
/// The rule that the text breaks.
pub(super) fn parse_consistency(text: &str) -> Result<Consistency, String> {
    match text {
        "strict" => Ok(Consistency::Strict),
        "eventual" => Ok(Consistency::Eventual),
        _ => Err("must be strict or eventual".to_owned()),
    }
}

/// The setting that [`parse_consistency`] reads.
pub(super) const fn consistency_text(consistency: Consistency) -> &'static str {
    match consistency {
        Consistency::Strict => "strict",
        Consistency::Eventual => "eventual",
    }
}

/// Host, port and database of a MySQL URL: the part that may be shown. `None` when the URL is ambiguous.
fn host_and_database(url: &str) -> Option<&str> {
    let (authority, rest) = url.strip_prefix("mysql://")?.split_once('/')?;
    // These characters have to be encoded in a password. Otherwise the URL can be split in two ways, and the
    // part that is taken for the host, and shown, may be the end of the password.
    if rest.contains('@') || authority.contains(['?', '#']) {
        return None;
    }
    let place =
        url.rsplit_once('@').map_or_else(|| url.strip_prefix("mysql://"), |(_, place)| Some(place))?;
    let place = place.split_once('?').map_or(place, |(place, _)| place);
    let (host, database) = place.split_once('/')?;
    (!host.is_empty() && host.is_ascii() && !database.is_empty() && !database.contains('/')).then_some(place)
}

impl Database {
    /// What names the record among others, for instances that share a cache: the same whichever of its servers is used,
    /// and in whatever order the URL names them.
    #[must_use]
    pub fn name(&self) -> String {
        let shown = self.to_string();
        let Self::MySql(url) = self else { return shown };
        let place = host_and_database(url.expose_secret()).unwrap_or_default();
        let Some((hosts, database)) = place.split_once('/') else { return shown };
        let mut hosts: Vec<_> = hosts.split(',').collect();
        hosts.sort_unstable();
        hosts.dedup();
        format!("mysql://{}/{database}", hosts.join(","))
    }
}

/// As a URL without user and password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "sqlite://{}", file.display()),
            Self::MySql(url) => {
                write!(f, "mysql://{}", host_and_database(url.expose_secret()).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_logs_in_is_not_shown() {
        for (url, shown) in [
            ("sqlite://data/idem.db", "sqlite://data/idem.db"),
            ("mysql://idem:hunter2@db:3306/shop", "mysql://db:3306/shop"),
            ("mysql://idem:hunt@er2@db/shop?require_ssl=true", "mysql://db/shop"),
            ("mysql://db/shop", "mysql://db/shop"),
            ("mysql://idem:hunter2@a:3306,b/shop", "mysql://a:3306,b/shop"),
        ] {
            let database = Database::parse(url).unwrap();
            assert_eq!(database.to_string(), shown);
            assert!(!format!("{database:?}").contains("hunt"));
        }
    }

    #[test]
    fn the_name_of_a_record_depends_neither_on_the_order_of_its_servers_nor_on_the_login() {
        let name = |url: &str| Database::parse(url).unwrap().name();
        assert_eq!(name("mysql://u:p@b:1,a:2/shop"), name("mysql://other@a:2,b:1/shop?require_ssl=true"));
        assert_eq!(name("mysql://u:p@b:1,a:2/shop"), "mysql://a:2,b:1/shop");
        assert_ne!(name("mysql://a/shop"), name("mysql://b/shop"));
        assert_eq!(name("sqlite://data/a,b/idem.db"), "sqlite://data/a,b/idem.db");
    }

    #[test]
    fn a_list_of_servers_has_no_empty_place() {
        for url in ["mysql://a,/shop", "mysql://,a/shop", "mysql://a,,b/shop", "mysql://a:0,b/shop"] {
            assert_eq!(Database::parse(url).unwrap_err(), OPTIONS_RULE, "{url}");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_refused_and_not_shown_in_part() {
        for url in [
            "mysql://u:ab/cd?ef@host/db",
            "mysql://u:ab/cd@host/db",
            "mysql://u:ab?cd@host/db",
            "mysql://u:a#b@host/db",
        ] {
            assert_eq!(Database::parse(url).unwrap_err(), URL_RULE, "{url}");
        }
    }

    #[test]
    fn a_server_needs_a_host_and_a_database() {
        for url in
            ["mysql://", "mysql://db", "mysql://db/", "mysql:///shop", "mysql://u:p@/shop", "mysql://db/a/b"]
        {
            assert_eq!(Database::parse(url).unwrap_err(), URL_RULE, "{url}");
        }
    }
}
