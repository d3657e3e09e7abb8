use adapters_crypto::random_secret;
use adapters_gateways::secret_from_bytes;
use adapters_local::SystemClock;

use super::{
    hashing::{PURPOSES, QUEUED_PASSWORDS_PER_HASH, hashing_limits},
    secrets::{SHARED_SECRET, open_sandbox},
    *,
};
use crate::tasks::HASHING_MAX;

#[tokio::test]
async fn a_record_on_a_server_needs_a_secret_that_all_instances_share() {
    let database = ("IDEM_DATABASE_URL".to_owned(), "mysql://idem@127.0.0.1:1/shop".to_owned());
    let config = Config::from_sources(None, [database]).unwrap();
    let fault = wire_adapters(&config).await.err().unwrap().to_string();
    assert_eq!(fault, format!("jwt_secret (IDEM_JWT_SECRET): {SHARED_SECRET}"));
}

#[test]
fn settings_that_no_start_accepts_are_refused_before_anything_is_opened() {
    let check = |settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        check_settings(&Config::from_sources(None, settings).unwrap()).map_err(|it| it.to_string())
    };
    let server = ("IDEM_DATABASE_URL", "mysql://idem@127.0.0.1:1/shop");
    assert!(check(&[]).is_ok());
    assert_eq!(check(&[server]), Err(format!("jwt_secret (IDEM_JWT_SECRET): {SHARED_SECRET}")));
    assert!(check(&[server, ("IDEM_JWT_SECRET", "a-secret-of-more-than-thirty-two-bytes")]).is_ok());
}

#[test]
fn certificates_for_redis_are_checked_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "no certificate").unwrap();
    let missing = folder.path().join("missing");
    for (url, file) in [
        (None, &text),
        (Some("rediss://host"), &text),
        (Some("rediss://host"), &missing),
        (Some("redis://host"), &text),
    ] {
        let file = ("IDEM_REDIS_CA_FILE".to_owned(), file.display().to_string());
        let url = url.map(|it| ("IDEM_REDIS_URL".to_owned(), it.to_owned()));
        let config = Config::from_sources(None, url.into_iter().chain([file])).unwrap();
        let fault = check_settings(&config).unwrap_err().to_string();
        assert!(fault.starts_with("redis_ca_file (IDEM_REDIS_CA_FILE): "), "{fault}");
    }
}

#[tokio::test]
async fn a_node_of_a_cluster_behind_the_url_of_one_server_stops_the_start() {
    let cluster = test_servers::RedisCluster::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("IDEM_DATABASE_URL".to_owned(), format!("sqlite://{}/idem.db", folder.path().display())),
        ("IDEM_REDIS_URL".to_owned(), cluster.node_url(0).unwrap()),
    ];
    let config = Config::from_sources(None, settings).unwrap();
    let fault = wire_adapters(&config).await.err().unwrap().to_string();
    assert!(fault.starts_with("redis_url (IDEM_REDIS_URL): names a node of a Redis Cluster"), "{fault}");
}

#[tokio::test]
async fn several_faults_are_said_at_once() {
    let mut config = Config::from_sources(
        None,
        [("IDEM_DATABASE_URL".to_owned(), "mysql://idem@127.0.0.1:1/shop".to_owned())],
    )
    .unwrap();
    config.redis_url = Some("nonsense".into());
    config.memcached_url = Some("nonsense".to_owned());
    let fault = wire_adapters(&config).await.err().unwrap().to_string();
    for key in ["IDEM_JWT_SECRET", "IDEM_REDIS_URL", "IDEM_MEMCACHED_URL"] {
        assert!(fault.contains(key) && !fault.contains("nonsense"), "{fault}");
    }
}

#[test]
fn a_sandbox_is_there_when_it_is_asked_for_or_when_only_this_machine_reaches_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}/idem.db", folder.path().display());
    let secret = secret_from_bytes(random_secret().as_bytes());
    let has = |settings: &[(&str, &str)]| {
        let own = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let config = Config::from_sources(
            None,
            [("IDEM_DATABASE_URL".to_owned(), file.clone())].into_iter().chain(own),
        );
        open_sandbox(&config.unwrap(), Arc::new(SystemClock)).unwrap().is_some()
    };
    assert!(!has(&[("IDEM_HTTP_ADDR", "0.0.0.0:0")]));
    assert!(!folder.path().join("sandbox_secret").exists());
    assert!(has(&[("IDEM_HTTP_ADDR", "0.0.0.0:0"), ("IDEM_SANDBOX_SECRET", &secret)]));
    assert!(has(&[]) && folder.path().join("sandbox_secret").exists());
}

#[test]
fn copies_of_another_database_have_other_names() {
    let of = |url: &str| servers::cache_scope(&Database::parse(url).unwrap());
    assert_eq!(of("mysql://a:b@db:3306/shop"), of("mysql://c:d@db:3306/shop"));
    assert_ne!(of("mysql://a:b@db:3306/shop"), of("mysql://a:b@db:3306/other"));
    assert_eq!(of("mysql://a:b@one:1,two:2/shop"), of("mysql://a:b@two:2,one:1/shop"));
}

#[test]
fn all_that_hash_or_wait_to_are_within_their_part_of_the_writes() {
    for cores in 1..=4_096 {
        let (at_once, waiting) = hashing_limits(cores);
        assert!(at_once >= 1 && waiting >= QUEUED_PASSWORDS_PER_HASH, "{cores}");
        assert!(at_once + PURPOSES * waiting <= HASHING_MAX, "{cores}");
    }
    assert_eq!(hashing_limits(2), (1, 96));
}
