//! What an endpoint answered, as it is stored for the operator.

use std::{error::Error, time::Duration};

use domain::{Timestamp, card, webhook::AttemptResult};
use http_body_util::BodyExt;
use hyper::{Response, body::Incoming, header::RETRY_AFTER};
use ports::{ErrorChain, WebhookAnswer, WebhookMessage};
use tokio::time::timeout;

use super::resolver::RefusedAddress;
use crate::masking::mask_text;

/// The most bytes of an answer that are read, and that are stored.
const BODY_BYTES_MAX: usize = 512;
/// The longest time to read them.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest reason that is stored, in bytes.
const REASON_BYTES_MAX: usize = 200;

/// Reads the status, the wish for a pause, and of a failure the beginning of the body.
pub(super) async fn read_answer(
    response: Response<Incoming>,
    message: &WebhookMessage,
    now: Timestamp,
) -> WebhookAnswer {
    let status = response.status();
    if status.is_success() {
        // The body means nothing, and the connection is not used again, so it is not read.
        let result = AttemptResult::Answered { status: status.as_u16(), body: None };
        return WebhookAnswer { result, retry_after: None };
    }
    let wish = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
    let retry_after = wish.and_then(|it| parse_retry_after(it, now));
    let body = read_beginning(response.into_body()).await;
    let result = AttemptResult::Answered { status: status.as_u16(), body: mask_answer(&body, message) };
    WebhookAnswer { result, retry_after }
}

async fn read_beginning(mut body: Incoming) -> Vec<u8> {
    let mut read = Vec::new();
    let reading = async {
        while read.len() < BODY_BYTES_MAX
            && let Some(Ok(frame)) = body.frame().await
        {
            if let Some(data) = frame.data_ref() {
                let room = BODY_BYTES_MAX.saturating_sub(read.len());
                read.extend(data.iter().take(room));
            }
        }
    };
    // A body that is late or breaks off leaves what came before; the status is known either way.
    let _ = timeout(BODY_TIMEOUT, reading).await;
    read
}

/// The text of an answer without card numbers and control characters; `None` if it is empty or repeats a secret.
fn mask_answer(body: &[u8], message: &WebhookMessage) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let repeats = message.secrets.iter().any(|it| text.contains(it.expose_secret()));
    let plain: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let masked = mask_text(plain.trim());
    (!repeats && !masked.is_empty()).then_some(masked)
}

/// The pause that `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3).
fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().all(|it| it.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()).saturating_duration_since(now))
}

/// Why there was no answer, in few words.
pub(super) fn describe_failure(error: &(dyn Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(it) = cause {
        // The resolver's error comes within one of I/O, whose inner error is no `source` of its own.
        let inner = it.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if it.is::<RefusedAddress>() || inner.is_some_and(|it| it.is::<RefusedAddress>()) {
            return RefusedAddress.to_string();
        }
        cause = it.source();
    }
    let text = card::mask_numbers(&ErrorChain(error).to_string());
    let end = text.floor_char_boundary(REASON_BYTES_MAX);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use domain::{
        MessageId,
        webhook::{SigningSecret, WebhookUrl},
    };

    use super::*;

    fn message() -> WebhookMessage {
        WebhookMessage {
            url: WebhookUrl::new("https://h/".into()),
            id: MessageId::new("m1".into()),
            sent_at: Timestamp::from_millis(0),
            body: String::new(),
            secrets: vec![SigningSecret::new("whsec_terrible".into())],
            trace_parent: None,
        }
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_date() {
        let now = Timestamp::from_millis(784_111_777_000);
        let parsed = |text| parse_retry_after(text, now);
        assert_eq!(parsed("120"), Some(Duration::from_secs(120)));
        assert_eq!(parsed("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(parsed("Sun, 06 Nov 1994 08:40:37 GMT"), Some(Duration::ZERO));
        for bad in ["-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_answer_is_stored_without_card_numbers_control_characters_and_secrets() {
        let masked = |text: &str| mask_answer(text.as_bytes(), &message());
        assert_eq!(masked("no\r\nsuch order"), Some("no  such order".into()));
        assert_eq!(masked(" \n"), None);
        assert_eq!(masked("you sent whsec_terrible"), None);
        let card = masked("card 4242424242424242").unwrap();
        assert!(!card.contains("42424242"), "{card}");
    }
}
