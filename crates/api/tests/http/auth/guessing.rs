//! Guessing passwords is slow.

use serde_json::json;

use crate::harness::{Client, PASSWORD, Person, Reply, Server, field};

async fn attempt(client: &Client, login: &str, password: &str) -> Reply {
    client.post("/v1/auth/login", &json!({"username": login, "password": password})).await
}

async fn from(client: &Client, address: &str, login: &str) -> u16 {
    reply(client, address, login, "not the password").await.status
}

async fn reply(client: &Client, address: &str, login: &str, password: &str) -> Reply {
    let credentials = json!({"username": login, "password": password});
    client.post("/v1/auth/login", &credentials).header("x-forwarded-for", address).await
}

/// Fails ten times.
async fn use_up(client: &Client, login: &str) {
    for _ in 0..10 {
        attempt(client, login, "not the password").await.refused(401, "invalid-credentials");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failures_lock_an_account_whether_it_exists_or_not() {
    let server = Server::with(&[]);
    let client = server.client();
    let (known, nobody) = (Person::new("victim"), Person::new("nobody"));
    client.post("/v1/auth/register", &known.account()).await.ok(201);
    use_up(&client, &known.username).await;
    use_up(&client, &nobody.username).await;
    let locked = attempt(&client, &known.username, PASSWORD).await;
    let problem = locked.refused(429, "too-many-requests");
    assert!(field(&problem, "detail").starts_with("Too many failed logins with this name."), "{problem}");
    let seconds =
        |name: &str| locked.header(name).unwrap_or_else(|| panic!("{name}")).parse::<u64>().unwrap();
    assert!((1..=900).contains(&seconds("retry-after")));
    let fields: Vec<_> = locked.headers.keys().filter(|it| it.as_str().starts_with("ratelimit")).collect();
    assert!(!fields.is_empty(), "{:?}", locked.headers);
    let absent = attempt(&client, &nobody.username, PASSWORD).await;
    assert_eq!(locked.anonymous(), absent.anonymous());
    for (name, value) in &locked.headers {
        // The seconds that are left may differ by how long the test takes.
        let moves =
            ["x-request-id", "date", "retry-after", "ratelimit", "ratelimit-reset"].contains(&name.as_str());
        assert!(moves || absent.headers.get(name) == Some(value), "{name}: {value:?}");
    }
    attempt(&client, &known.username.to_uppercase(), PASSWORD).await.refused(429, "too-many-requests");
    let other = Person::new("other");
    other.register(&client).await.get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_resets_the_count() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3")]);
    let person = Person::new("clumsy");
    let client = person.register(&server.client()).await;
    for _ in 0..3 {
        attempt(&client, &person.username, "typo").await.refused(401, "invalid-credentials");
        attempt(&client, &person.username, "typo").await.refused(401, "invalid-credentials");
        attempt(&client, &person.username.to_uppercase(), PASSWORD).await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_ends_with_its_window() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "1"), ("IDEM_LOGIN_WINDOW", "10s")]);
    let person = Person::new("patient");
    let client = person.register(&server.client()).await;
    attempt(&client, &person.username, "typo").await.refused(401, "invalid-credentials");
    attempt(&client, &person.username, PASSWORD).await.refused(429, "too-many-requests");
    let look = async || (attempt(&client, &person.username, PASSWORD).await.status == 200).then_some(());
    crate::harness::eventually("the lock ends", crate::harness::PATIENCE, look).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_no_more_are_answered_than_are_allowed() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "5")]);
    let person = Person::new("stormed");
    let client = person.register(&server.client()).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (client, name) = (client.clone(), person.username.clone());
        asked.spawn(async move { attempt(&client, &name, "guess").await.status });
    }
    let statuses = asked.join_all().await;
    let told = statuses.iter().filter(|it| **it == 401).count();
    assert!(statuses.iter().all(|it| matches!(it, 401 | 429)), "{statuses:?}");
    assert_eq!(told, 5, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_locked_whatever_a_stranger_writes_into_the_header() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ADDRESS", "5")]);
    let client = server.client();
    let person = Person::new("bystander");
    client.post("/v1/auth/register", &person.account()).await.ok(201);
    for at in 0..5 {
        assert_eq!(from(&client, &format!("203.0.113.{at}"), &Person::new("guess").username).await, 401);
    }
    assert_eq!(from(&client, "198.51.100.1", &Person::new("guess").username).await, 429);
    attempt(&client, &person.username, PASSWORD).await.refused(429, "too-many-requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_tells_clients_apart() {
    let settings = [("IDEM_LOGIN_FAILURES_PER_ADDRESS", "2"), ("IDEM_TRUSTED_PROXIES", "127.0.0.0/8")];
    let server = Server::with(&settings);
    let client = server.client();
    for expected in [401, 401, 429] {
        assert_eq!(
            from(&client, "198.51.100.7, 203.0.113.1", &Person::new("guess").username).await,
            expected
        );
    }
    // The client controls every entry left of the nearest untrusted peer.
    assert_eq!(from(&client, "198.51.100.8, 203.0.113.1", &Person::new("guess").username).await, 429);
    assert_eq!(from(&client, "203.0.113.2", &Person::new("guess").username).await, 401);
}

const BEHIND_A_PROXY: (&str, &str) = ("IDEM_TRUSTED_PROXIES", "127.0.0.0/8");

#[tokio::test(flavor = "multi_thread")]
async fn failures_lock_an_account_for_their_network_only() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "3"), BEHIND_A_PROXY]);
    let client = server.client();
    let person = Person::new("roamer");
    client.post("/v1/auth/register", &person.account()).await.ok(201);
    let name = person.username.as_str();
    // One household, and one machine whose address is written in two ways.
    for networks in [
        ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::1", "2001:db8:1:2:1::"],
        ["203.0.113.1", "::ffff:203.0.113.1", "203.0.113.1", "::ffff:203.0.113.1"],
    ] {
        let mut told = Vec::new();
        for address in networks {
            told.push(from(&client, address, name).await);
        }
        assert_eq!(told, [401, 401, 401, 429], "{networks:?}");
        reply(&client, networks[0], name, PASSWORD).await.refused(429, "too-many-requests");
    }
    for elsewhere in ["2001:db8:1:3::1", "203.0.113.2"] {
        reply(&client, elsewhere, name, PASSWORD).await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_locks_as_a_whole_but_never_for_a_network_that_has_logged_in_to_it() {
    let server = Server::with(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT_TOTAL", "5"), BEHIND_A_PROXY]);
    let client = server.client();
    let (known, nobody) = (Person::new("owner"), Person::new("nobody"));
    client.post("/v1/auth/register", &known.account()).await.ok(201);
    reply(&client, "2001:db8:9:9::1", &known.username, PASSWORD).await.ok(200);
    for person in [&known, &nobody] {
        for at in 0..5 {
            assert_eq!(from(&client, &format!("198.51.100.{at}"), &person.username).await, 401);
        }
    }
    let locked = reply(&client, "192.0.2.1", &known.username, PASSWORD).await;
    let problem = locked.refused(429, "too-many-requests");
    assert!(field(&problem, "detail").starts_with("Too many failed logins with this name."), "{problem}");
    let left: u64 = locked.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&left), "{left}");
    let absent = reply(&client, "192.0.2.1", &nobody.username, PASSWORD).await;
    assert_eq!(locked.anonymous(), absent.anonymous());
    assert_eq!(locked.header("ratelimit-policy"), absent.header("ratelimit-policy"));
    reply(&client, "2001:db8:9:9:8::2", &known.username, PASSWORD).await.ok(200);
    assert_eq!(from(&client, "2001:db8:9:9::1", &known.username).await, 401);
    // It holds on another instance too.
    let beside = server.beside(&[("IDEM_LOGIN_FAILURES_PER_ACCOUNT_TOTAL", "5"), BEHIND_A_PROXY]);
    reply(&beside.client(), "2001:db8:9:9::1", &known.username, PASSWORD).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_limited_right_ones_too() {
    let server = Server::with(&[("IDEM_ATTEMPTS_PER_ADDRESS", "2"), BEHIND_A_PROXY]);
    let client = server.client();
    let person = Person::new("busy");
    let register = |person: &Person, address: &str| {
        client.post("/v1/auth/register", &person.account()).header("x-forwarded-for", address)
    };
    register(&person, "203.0.113.1").await.ok(201);
    register(&Person::new("busy"), "203.0.113.1").await.ok(201);
    let refused = register(&Person::new("busy"), "203.0.113.1").await;
    let problem = refused.refused(429, "too-many-requests");
    assert!(field(&problem, "detail").starts_with("Too many attempts from this network"), "{problem}");
    assert!(refused.header("retry-after").is_some() && refused.header("ratelimit").is_some());
    register(&Person::new("busy"), "203.0.113.2").await.ok(201);
    for _ in 0..2 {
        reply(&client, "203.0.113.1", &person.username, PASSWORD).await.ok(200);
    }
    reply(&client, "203.0.113.1", &person.username, PASSWORD).await.refused(429, "too-many-requests");
    reply(&client, "203.0.113.2", &person.username, PASSWORD).await.ok(200);
}

/// With the production hash cost. In which order is a matter of the hasher's own tests.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_answered_while_many_register() {
    let server = Server::with(&[("IDEM_BCRYPT_COST", "10"), BEHIND_A_PROXY]);
    let client = server.client();
    let person = Person::new("patient");
    client.post("/v1/auth/register", &person.account()).await.ok(201);
    let mut registering = tokio::task::JoinSet::new();
    for _ in 0..70 {
        let request = client.post("/v1/auth/register", &Person::new("crowd").account());
        registering.spawn(async move { request.header("x-forwarded-for", "203.0.113.1").await.status });
    }
    // One of them has been hashed: the others wait.
    assert_eq!(registering.join_next().await.unwrap().unwrap(), 201);
    reply(&client, "203.0.113.1", &person.username, PASSWORD).await.ok(200);
    for status in registering.join_all().await {
        assert!(matches!(status, 201 | 503), "{status}");
    }
}
