//! The second factor: enrolled, asked for, used up, disabled.
//!
//! A code is good from the step before its own to the one after. So the code of the present step confirms, and that of the
//! next one logs in: both stay good for at least half a minute.

use data_encoding::BASE32_NOPAD;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, PATIENCE, Person, Reply, Server, eventually, is_dead, now, shared};

const FACTOR: &str = "/v1/me/second-factor";
const CONFIRM: &str = "/v1/me/second-factor/confirm";

/// What the device of a user knows.
struct Device {
    secret: String,
    recovery: Vec<String>,
}

impl Device {
    async fn enrol(client: &Client) -> Self {
        let body = json!({"currentPassword": PASSWORD});
        let enrolled = client.post(FACTOR, &body).await.ok(200);
        let secret = enrolled["secret"].as_str().unwrap().to_owned();
        let url = enrolled["otpauthUrl"].as_str().unwrap();
        assert!(url.starts_with("otpauth://totp/") && url.contains(&secret), "{url}");
        let codes = enrolled["recoveryCodes"].as_array().unwrap();
        let recovery: Vec<_> = codes.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        assert_eq!(recovery.len(), 10);
        Self { secret, recovery }
    }

    /// The code of the step that is that many after the present one (RFC 6238).
    fn code(&self, later: u64) -> String {
        let step = u64::try_from(now().as_second()).unwrap() / 30 + later;
        let key = BASE32_NOPAD.decode(self.secret.as_bytes()).unwrap();
        let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

fn credentials(person: &Person, password: &str, code: &str) -> Value {
    json!({"username": person.username, "password": password, "totpCode": code})
}

async fn log_in(client: &Client, person: &Person, code: &str) -> Reply {
    client.post("/v1/auth/login", &credentials(person, PASSWORD, code)).await
}

/// Enrols and confirms.
async fn protect(client: &Client) -> Device {
    let device = Device::enrol(client).await;
    client.post(CONFIRM, &json!({"totpCode": device.code(0)})).await.ok(204);
    device
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_needs_a_code_from_the_confirmation_to_the_removal() {
    let person = Person::new("factor");
    let client = person.register(&shared().client()).await;
    assert_eq!(client.get("/v1/me").await.ok(200)["secondFactor"], false);
    client.post(FACTOR, &json!({"currentPassword": "black tea, cold"})).await.refused(403, "wrong-password");
    client.post(CONFIRM, &json!({"totpCode": "000000"})).await.refused(409, "second-factor-missing");
    let device = Device::enrol(&client).await;
    let other = person.login(&shared().client()).await;
    client.post(CONFIRM, &json!({"totpCode": device.recovery[0]})).await.refused(403, "wrong-totp-code");
    let confirmation = json!({"totpCode": device.code(0)});
    client.post(CONFIRM, &confirmation).idempotent("in-force").await.ok(204);
    assert!(client.post(CONFIRM, &confirmation).idempotent("in-force").await.is_replayed());
    client.post(CONFIRM, &confirmation).await.refused(409, "second-factor-in-force");
    client.post(FACTOR, &json!({"currentPassword": PASSWORD})).await.refused(409, "second-factor-in-force");
    assert_eq!(client.get("/v1/me").await.ok(200)["secondFactor"], true);
    is_dead(&other).await;

    let plain = json!({"username": person.username, "password": PASSWORD});
    client.post("/v1/auth/login", &plain).await.refused(401, "totp-required");
    let next = device.code(1);
    let wrong = credentials(&person, "black tea, cold", &next);
    client.post("/v1/auth/login", &wrong).await.refused(401, "invalid-credentials");
    log_in(&client, &person, "000000").await.refused(401, "totp-invalid");
    let again = client.with_tokens(&log_in(&client, &person, &next).await.ok(200));
    log_in(&client, &person, &next).await.refused(401, "totp-invalid");
    log_in(&client, &person, &device.recovery[0].to_uppercase()).await.ok(200);
    log_in(&client, &person, &device.recovery[0]).await.refused(401, "totp-invalid");

    let removal = |password: &str, code: &str| json!({"currentPassword": password, "totpCode": code});
    let remove = |body: Value| again.delete(FACTOR).json(&body);
    remove(removal(PASSWORD, "000000")).await.refused(403, "wrong-totp-code");
    remove(removal("black tea, cold", &device.recovery[1])).await.refused(403, "wrong-password");
    remove(removal(PASSWORD, &device.recovery[1])).await.ok(204);
    remove(removal(PASSWORD, &device.recovery[2])).await.refused(409, "second-factor-missing");
    let me = again.get("/v1/me").await.ok(200);
    assert_eq!(me["secondFactor"], false);
    person.login(&client).await;
    for event in ["second-factor-enabled", "second-factor-wrong", "second-factor-disabled"] {
        let is_logged = async || {
            let log = shared().log();
            let mut lines = log.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
            lines
                .any(|it| it["event"] == event && it["user"] == me["id"] && it["session"].is_string())
                .then_some(())
        };
        eventually(event, PATIENCE, is_logged).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_repeated_under_its_key() {
    let client = Person::new("again").register(&shared().client()).await;
    let body = json!({"currentPassword": PASSWORD});
    let enrol = async |key: &str, body: &Value| client.post(FACTOR, body).idempotent(key).await;
    let first = enrol("lost", &body).await;
    let again = enrol("lost", &body).await;
    assert!(again.is_replayed());
    assert_eq!(first.ok(200), again.ok(200));
    enrol("lost", &json!({"currentPassword": "black tea, cold"}))
        .await
        .refused(422, "idempotency-key-reused");
    enrol("bad key", &body).await.refused(400, "idempotency-key-invalid");
    assert_ne!(enrol("another", &body).await.ok(200)["secret"], first.ok(200)["secret"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_logins_with_one_code_one_begins_a_session() {
    let settings = [("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "1000"), ("IDEM_LOGIN_FAILURES_PER_ADDRESS", "1000")];
    let first = Server::with(&settings);
    let second = first.beside(&settings);
    let person = Person::new("rivals");
    let device = protect(&person.register(&first.client()).await).await;
    for code in [device.code(1), device.recovery[0].clone()] {
        let mut asked = tokio::task::JoinSet::new();
        for server in [&first, &second].into_iter().cycle().take(12) {
            let (client, body) = (server.client(), credentials(&person, PASSWORD, &code));
            asked.spawn(async move { client.post("/v1/auth/login", &body).patiently().await });
        }
        let replies = asked.join_all().await;
        let (begun, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 200);
        assert_eq!(begun.len(), 1, "{code}");
        refused.iter().for_each(|it| drop(it.refused(401, "totp-invalid")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_without_a_required_factor_can_only_enrol_one() {
    let server = Server::with(&[("IDEM_OPERATOR_TOTP", "required")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    for path in ["/v1/users", "/v1/orders", "/v1/me/sessions"] {
        operator.get(path).await.refused(403, "second-factor-required");
    }
    // Public: there the token is only worth nothing.
    operator.get("/v1/products").await.ok(200);
    customer.get("/v1/orders").await.ok(200);
    assert_eq!(operator.get("/v1/me").await.ok(200)["secondFactor"], false);
    protect(&operator).await;
    operator.get("/v1/users").await.ok(200);
    operator.get("/v1/orders").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_factor_is_reset_at_the_command_line_and_events_tell_both() {
    let server = Server::with(&[]);
    let person = Person::new("loser");
    let client = person.register(&server.client()).await;
    let device = protect(&client).await;
    let id = client.get("/v1/me").await.ok(200)["id"].clone();
    let operator = server.operator().await;
    assert_eq!(
        operator.get(&format!("/v1/users/{}", id.as_str().unwrap())).await.ok(200)["secondFactor"],
        true
    );
    let arguments = ["reset-second-factor", "--username", &person.username];
    let reset = server.place().command(&[]).args(arguments).output().unwrap();
    assert!(reset.status.success(), "{}", String::from_utf8_lossy(&reset.stderr));
    person.login(&client).await;
    let look = async || {
        let events = operator.get("/v1/events?limit=100").await.ok(200);
        let events = events["data"].as_array().unwrap();
        let seen = events.iter().filter(|it| it["data"]["id"] == id).map(|it| it["type"].clone());
        let seen: Vec<_> = seen.filter(|it| it.as_str().unwrap().contains("second-factor")).collect();
        (seen.len() == 2).then_some(seen)
    };
    let seen = crate::harness::eventually("both events", crate::harness::PATIENCE, look).await;
    assert_eq!(seen, ["user.second-factor-enabled", "user.second-factor-disabled"]);
    let log = server.log();
    assert!(log.contains("second-factor-enabled"));
    assert!(!log.contains(&device.secret) && device.recovery.iter().all(|it| !log.contains(it)));
}
