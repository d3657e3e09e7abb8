use super::*;

fn servers(url: &str) -> Vec<(String, u16)> {
    match RedisAddress::parse(url, None).unwrap().place {
        Place::Server(info) => vec![host_and_port(&info)],
        Place::Cluster { seeds, .. } => seeds,
        Place::Sentinels { sentinels, .. } => sentinels.iter().map(host_and_port).collect(),
    }
}

fn names(servers: &[(&str, u16)]) -> Vec<(String, u16)> {
    servers.iter().map(|(host, port)| ((*host).to_owned(), *port)).collect()
}

#[test]
fn one_url_names_one_server_or_some_of_several() {
    for (url, expected) in [
        ("redis://cache", names(&[("cache", 6_379)])),
        ("redis://user:secret@cache:7000/3", names(&[("cache", 7_000)])),
        ("rediss://:secret@[::1]:7000/", names(&[("::1", 7_000)])),
        ("redis+cluster://a,b:7001,[::1]", names(&[("a", 6_379), ("b", 7_001), ("::1", 6_379)])),
        ("rediss+cluster://user:secret@a,b/", names(&[("a", 6_379), ("b", 6_379)])),
        ("redis+sentinel://a,b:7001,[::1]/shop", names(&[("a", 26_379), ("b", 7_001), ("::1", 26_379)])),
    ] {
        assert_eq!(servers(url), expected, "{url}");
    }
}

#[test]
fn the_login_is_that_of_every_server_and_sentinels_have_no_database() {
    let place = RedisAddress::parse("redis+sentinel://user:hunter%402@a,b/shop.1/5", None).unwrap().place;
    let Place::Sentinels { sentinels, master, server } = place else { panic!("another kind") };
    let login = |it: &ConnectionInfo| {
        let settings = it.redis_settings();
        (settings.username().unwrap().to_owned(), settings.password().unwrap().to_owned(), settings.db())
    };
    assert_eq!(master, "shop.1");
    assert_eq!(login(&server), ("user".to_owned(), "hunter@2".to_owned(), 5));
    assert_eq!(login(&sentinels[1]), ("user".to_owned(), "hunter@2".to_owned(), 0));
}

#[test]
fn anything_else_is_refused_without_repeating_it() {
    let many = format!("redis+cluster://{}", vec!["a"; HOSTS_MAX + 1].join(","));
    for url in [
        "",
        "localhost:6379",
        "http://host",
        "valkey://host",
        "redis://:hunter2@",
        "redis://host/hunter2",
        "redis://host/99999",
        "redis://host/0?protocol=resp3",
        "redis://host/#insecure",
        "rediss://host/#insecure",
        "redis://host:0",
        "redis://host:99999",
        "redis://a,b",
        "redis://user:hunt/er2@host",
        "redis://b\u{fc}cher.example",
        "redis+cluster://",
        "redis+cluster://a,,b",
        "redis+cluster://a,",
        "redis+cluster://a/0",
        "redis+cluster://a/1",
        "redis+cluster://u:hunter2@a,u:hunter2@b",
        &many,
        "redis+sentinel://a",
        "redis+sentinel://a/",
        "redis+sentinel://a/m y",
        "redis+sentinel://a/shop/name",
        "redis+sentinel://a/shop/1/2",
        "redis+other://a",
        "redis+unix:///tmp/socket",
        "unix:///tmp/socket",
    ] {
        let error = RedisAddress::parse(url, None).unwrap_err();
        assert_eq!(error, InvalidUrl::Form, "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn authorities_are_certificates_for_a_server_that_is_reached_over_tls() {
    for (url, pem) in [
        ("rediss://host", "no certificate"),
        ("rediss://host", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("redis://host", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        let refused = RedisAddress::parse(url, Some(pem.as_bytes())).unwrap_err();
        assert_eq!(refused, InvalidUrl::Certificates, "{url} {pem}");
    }
}

#[test]
fn neither_user_nor_password_is_shown() {
    let shown = format!("{:?}", RedisAddress::parse("redis+cluster://user:hunter2@a,b", None).unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("user"), "{shown}");
}
