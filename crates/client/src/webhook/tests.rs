//! The vectors that all clients share, compared with the signatures of the official library.

use std::collections::HashMap;

use super::*;

/// The file that the tests of the other clients read, too.
const VECTORS: &str = include_str!("../../webhook-vectors.json");

#[derive(Deserialize)]
struct Vector {
    name: String,
    expect: String,
    secrets: Vec<String>,
    now: u64,
    headers: HashMap<String, String>,
    body: String,
}

impl Vector {
    fn verify(&self) -> Result<Message, WebhookError> {
        let verifier = Verifier::new(self.secrets.iter().map(String::as_str))?;
        verifier.verify_at(self.now, |name| self.headers.get(name).map(String::as_str), self.body.as_bytes())
    }

    /// Whether one of the signatures is what the official library makes of the message.
    fn is_signed_officially(&self) -> bool {
        let header = |name| self.headers.get(name).map(String::as_str).unwrap_or_default();
        let Ok(timestamp) = header("webhook-timestamp").parse() else { return false };
        self.secrets.iter().any(|secret| {
            let official = standardwebhooks::Webhook::new(secret).unwrap();
            let right = official.sign(header("webhook-id"), timestamp, self.body.as_bytes()).unwrap();
            header("webhook-signature").split(' ').any(|it| it == right)
        })
    }
}

#[test]
fn every_vector_is_judged_and_the_official_library_makes_the_same_signatures() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 20);
    for vector in vectors {
        let expected = match vector.expect.as_str() {
            "genuine" => None,
            "time" => Some(WebhookError::Time),
            "signature" => Some(WebhookError::Signature),
            "header" => Some(WebhookError::Header),
            "body" => Some(WebhookError::Body),
            other => panic!("{other}"),
        };
        assert_eq!(vector.verify().err(), expected, "{}", vector.name);
        let signed = matches!(vector.expect.as_str(), "genuine" | "time" | "body");
        assert_eq!(vector.is_signed_officially(), signed, "the official library: {}", vector.name);
    }
}

#[test]
fn a_message_that_the_official_library_signs_now_is_genuine() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    #[expect(clippy::disallowed_methods, reason = "the signature is of this moment")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let body = r#"{"id":"a","type":"webhook.test","timestamp":"2026-11-22T08:30:00.123Z","data":{}}"#;
    let official = standardwebhooks::Webhook::new(secret).unwrap();
    let signature = official.sign("a", i64::try_from(now).unwrap(), body.as_bytes()).unwrap();
    let time = now.to_string();
    let headers =
        HashMap::from([("webhook-id", "a"), ("webhook-timestamp", &time), ("webhook-signature", &signature)]);
    let verifier = Verifier::new([secret]).unwrap();
    let message = verifier.verify(|name| headers.get(name).copied(), body.as_bytes()).unwrap();
    assert_eq!((message.kind, message.sequence), (Word::Other("webhook.test".into()), None));
    assert_eq!(format!("{verifier:?}"), "Verifier { secrets: 1 }");
}

#[test]
fn a_secret_that_cannot_sign_is_refused() {
    for secrets in [&[][..], &["whsec_"], &["whsec_!"], &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ""]] {
        assert_eq!(Verifier::new(secrets.iter().copied()).err(), Some(WebhookError::Secret));
    }
}
