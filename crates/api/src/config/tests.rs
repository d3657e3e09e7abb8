use secrecy::ExposeSecret;

use super::*;

mod edge;
mod gateways;
mod mail;
mod origins;
mod traces;

const JWT: &str = "a-secret-of-at-least-thirty-two-bytes";
const WEBHOOK: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn read(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("idem.toml");
    std::fs::write(&path, file).unwrap();
    Config::from_sources(
        Some(&path),
        environment.iter().map(|(name, value)| ((*name).into(), (*value).into())),
    )
}

fn fault(file: &str, environment: &[(&str, &str)]) -> String {
    read(file, environment).unwrap_err().to_string()
}

#[test]
fn without_a_word_the_defaults_hold() {
    let config = read("", &[("PATH", "/bin")]).unwrap();
    assert_eq!(config.http_addr.to_string(), "127.0.0.1:8080");
    assert_eq!(config.database.to_string(), "sqlite://data/idem.db");
    assert_eq!(config.data_folder(), Some(Path::new("data")));
    assert!(config.redis_url.is_none() && config.memcached_url.is_none());
    assert_eq!(config.policy, Policy::default());
    assert_eq!((config.request_deadline, config.bcrypt_cost), (Duration::from_secs(10), 10));
    assert!(config.trusted_proxies.is_empty() && config.jwt_secret.is_none() && config.public_url.is_none());
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = "order_ttl = \"1h\"\nbcrypt_cost = 12\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
    let config =
        read(file, &[("IDEM_ORDER_TTL", "2h 30m"), ("IDEM_DATABASE_URL", "sqlite:///var/idem.db")]).unwrap();
    assert_eq!(config.policy.order_ttl, Duration::from_secs(9000));
    assert_eq!(config.bcrypt_cost, 12);
    assert_eq!(config.database.to_string(), "sqlite:///var/idem.db");
    assert_eq!(config.trusted_proxies.len(), 2);
}

#[test]
fn a_key_that_is_not_known_stops_the_start_by_its_name() {
    let told = "ordr_ttl (IDEM_ORDR_TTL): there is no such key; is it order_ttl (IDEM_ORDER_TTL)?";
    assert_eq!(fault("ordr_ttl = \"1h\"", &[]), told);
    assert_eq!(fault("", &[("IDEM_ORDR_TTL", "1h")]), told);
    assert!(read("", &[("IDEM_OPERATOR_PASSWORD", "secret-thing")]).is_ok());
    for file in ["[http]\naddr = 1\n", "http = 1.5", "http = 2026-01-01", "http = [[1], [1.5]]"] {
        assert!(fault(file, &[]).ends_with("must be a string, a number or true or false"), "{file}");
    }
}

#[test]
fn a_value_that_cannot_be_stops_the_start_and_is_not_repeated() {
    for (key, value) in [
        ("HTTP_ADDR", "nonsense"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://user:nonsense@host"),
        ("DATABASE_URL", "postgres://user:nonsense@host/db"),
        ("REDIS_URL", "nonsense"),
        ("REDIS_URL", "rediss://:nonsense@host/#insecure"),
        ("REDIS_URL", "redis+cluster://:nonsense@host/1"),
        ("REDIS_URL", "redis+sentinel://:nonsense@host"),
        ("REDIS_CA_FILE", ""),
        ("MEMCACHED_URL", "nonsense"),
        ("MEMCACHED_URL", "memcache://nonsense@host"),
        ("DATABASE_URL", "sqlite://data/nonsense.db?mode=ro"),
        ("DATABASE_URL", "sqlite://data/nonsense.db#part"),
        ("DATABASE_URL", "mysql://user:secret@host:99999/nonsense"),
        ("DATABASE_URL", "mysql://user:secret@host/db?nonsense=1"),
        ("DATABASE_URL", "mysql://user:secret@nonsense:0/db"),
        ("REDIS_URL", "redis://:nonsense@host:99999/0"),
        ("REDIS_URL", "redis://:nonsense@host:0"),
        ("REDIS_URL", "redis://host/0?nonsense=1"),
        ("REDIS_URL", "redis://host/nonsense"),
        ("REDIS_URL", "redis://nonsense-bücher.example"),
        ("MEMCACHED_URL", "memcache://nonsense-bücher.example"),
        ("PUBLIC_URL", "http://nonsense-bücher.example"),
        ("DATABASE_URL", "mysql://user:secret@nonsense-bücher.example/db"),
        ("MEMCACHED_URL", "memcache://nonsense:99999"),
        ("MEMCACHED_URL", "memcache://nonsense,"),
        ("MEMCACHED_URL", "memcache://host?nonsense=1"),
        ("PUBLIC_URL", "http://host/nonsense"),
        ("PUBLIC_URL", "http://host:99999"),
        ("PUBLIC_URL", "ftp://nonsense"),
        ("PUBLIC_URL", "https://user:nonsense@host"),
        ("JWT_SECRET", "nonsense"),
        ("SANDBOX_SECRET", "nonsense"),
        ("STRIPE_API_BASE", "https://nonsense@host"),
        ("ALIPAY_API_BASE", "https://user:nonsense@host/gateway.do"),
        ("WECHAT_API_BASE", "user:nonsense@host"),
        ("WECHAT_API_BASE", "https://host/?key=nonsense"),
        ("DATABASE_URL", ""),
        ("REDIS_URL", ""),
        ("JWT_SECRET", ""),
        ("ORDER_TTL", "nonsense"),
        ("ORDER_TTL", "0s"),
        ("ORDER_TTL", "3651d"),
        ("ACCESS_TOKEN_TTL", "1500ms"),
        ("ACCESS_TOKEN_TTL", "31d"),
        ("BCRYPT_COST", "3"),
        ("BCRYPT_COST", "16"),
        ("LOGIN_FAILURES_PER_ACCOUNT", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,nonsense"),
        ("PUBLIC_URL", "nonsense"),
        ("PUBLIC_URL", "http://user:nonsense@host"),
        ("WORKERS", "0"),
        ("WORKERS", "513"),
        ("LOG", "=nonsense="),
        ("CLOCK_OFFSET", "nonsense"),
        ("CLOCK_OFFSET", "10001ms"),
        ("CLOCK_OFFSET", "--1s"),
    ] {
        let told = fault("", &[(&format!("IDEM_{key}"), value)]);
        assert!(told.contains(&format!("IDEM_{key}")) && !told.contains("nonsense"), "{told}");
    }
}

#[test]
fn all_faults_are_said_at_once_by_key_and_without_values() {
    let file = "ordr_ttl = \"1h\"\nbcrypt_cost = 99\nworkers = { nonsense = 1 }\n";
    let environment = [
        ("IDEM_DATABASE_URL", "mysql://user:nonsense@host:99999/db"),
        ("IDEM_ACCESS_TOKEN_TTL", "31d"),
        ("IDEM_JWT_SECRET", "nonsense"),
        ("IDEM_STRIPE_API_BASE", "nonsense"),
    ];
    let told = fault(file, &environment);
    assert!(told.starts_with("the configuration has 7 faults:\n"), "{told}");
    for key in [
        "ORDR_TTL",
        "BCRYPT_COST",
        "WORKERS",
        "DATABASE_URL",
        "ACCESS_TOKEN_TTL",
        "JWT_SECRET",
        "STRIPE_API_BASE",
    ] {
        assert_eq!(told.matches(&format!("(IDEM_{key}): ")).count(), 1, "{key}: {told}");
    }
    assert!(!told.contains("nonsense") && told.lines().count() == 8, "{told}");
    let many: String = (0..250).map(|it| format!("key_{it} = 1\n")).collect();
    let told = fault(&many, &[]);
    assert!(told.lines().count() == 102 && told.ends_with("and 150 more"), "{told}");
}

#[test]
fn notices_may_arrive_with_or_without_tls() {
    for (given, kept) in [
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://10.0.0.5:8080/", "http://10.0.0.5:8080"),
        ("HTTP://Shop.Example", "http://shop.example"),
        ("http://[::1]:81", "http://[::1]:81"),
    ] {
        assert_eq!(read("", &[("IDEM_PUBLIC_URL", given)]).unwrap().public_url.as_deref(), Some(kept));
    }
}

#[test]
fn a_sandbox_is_on_by_default_only_with_sqlite_on_a_loopback_address() {
    let local = |environment: &[(&str, &str)]| read("", environment).unwrap().is_local();
    assert!(local(&[]) && local(&[("IDEM_HTTP_ADDR", "[::1]:0")]));
    assert!(!local(&[("IDEM_HTTP_ADDR", "0.0.0.0:8080")]) && !local(&[("IDEM_HTTP_ADDR", "192.0.2.1:80")]));
    assert!(!local(&[("IDEM_DATABASE_URL", "mysql://idem@127.0.0.1/shop")]));
}

#[test]
fn a_clock_is_shifted_either_way_and_not_far() {
    for (text, millis) in [("0", 0), ("+50ms", 50), ("-8s", -8_000), ("10s", 10_000), ("-10s", -10_000)] {
        let config = read("", &[("IDEM_CLOCK_OFFSET", text)]).unwrap();
        assert_eq!(config.clock_offset_ms, millis, "{text}");
    }
    assert_eq!(read("", &[]).unwrap().clock_offset_ms, 0);
}

#[test]
fn a_file_that_is_no_toml_or_not_there_stops_the_start() {
    let broken = fault("order_ttl = \"1h\"\njwt_secret = \"nonsense\n", &[]);
    assert!(broken.contains("idem.toml") && broken.contains("at line 2, column "), "{broken}");
    assert!(!broken.contains("nonsense") && !broken.contains('\n'), "{broken}");
    let absent = Config::from_sources(Some(Path::new("not/there.toml")), []).unwrap_err().to_string();
    assert!(absent.contains("not/there.toml"), "{absent}");
}

#[test]
fn servers_are_found_by_urls_whose_passwords_are_not_shown() {
    let servers = [
        ("IDEM_DATABASE_URL", "mysql://idem:hunter2@db:3306/shop"),
        ("IDEM_REDIS_URL", "redis://:hunter2@cache:6379/1"),
        ("IDEM_MEMCACHED_URL", "memcache://near"),
    ];
    let config = read("", &servers).unwrap();
    assert_eq!((config.database.to_string().as_str(), config.data_folder()), ("mysql://db:3306/shop", None));
    let shown = format!("{} {config:?}", config.to_redacted_toml());
    assert!(
        shown.contains("memcached_url = \"memcache://near\"") && shown.contains("redis_url = \"(hidden)\"")
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn secrets_are_read_and_never_shown() {
    let config = read("", &[("IDEM_JWT_SECRET", JWT), ("IDEM_SANDBOX_SECRET", WEBHOOK)]).unwrap();
    assert_eq!(config.jwt_secret.as_ref().unwrap().expose_secret(), JWT);
    let shown = format!("{} {config:?}", config.to_redacted_toml());
    assert!(!shown.contains(JWT) && !shown.contains(WEBHOOK), "{shown}");
}

#[test]
fn what_is_shown_can_be_read_again() {
    let config =
        read("order_ttl = \"90s\"\npublic_url = \"http://shop.example/\"\nworkers = 3", &[]).unwrap();
    let shown = config.to_redacted_toml();
    let without_secrets: String = shown
        .lines()
        .filter(|it| !it.contains("secret") && !it.contains("(none)"))
        .map(|it| format!("{it}\n"))
        .collect();
    assert_eq!(read(&without_secrets, &[]).unwrap().to_redacted_toml(), shown);
    assert!(
        shown.contains("order_ttl = \"1m 30s\"\n")
            && shown.contains("session_ttl = \"90d\"\n")
            && shown.contains("public_url = \"http://shop.example\"\n")
    );
}
