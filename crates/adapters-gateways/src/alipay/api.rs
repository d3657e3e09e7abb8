//! Calling Alipay: signed requests, repeated within limits, and verified answers.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Duration,
};

use hyper::{
    HeaderMap, Method as HttpMethod, StatusCode,
    header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
};
use ports::{AttemptLog, Clock, NoResponse};
use serde_json::Value;

use super::{
    answers::{Reply, ReplyKind},
    config::Settings,
    masking::{MASK_RULES, mask_answer},
    methods::Method,
    parameters::SIGN,
    requests::{BIZ_CONTENT, sign_request},
    signature::UnusableAnswer,
};
use crate::{
    http_client::{ApiAnswer, ApiRequest, GatewayClient, InvalidApiBase},
    masking::mask_body,
};

/// The most times that one request is sent.
const ATTEMPTS_MAX: u32 = 3;
/// The pause before a request is sent again; a random part of the same length is added.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that Alipay can ask for. A caller waits for the whole call.
const PAUSE_MAX: Duration = Duration::from_secs(2);
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded;charset=utf-8");

/// An answer that was believed, whatever it says.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) reply: Reply,
    /// The same request was sent before within this call, and that one's effect is not known.
    pub(super) is_repetition: bool,
}

/// Why a call gave no answer that says what happened.
#[derive(Debug)]
pub(super) enum ApiError {
    /// No answer, or one that is not believed.
    NoResponse(NoResponse),
    /// Application, keys or contract are not right; the sentence is for operators.
    Credentials(String),
}

impl From<ApiError> for NoResponse {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NoResponse(error) => error,
            ApiError::Credentials(reason) => Self::unavailable(reason),
        }
    }
}

/// What one attempt gave.
enum Attempt {
    Answered(Reply),
    /// The request may be sent again, after this pause if Alipay asks for one.
    Again(NoResponse, Option<Duration>),
    Failed(ApiError),
}

/// The connection to Alipay.
pub(super) struct Api {
    pub(super) settings: Settings,
    client: GatewayClient,
    clock: Arc<dyn Clock>,
}

impl Api {
    /// Makes the client; it connects when it is needed.
    ///
    /// # Errors
    /// [`InvalidApiBase`].
    pub(super) fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, InvalidApiBase> {
        let client = GatewayClient::new(&settings.api_base, Arc::clone(&clock), mask_answer)?;
        Ok(Self { settings, client, clock })
    }

    /// Sends a request until there is an answer that says what happened, at most three times. Every request of
    /// Alipay that this adapter sends is safe to repeat: it names its payment or refund.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(super) async fn call(
        &self,
        method: Method,
        content: &Value,
        log: &AttemptLog,
    ) -> Result<Answered, ApiError> {
        let mut attempt = 1;
        loop {
            let is_repetition = attempt > 1;
            match self.call_once(method, content, log).await {
                Attempt::Answered(reply) => return Ok(Answered { reply, is_repetition }),
                Attempt::Failed(error) => return Err(error),
                Attempt::Again(error, _) if attempt == ATTEMPTS_MAX => {
                    return Err(ApiError::NoResponse(error));
                }
                Attempt::Again(_, pause) => {
                    tokio::time::sleep(pause.unwrap_or_default().min(PAUSE_MAX).max(random_pause())).await;
                }
            }
            attempt += 1;
        }
    }

    async fn call_once(&self, method: Method, content: &Value, log: &AttemptLog) -> Attempt {
        let answer = match self.client.send(self.build_request(method, content), log).await {
            Ok(answer) => answer,
            Err(error) => return Attempt::Again(error, None),
        };
        if answer.status != StatusCode::OK {
            return classify_status(&answer);
        }
        match self.settings.keys.verify_answer(&answer.body, &method.answer_member()) {
            Ok(text) => {
                Reply::parse(&text).map_or_else(|| refuse_answer(UnusableAnswer::Form), classify_reply)
            }
            // Alipay does not sign when it does not know us. Such an answer proves nothing, but says what to fix.
            Err(UnusableAnswer::Unsigned(text)) => match Reply::parse(&text) {
                Some(reply) if reply.kind() == ReplyKind::Credentials => {
                    let reason = format!("{}, in an answer without a signature", reply.describe());
                    Attempt::Failed(ApiError::Credentials(reason))
                }
                Some(_) | None => refuse_answer(UnusableAnswer::Unsigned(text)),
            },
            Err(error @ UnusableAnswer::Signature) => {
                Attempt::Failed(ApiError::Credentials(error.to_string()))
            }
            Err(error @ UnusableAnswer::Form) => refuse_answer(error),
        }
    }

    /// The common parameters are in the query and the content is the body, as in the official libraries.
    fn build_request(&self, method: Method, content: &Value) -> ApiRequest {
        let mut query = sign_request(&self.settings, method, content, self.clock.now());
        let content = query.remove(BIZ_CONTENT).unwrap_or_default();
        let path = format!("?{}", query.encode());
        let _: Option<String> = query.remove(SIGN);
        let masked = format!("?{}\n{}", query.encode(), mask_body(content.as_bytes(), &MASK_RULES));
        let body =
            form_urlencoded::Serializer::new(String::new()).append_pair(BIZ_CONTENT, &content).finish();
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, FORM)]);
        ApiRequest { method: HttpMethod::POST, path, headers, body, masked }
    }
}

fn refuse_answer(error: UnusableAnswer) -> Attempt {
    // Only the sentence: the text of the answer may have personal data.
    Attempt::Failed(ApiError::NoResponse(NoResponse::unavailable(error.to_string())))
}

fn classify_reply(reply: Reply) -> Attempt {
    match reply.kind() {
        ReplyKind::Success | ReplyKind::Refused => Attempt::Answered(reply),
        ReplyKind::Busy => Attempt::Again(NoResponse::unavailable(reply.describe()), None),
        ReplyKind::Credentials => Attempt::Failed(ApiError::Credentials(reply.describe())),
    }
}

/// Classifies an answer that is not even 200: Alipay's own refusals are 200.
fn classify_status(answer: &ApiAnswer) -> Attempt {
    let error = NoResponse::unavailable(format!("HTTP status {}", answer.status.as_u16()));
    if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = answer.headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
        return Attempt::Again(error, seconds.map(Duration::from_secs));
    }
    Attempt::Failed(ApiError::NoResponse(error))
}

/// Returns a pause of one to two times [`PAUSE`], so that many instances do not repeat at the same time.
fn random_pause() -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let part = u32::try_from(random % 1_000).unwrap_or_default();
    PAUSE.saturating_add(PAUSE.saturating_mul(part) / 1_000)
}
