//! Sending requests to Stripe: headers, repetitions with the same key, and the reading of errors.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{Timestamp, card, payment::PaymentDetails};
use hyper::{HeaderMap, StatusCode, header::HeaderValue};
use ports::{AttemptLog, Clock, NoResponse};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{masking::mask_answer, object::StripeObject, requests::ApiCall};
use crate::http_client::{AnswerTooLong, ApiAnswer, ApiRequest, GatewayClient, InvalidApiBase};

/// The version of the API. It decides the members of answers; those that are read here were checked against it.
const API_VERSION: &str = "2026-10-28.endive";
/// The number of times that a request is sent again.
const REPETITIONS_MAX: u32 = 2;
/// The longest pause before the first repetition; it doubles with each.
const PAUSE_MAX: Duration = Duration::from_millis(250);
/// The longest time that Stripe may ask to wait. If it asks for more the request is not sent again now.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(2);
/// The longest part of a message of Stripe that is kept, in characters.
const MESSAGE_CHARS_MAX: usize = 255;

/// A successful answer. It has no `Debug`: its body may have a client secret.
pub(super) struct Reply {
    pub(super) body: Value,
    /// The time of the answer by Stripe's clock, in whole seconds.
    pub(super) answered_at: Timestamp,
    /// Whether it is the answer of an earlier request with the same key, and so may be out of date.
    pub(super) is_replayed: bool,
}

/// Stripe did not do the request, and says why. It has no `Debug`: the payment has a client secret, and the message may
/// repeat a token.
pub(super) struct Refusal {
    /// The HTTP status; 0 if this adapter sent no request.
    pub(super) status: u16,
    /// The type of the error, such as `card_error`.
    pub(super) kind: String,
    /// `decline_code`, otherwise `code`; `None` if it has neither.
    pub(super) code: Option<String>,
    /// The parameter that is wrong.
    pub(super) param: Option<String>,
    /// The message for people, without card numbers.
    pub(super) message: Option<String>,
    /// The payment as it is after the request, if the error states it.
    pub(super) intent: Option<Value>,
    pub(super) answered_at: Timestamp,
}

impl Refusal {
    /// A refusal of this adapter, which sent no request.
    pub(super) fn unsent(reason: &str, at: Timestamp) -> Self {
        let message = Some(reason.to_owned());
        Self {
            status: 0,
            kind: String::new(),
            code: None,
            param: None,
            message,
            intent: None,
            answered_at: at,
        }
    }

    /// Whether Stripe certainly did not do the request: only a status and a type of error together say so. Every
    /// other 4xx (409, 424, 429, and those that a later version adds) leaves it open.
    fn is_final(&self) -> bool {
        matches!(self.status, 400..=404)
            && matches!(self.kind.as_str(), "card_error" | "invalid_request_error" | "idempotency_error")
    }

    /// Whether the account or the permissions of the key are refused, which only an operator can fix.
    pub(super) const fn is_about_credentials(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    /// Whether the key was used for another request, which may have had its effect.
    pub(super) fn is_about_key(&self) -> bool {
        self.kind == "idempotency_error"
    }

    /// The reason and the code, as they are kept.
    pub(super) fn details(&self) -> PaymentDetails {
        PaymentDetails {
            failure_reason: Some(self.reason()),
            response_code: self.code.clone(),
            ..PaymentDetails::default()
        }
    }

    /// The reason for a failed payment or refund, as a sentence without a token. A card error is Stripe's own
    /// sentence for buyers. Any other message may repeat a parameter, so only its code and parameter are named.
    pub(super) fn reason(&self) -> String {
        match &self.message {
            Some(message) if self.kind == "card_error" || self.status == 0 => message.clone(),
            Some(_) | None => {
                let code = self.code.as_deref().unwrap_or("no code");
                let param = self.param.as_ref().map(|it| format!(", parameter {it}")).unwrap_or_default();
                format!("Stripe refused the request: {} ({code}{param})", self.kind)
            }
        }
    }
}

impl From<Refusal> for NoResponse {
    /// A refusal about the credentials: an operator has to fix it, and until then nothing is known.
    fn from(it: Refusal) -> Self {
        Self::unavailable(format!("Stripe refuses the API key or its permissions ({})", it.status))
    }
}

/// Why a request has no successful answer.
pub(super) enum ApiError {
    /// Stripe answered that it did not do the request.
    Refused(Box<Refusal>),
    /// It is not known whether Stripe did the request.
    NoResponse(NoResponse),
}

impl From<NoResponse> for ApiError {
    fn from(it: NoResponse) -> Self {
        Self::NoResponse(it)
    }
}

/// What one answer means.
enum Verdict {
    Done(Reply),
    Refused(Box<Refusal>),
    /// To be sent again, with the same key, after this time if it is given.
    Again(NoResponse, Option<Duration>),
    /// Not to be sent again now.
    Lost(NoResponse),
}

/// The API of Stripe under one key.
pub(super) struct StripeApi {
    client: GatewayClient,
    authorization: HeaderValue,
    clock: Arc<dyn Clock>,
    random: RandomState,
    pauses: AtomicU64,
}

impl StripeApi {
    /// Makes the client.
    ///
    /// # Errors
    /// [`InvalidApiBase`]. A key that cannot stand in a header was found before, by the check of the configuration.
    pub(super) fn new(key: &SecretString, base: &str, clock: Arc<dyn Clock>) -> Result<Self, InvalidApiBase> {
        let client = GatewayClient::new(base, Arc::clone(&clock), mask_answer)?;
        let bearer = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
        let mut authorization = bearer.unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        authorization.set_sensitive(true);
        Ok(Self { client, authorization, clock, random: RandomState::new(), pauses: AtomicU64::new(0) })
    }

    /// Sends a request, and again with the same key while Stripe cannot serve it or its answer is lost, at most
    /// [`REPETITIONS_MAX`] times.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(super) async fn call(&self, call: &ApiCall, log: &AttemptLog) -> Result<Reply, ApiError> {
        let mut repetitions = 0;
        loop {
            let verdict = match self.client.send(self.build_request(call)?, log).await {
                Ok(answer) => judge_answer(&answer, self.clock.now()),
                Err(error) if AnswerTooLong::is_cause_of(&error) => Verdict::Lost(error),
                Err(error) => Verdict::Again(error, None),
            };
            let (error, wait) = match verdict {
                Verdict::Done(reply) => return Ok(reply),
                Verdict::Refused(refusal) => return Err(ApiError::Refused(refusal)),
                Verdict::Lost(error) => return Err(error.into()),
                Verdict::Again(error, wait) => (error, wait),
            };
            if repetitions == REPETITIONS_MAX || wait.is_some_and(|it| it > RETRY_AFTER_MAX) {
                return Err(error.into());
            }
            tokio::time::sleep(wait.unwrap_or_default().max(self.jitter_pause(repetitions))).await;
            repetitions += 1;
        }
    }

    /// A random time from half of the longest pause to all of it, so that instances do not repeat in step.
    fn jitter_pause(&self, repetitions: u32) -> Duration {
        let random = self.random.hash_one(self.pauses.fetch_add(1, Ordering::Relaxed));
        let half = PAUSE_MAX.saturating_mul(2_u32.saturating_pow(repetitions)) / 2;
        half.saturating_add(half.mul_f64(f64::from(u8::try_from(random & 0xff).unwrap_or(0)) / 255.0))
    }

    /// Builds the HTTP request.
    ///
    /// # Errors
    /// [`NoResponse::Unavailable`] if the idempotency key cannot stand in a header: without it, a repetition could
    /// charge twice.
    fn build_request(&self, call: &ApiCall) -> Result<ApiRequest, NoResponse> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", self.authorization.clone());
        headers.insert("stripe-version", HeaderValue::from_static(API_VERSION));
        if let Some(key) = &call.key {
            let key = HeaderValue::try_from(key)
                .map_err(|_| NoResponse::unavailable("the idempotency key cannot stand in a header"))?;
            headers.insert("idempotency-key", key);
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        Ok(ApiRequest {
            method: call.method.clone(),
            path: call.path.clone(),
            headers,
            body: call.form.clone(),
            masked: call.masked.clone(),
        })
    }
}

/// Decides what an answer means; `now` replaces a missing `Date`.
fn judge_answer(answer: &ApiAnswer, now: Timestamp) -> Verdict {
    let header = |name: &str| answer.headers.get(name).and_then(|it| it.to_str().ok());
    let answered_at = header("date").and_then(parse_date).unwrap_or(now);
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let status = answer.status;
    if status.is_success() {
        return match body {
            Some(body) if body.is_object() => {
                let is_replayed = header("idempotent-replayed") == Some("true");
                Verdict::Done(Reply { body, answered_at, is_replayed })
            }
            Some(_) | None => Verdict::Lost(NoResponse::unavailable("Stripe's answer is not a JSON object")),
        };
    }
    // A conflict is about this request alone, so it does not count against the gateway.
    let is_conflict = status == StatusCode::CONFLICT;
    let error = if is_conflict { NoResponse::Lost } else { status_unavailable(status) };
    if may_repeat(status, header("stripe-should-retry")) {
        let wait = header("retry-after").and_then(|it| it.parse().ok()).map(Duration::from_secs);
        return Verdict::Again(error, wait);
    }
    match body.as_ref().and_then(|it| read_refusal(it, status, answered_at)) {
        Some(refusal) if refusal.is_final() => Verdict::Refused(Box::new(refusal)),
        // Stripe is busy with the request, or these are not its own words: a proxy's page, or a redirect. Whether
        // the request is done is open, also if Stripe advises against sending it again.
        Some(_) | None => Verdict::Lost(error),
    }
}

/// Whether a request may be sent again after an answer with this status. Stripe's own word in the header counts
/// first: it says so if the answer is stored under the key and would only be repeated.
fn may_repeat(status: StatusCode, advice: Option<&str>) -> bool {
    match advice {
        Some("true") => true,
        Some("false") => false,
        Some(_) | None => {
            matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
        }
    }
}

fn status_unavailable(status: StatusCode) -> NoResponse {
    NoResponse::unavailable(format!("Stripe answered with status {}", status.as_u16()))
}

/// Reads the error object of an answer; `None` if it has none.
fn read_refusal(body: &Value, status: StatusCode, answered_at: Timestamp) -> Option<Refusal> {
    let error = StripeObject::from_value(body)?.object("error")?;
    let kept = |text: &str| card::mask_numbers(text).chars().take(MESSAGE_CHARS_MAX).collect::<String>();
    let intent = body.get("error").and_then(|it| it.get("payment_intent")).filter(|it| it.is_object());
    Some(Refusal {
        status: status.as_u16(),
        kind: kept(error.text("type").unwrap_or("error without a type")),
        code: error.text("decline_code").or_else(|| error.text("code")).map(kept),
        param: error.text("param").map(kept),
        message: error.text("message").map(kept),
        intent: intent.cloned(),
        answered_at,
    })
}

/// Parses an HTTP date, such as `Wed, 21 Oct 2026 07:28:00 GMT`.
fn parse_date(text: &str) -> Option<Timestamp> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests;
