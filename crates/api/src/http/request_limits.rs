//! The general limits on requests, as clients meet them: what is counted for whom, and the fields of answers.

use std::{cell::Cell, fmt::Write, rc::Rc};

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use application::{
    Caller,
    request_limits::{QuotaState, REQUEST_WINDOW, Subject},
};

use super::problem::{Problem, whole_seconds};
use crate::service::Service;

/// The quotas and their windows (draft-ietf-httpapi-ratelimit-headers).
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of each, and when it is whole again (the same draft).
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// The quotas that a request was counted for: its network's and its caller's. The extractors note them, and the middleware
/// reads them when the answer is complete.
// `Rc` and `Cell` suffice: a request stays on one thread.
#[derive(Clone, Default)]
pub struct CountedQuotas(Rc<Cell<[Option<QuotaState>; 2]>>);

impl CountedQuotas {
    fn note_state(&self, state: QuotaState) {
        let [network, _] = self.0.get();
        self.0.set(if network.is_some() { [network, Some(state)] } else { [Some(state), None] });
    }

    /// Sets the fields, unless the answer says already which limit was reached.
    pub(super) fn set_headers(&self, headers: &mut HeaderMap) {
        let states = self.0.get();
        if states == [None, None] || headers.contains_key(STATE) {
            return;
        }
        let (mut policy, mut left) = (String::with_capacity(64), String::with_capacity(64));
        for state in states.iter().flatten() {
            let separator = if policy.is_empty() { "" } else { ", " };
            let (name, window) = (state.limit.as_str(), REQUEST_WINDOW.as_secs());
            // Writing to a string cannot fail.
            let _ = write!(policy, "{separator}\"{name}\";q={};w={window}", state.quota);
            let resets = whole_seconds(state.resets_in);
            let _ = write!(left, "{separator}\"{name}\";r={};t={resets}", state.remaining);
        }
        for (name, text) in [(POLICY, policy), (STATE, left)] {
            if let Ok(value) = HeaderValue::from_maybe_shared(text) {
                headers.insert(name, value);
            }
        }
    }
}

/// Counts a request for the user or the API key that it was authenticated for.
pub(super) fn count_caller(request: &HttpRequest, service: &Service, caller: &Caller) -> Result<(), Problem> {
    let subject = match caller {
        Caller::User(it) => Subject::User(it.user.key),
        Caller::Service(it) => Subject::ApiKey(it.key.key),
    };
    count_request(request, service, subject)
}

/// Counts a request for a subject and notes what is left.
pub(super) fn count_request(
    request: &HttpRequest,
    service: &Service,
    subject: Subject,
) -> Result<(), Problem> {
    let state = service.request_limits.count_request(subject).map_err(Problem::too_many_requests)?;
    if let (Some(state), Some(quotas)) = (state, request.extensions().get::<CountedQuotas>()) {
        quotas.note_state(state);
    }
    Ok(())
}
