//! Calls of the API: signed, verified, and repeated with the same number.

use std::{fmt, sync::Arc, time::Duration};

use hyper::{
    HeaderMap, StatusCode,
    body::Bytes,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use ports::{AttemptLog, Clock, NoResponse};
use ring::rand::{SecureRandom, SystemRandom};

use super::{
    errors::{Refusal, Verdict, read_refusal},
    requests::Call,
    signature::{MerchantSigner, PlatformKeys, SERIAL_HEADER, Stamp, Unverified},
};
use crate::http_client::{ApiAnswer, ApiRequest, GatewayClient};

/// The most repetitions of a request.
const REPETITIONS_MAX: u32 = 2;
/// The pause before the first repetition; it doubles, and up to as much again is added by chance.
const PAUSE_MS: u64 = 150;
/// The longest pause that the gateway can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(2);
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A client of the API for one merchant.
pub(super) struct ApiClient {
    http: GatewayClient,
    pub(super) signer: MerchantSigner,
    pub(super) platform: PlatformKeys,
    pub(super) clock: Arc<dyn Clock>,
}

/// A verified answer. `Debug` does not show its body, with which a payment can be made.
pub(super) enum Reply {
    /// The request was done; the body, empty for 204.
    Done(Bytes),
    /// The request was not done, or what it asks for is not there.
    Refused(Refusal),
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(body) => write!(f, "Done({} bytes)", body.len()),
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
        }
    }
}

/// Why an exchange has no usable answer.
enum Failure {
    /// The same request may succeed. The pause is what the gateway asks for.
    Repeat(NoResponse, Option<Duration>),
    /// A repetition cannot help.
    Final(NoResponse),
}

impl ApiClient {
    pub(super) const fn new(
        http: GatewayClient,
        signer: MerchantSigner,
        platform: PlatformKeys,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { http, signer, platform, clock }
    }

    /// Sends a request, and again with the same number if the answer is lost, not signed by WeChat Pay, or asks
    /// for that.
    ///
    /// # Errors
    /// [`NoResponse`]. An answer that is not verified is no answer: the request may have been done.
    pub(super) async fn send(&self, call: &Call, log: &AttemptLog) -> Result<Reply, NoResponse> {
        let mut repetition = 0;
        loop {
            let (error, wanted) = match self.send_once(call, log).await {
                Ok(Reply::Refused(it)) => {
                    return Ok(Reply::Refused(Refusal { is_repetition: repetition > 0, ..it }));
                }
                Ok(done @ Reply::Done(_)) => return Ok(done),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Repeat(error, wanted)) => (error, wanted),
            };
            if repetition == REPETITIONS_MAX {
                return Err(error);
            }
            tokio::time::sleep(draw_pause(repetition).max(wanted.unwrap_or_default())).await;
            repetition = repetition.saturating_add(1);
        }
    }

    async fn send_once(&self, call: &Call, log: &AttemptLog) -> Result<Reply, Failure> {
        let request = self.build_request(call).map_err(Failure::Final)?;
        let answer = self.http.send(request, log).await.map_err(|it| Failure::Repeat(it, None))?;
        let header = |name: &str| answer.headers.get(name).and_then(|it| it.to_str().ok());
        // The same text of the body that is read later, byte by byte.
        let verified = self.platform.verify(header, &answer.body, self.clock.now());
        match (answer.status, verified) {
            (StatusCode::OK | StatusCode::NO_CONTENT, Ok(())) => Ok(Reply::Done(answer.body)),
            // Errors from in front of the API (SIGN_ERROR, 429, 502) have no signature, and none of them alone
            // decides about money: see `Refusal::is_signed`.
            (status, Err(Unverified::Missing)) if !status.is_success() => judge_error(&answer, false),
            (_, Err(fault)) => Err(reject_answer(fault)),
            (_, Ok(())) => judge_error(&answer, true),
        }
    }

    fn build_request(&self, call: &Call) -> Result<ApiRequest, NoResponse> {
        // A new stamp for each repetition: WeChat Pay refuses old ones.
        let stamp = Stamp::draw(self.clock.now())
            .ok_or_else(|| NoResponse::unavailable("the system has no randomness"))?;
        let authorization = self.signer.authorize(call.method.as_str(), &call.path, &call.body, &stamp);
        let invalid = |_| NoResponse::unavailable("a header has a character that it cannot have");
        let mut authorization = HeaderValue::try_from(authorization).map_err(invalid)?;
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, JSON);
        headers.insert(CONTENT_TYPE, JSON);
        if let Some(id) = self.platform.requested_id() {
            let id = HeaderValue::try_from(id).map_err(invalid)?;
            headers.insert(HeaderName::from_static(SERIAL_HEADER), id);
        }
        Ok(ApiRequest {
            method: call.method.clone(),
            path: call.path.clone(),
            headers,
            body: call.body.clone(),
            masked: call.masked_text(),
        })
    }
}

/// Returns what an answer without a valid signature is: no answer.
fn reject_answer(fault: Unverified) -> Failure {
    match fault {
        // The next answer is signed with the same key. An operator must add it.
        Unverified::UnknownKey(_) => Failure::Final(NoResponse::unavailable(Rejected(fault))),
        Unverified::Missing | Unverified::Stale | Unverified::Wrong => {
            Failure::Repeat(NoResponse::unavailable(Rejected(fault)), None)
        }
    }
}

fn judge_error(answer: &ApiAnswer, is_signed: bool) -> Result<Reply, Failure> {
    let refusal = read_refusal(answer.status, &answer.body, is_signed);
    match refusal.verdict {
        Verdict::Repeat => Err(Failure::Repeat(unavailable_for(&refusal), read_retry_after(&answer.headers))),
        Verdict::Misconfigured => Err(Failure::Final(unavailable_for(&refusal))),
        Verdict::Refused | Verdict::Absent => Ok(Reply::Refused(refusal)),
    }
}

/// Returns the error for an answer that leaves the result open.
pub(super) fn unavailable_for(refusal: &Refusal) -> NoResponse {
    NoResponse::unavailable(Unanswered(refusal.clone()))
}

/// An answer that was not accepted, for this reason.
#[derive(Debug, thiserror::Error)]
#[error("an answer was not accepted: {0}")]
struct Rejected(Unverified);

/// An answer that leaves the result open.
#[derive(Debug, thiserror::Error)]
#[error("WeChat Pay answered {}", .0.reason)]
struct Unanswered(Refusal);

/// Returns the reason of an error that only an operator can end: WeChat Pay refuses the account, or signs with a
/// key that is not configured. `None` for an error of this one call.
pub(super) fn find_lasting_reason(error: &NoResponse) -> Option<String> {
    let NoResponse::Unavailable(cause) = error else { return None };
    let by_refusal = cause.downcast_ref::<Unanswered>().filter(|it| it.0.verdict == Verdict::Misconfigured);
    let is_unknown = |it: &&Rejected| matches!(it.0, Unverified::UnknownKey(_));
    let by_key = cause.downcast_ref::<Rejected>().filter(is_unknown);
    by_refusal.map(|it| it.0.reason.clone()).or_else(|| by_key.map(ToString::to_string))
}

/// Returns the pause that an answer asks for, at most 2 s; `None` if it asks for none, or for a date.
pub(super) fn read_retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// Returns the pause before a repetition. Several instances that fail together must not repeat together.
fn draw_pause(repetition: u32) -> Duration {
    let pause = PAUSE_MS.saturating_mul(2_u64.saturating_pow(repetition));
    let mut byte = [0];
    // Without randomness the pause is only less random.
    let _ = SystemRandom::new().fill(&mut byte);
    let extra = pause.saturating_mul(byte.iter().copied().map(u64::from).sum()) / u64::from(u8::MAX);
    Duration::from_millis(pause.saturating_add(extra))
}
