use std::sync::Arc;

use domain::{Text, Timestamp, api_key::Scope};
use ports::{CommitError, KeyedDigests, MockApiKeyRepository};

use super::*;
use crate::{ServiceCaller, auth::authenticate, testing::*};

fn bench() -> TestApp {
    TestApp::new().with_state(|it| it.users.push(account_of(olga(), "white tea")))
}

/// The secrets of the service, the present one first: digests as long as real ones.
struct Secrets(&'static [char]);

impl KeyedDigests for Secrets {
    fn keyed_digests(&self, purpose: &str, content: &str) -> Vec<String> {
        let digest = |it: &char| format!("{it}{:-<42}", format!("{}-{content}", purpose.len()));
        self.0.iter().map(digest).collect()
    }
}

fn with_secrets(mut it: TestApp, secrets: &'static [char]) -> TestApp {
    it.app.digests = Arc::new(Secrets(secrets));
    it
}

fn new_key(expires_at: Option<Timestamp>) -> NewApiKey {
    // The name looks like what stands in the stored reply.
    let name = Text::new("\"sealed:x\" sealed:x");
    NewApiKey { name, scopes: [Scope::OrdersRead].into_iter().collect(), expires_at }
}

async fn create(it: &TestApp, new: NewApiKey) -> Result<IdempotentReply, CreateKeyError> {
    let render = |key: &ApiKey, sealed: &SealedKey| {
        let name = serde_json::to_string(key.name.as_str()).unwrap();
        StoredReply { body: format!("{{\"key\":\"{sealed}\",\"name\":{name}}}"), ..reply("") }
    };
    create_api_key(&it.app, &operator_user(), Some(request()), new, network(), render).await
}

/// The text in a reply.
fn text_in(answered: &IdempotentReply) -> Option<String> {
    let (IdempotentReply::New(reply) | IdempotentReply::Replay(reply)) = answered;
    let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["name"], new_key(None).name.as_str());
    body["key"].as_str().map(str::to_owned)
}

async fn made(it: &TestApp) -> String {
    text_in(&create(it, new_key(None)).await.unwrap()).unwrap()
}

async fn accepts(it: &TestApp, text: &str) -> bool {
    authenticate(&it.app, text).await.unwrap().is_some()
}

async fn revoke(it: &TestApp) -> Result<IdempotentReply, RevokeKeyError> {
    let id = it.record.state().api_keys[0].key.id.clone();
    revoke_api_key(&it.app, &operator_user(), None, &id, network(), reply("")).await
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + seconds * 1_000)
}

#[tokio::test]
async fn a_key_is_stored_as_a_digest_and_its_text_nowhere() {
    let it = with_secrets(bench(), &['a']);
    let text = made(&it).await;
    assert!(text.starts_with("idem_a"), "{text}");
    let state = it.record.state();
    let row = &state.api_keys[0];
    assert_eq!(
        row.digest.expose_secret(),
        text.chars().rev().collect::<String>(),
        "as the test's digests do"
    );
    let stored = format!("{:?} {}", row.key, state.claims[0].reply.as_ref().unwrap().body);
    assert!(!stored.contains(&text[5..]) && stored.contains("sealed:"), "{stored}");
    let who = authenticate(&it.app, &text).await.unwrap();
    assert_eq!(who, Some(crate::Caller::Service(ServiceCaller { key: row.key.clone() })));
}

#[tokio::test]
async fn a_retry_gets_the_same_bytes_also_after_a_new_secret_was_put_before_the_old_one() {
    let it = with_secrets(bench(), &['a']);
    let IdempotentReply::New(first) = create(&it, new_key(None)).await.unwrap() else { panic!("it is new") };
    let it = with_secrets(it, &['b', 'a']);
    assert_eq!(create(&it, new_key(None)).await.unwrap(), IdempotentReply::Replay(first));
    assert_eq!(it.record.state().api_keys.len(), 1);
    let it = with_secrets(it, &['b']);
    let gone = create(&it, new_key(None)).await.unwrap();
    assert_eq!(text_in(&gone), None, "the text cannot be made any more");
}

#[tokio::test]
async fn a_stale_commit_makes_one_key_whose_text_is_the_one_that_is_shown() {
    let it = with_secrets(bench(), &['a']);
    it.record.refuse_next_commit(CommitError::Stale);
    let text = made(&it).await;
    assert_eq!(it.record.state().api_keys.len(), 1);
    assert!(accepts(&it, &text).await);
}

#[tokio::test]
async fn a_lost_answer_of_the_commit_is_found_by_the_retry() {
    let it = with_secrets(bench(), &['a']);
    it.record.lose_next_answer();
    assert!(matches!(
        create(&it, new_key(None)).await,
        Err(CreateKeyError::Failed(_) | CreateKeyError::Key(_))
    ));
    let text = made(&it).await;
    assert!(accepts(&it, &text).await);
    assert_eq!(it.record.state().api_keys.len(), 1);
}

#[tokio::test]
async fn what_would_have_expired_is_not_made() {
    let it = with_secrets(bench(), &['a']);
    for past in [0, -1] {
        let refused = create(&it, new_key(Some(later(past)))).await;
        assert!(matches!(refused, Err(CreateKeyError::Expired)), "{refused:?}");
    }
    assert_eq!(it.record.commits(), []);
    let text = text_in(&create(&it, new_key(Some(later(10)))).await.unwrap()).unwrap();
    it.clock.advance(seconds(9));
    assert!(accepts(&it, &text).await);
    it.clock.advance(seconds(1));
    assert!(!accepts(&it, &text).await, "also while its read is relied on");
}

#[tokio::test]
async fn a_revoked_key_is_refused_here_at_once_and_elsewhere_within_a_second() {
    let it = with_secrets(bench(), &['a']);
    let text = made(&it).await;
    assert!(accepts(&it, &text).await);
    it.record.change(|it| it.api_keys[0].key.revoked_at = Some(NOW));
    it.clock.advance(std::time::Duration::from_millis(900));
    assert!(accepts(&it, &text).await, "revoked by another instance");
    it.clock.advance(std::time::Duration::from_millis(1));
    assert!(!accepts(&it, &text).await);
    it.record.change(|it| it.api_keys[0].key.revoked_at = None);
    it.clock.advance(seconds(1));
    assert!(accepts(&it, &text).await);
    revoke(&it).await.unwrap();
    assert!(!accepts(&it, &text).await, "here, without any time passing");
    assert!(matches!(revoke(&it).await, Err(RevokeKeyError::NotFound)), "only once");
    assert_eq!(
        find_api_key(&it.app, &operator_user(), &it.record.state().api_keys[0].key.id).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_read_is_not_relied_on_when_a_clock_was_put_back_or_the_machine_slept() {
    let it = with_secrets(bench(), &['a']);
    let text = made(&it).await;
    for put in [|it: &TestApp| it.clock.put_back(seconds(1)), |it: &TestApp| it.clock.put_forward(seconds(2))]
    {
        it.record.change(|it| it.api_keys[0].key.revoked_at = None);
        it.app.recent_keys.remove_key(&it.record.state().api_keys[0].key.id);
        assert!(accepts(&it, &text).await);
        it.record.change(|it| it.api_keys[0].key.revoked_at = Some(NOW));
        put(&it);
        assert!(!accepts(&it, &text).await);
    }
}

#[tokio::test]
async fn what_has_not_the_form_of_a_key_is_not_looked_up_and_an_unavailable_record_is_no_refusal() {
    let mut it = bench();
    it.app.api_keys = Arc::new(MockApiKeyRepository::new());
    for no_key in ["idem_", "idem_short", "nonsense"] {
        assert!(!accepts(&it, no_key).await, "{no_key}");
    }
    let mut away = MockApiKeyRepository::new();
    away.expect_find_api_key_by_digest().returning(|_| Err(unavailable_error()));
    it.app.api_keys = Arc::new(away);
    assert!(authenticate(&it.app, &format!("idem_{}", "x".repeat(43))).await.is_err());
}

#[tokio::test]
async fn a_use_is_stored_by_the_sweep_and_at_most_once_a_minute() {
    let it = with_secrets(bench(), &['a']);
    let text = made(&it).await;
    let before = it.record.commits().len();
    for _ in 0..3 {
        assert!(accepts(&it, &text).await);
    }
    assert_eq!(it.record.commits().len(), before, "a request waits for no write");
    assert!(!record_key_uses(&it.app).await.unwrap());
    assert_eq!(it.record.state().api_keys[0].key.last_used_at, Some(NOW));
    for (passed, last) in [(59, 0), (1, 60)] {
        it.clock.advance(seconds(passed));
        assert!(accepts(&it, &text).await);
        record_key_uses(&it.app).await.unwrap();
        assert_eq!(it.record.state().api_keys[0].key.last_used_at, Some(later(last)));
    }
    assert_eq!(it.record.commits().len(), before + 2);
}

#[tokio::test]
async fn a_use_that_could_not_be_stored_waits() {
    let it = with_secrets(bench(), &['a']);
    let text = made(&it).await;
    assert!(accepts(&it, &text).await);
    it.record.refuse_next_commit(CommitError::Failed(unavailable_error()));
    assert!(record_key_uses(&it.app).await.is_err());
    record_key_uses(&it.app).await.unwrap();
    assert_eq!(it.record.state().api_keys[0].key.last_used_at, Some(NOW));
}

#[test]
fn a_key_does_what_its_scopes_say_and_is_no_user() {
    let caller = crate::Caller::Service(service(&[Scope::OrdersWrite]));
    let crate::Caller::Service(key) = &caller else { unreachable!("it was made so") };
    assert!(
        key.has_any_scope(&[Scope::OrdersRead]) && key.has_any_scope(&[Scope::UsersRead, Scope::OrdersWrite])
    );
    assert!(!key.has_any_scope(&[]) && !key.has_any_scope(&[Scope::RefundsWrite]));
    assert!(caller.is_staff() && caller.user_key().is_none());
    assert_eq!(caller.clone().into_user(), None);
}
