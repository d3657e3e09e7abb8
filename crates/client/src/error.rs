//! What a call fails with.

use std::{fmt, time::Duration};

use domain::{api_key::Scope, order::OrderStatus};
use serde::Deserialize;

use crate::Word;

/// The error of every call. It never holds a token, a password or the address that was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service gave no complete answer. A write may have been done: the same call with the same
    /// [idempotency key](crate::Request::idempotency_key) finds out, and does it once.
    #[error("the service gave no complete answer")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The service refused the request.
    #[error("{0}")]
    Problem(#[source] Box<Problem>),
    /// An answer is not what the contract says, or a value cannot be written as JSON.
    #[error("a value does not fit the contract")]
    Decode(#[from] serde_json::Error),
    /// A value that was given to the client cannot be used; the text says which.
    #[error("{0}")]
    Setting(&'static str),
}

impl Error {
    /// The problem, if the service refused the request.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            Self::Transport(_) | Self::Decode(_) | Self::Setting(_) => None,
        }
    }

    /// Whether the service refused the request with a problem of this kind, such as `out-of-stock`.
    #[must_use]
    pub fn is_kind(&self, slug: &str) -> bool {
        self.problem().is_some_and(|problem| problem.slug() == slug)
    }
}

/// An error as the service describes it (RFC 9457). An answer of something in between, such as a proxy, has the kind
/// `about:blank` and no more than a status.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Problem {
    /// URI reference of the kind: `/problems/out-of-stock`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of the kind, the same for each of its problems.
    pub title: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Description for a person, which never repeats what was sent.
    pub detail: String,
    /// Id of the request, by which the service's log is searched.
    #[serde(default)]
    pub instance: String,
    /// Every fault of the request; empty unless its content was refused.
    #[serde(default)]
    pub errors: Vec<Fault>,
    /// Statuses that this caller may move the order to; empty unless a transition was refused.
    #[serde(default)]
    pub allowed_transitions: Vec<Word<OrderStatus>>,
    /// Scopes of which the API key needs one; empty unless it has none of them.
    #[serde(default)]
    pub required_scopes: Vec<Word<Scope>>,
    /// Wait that the service asks for before the request is sent again. `None`: it asks for none.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// JSON Pointer to the member of the body; `None` for a query parameter.
    #[serde(default)]
    pub pointer: Option<String>,
    /// Name of the query parameter; `None` for a member of the body.
    #[serde(default)]
    pub parameter: Option<String>,
    /// The rule that the value breaks.
    pub detail: String,
}

impl Problem {
    /// Reads the body of an answer that is no success.
    pub(crate) fn read(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let known = serde_json::from_slice(body).ok();
        let problem: Self = known.unwrap_or_else(|| Self {
            kind: "about:blank".to_owned(),
            title: format!("HTTP status {status}"),
            status,
            detail: "The answer is not one of the service's own.".to_owned(),
            instance: String::new(),
            errors: Vec::new(),
            allowed_transitions: Vec::new(),
            required_scopes: Vec::new(),
            retry_after: None,
        });
        Self { status, retry_after, ..problem }
    }

    /// The last part of the kind: `out-of-stock`.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.kind.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.title, self.status, self.detail)?;
        for Fault { pointer, parameter, detail } in &self.errors {
            let place = pointer.as_deref().or(parameter.as_deref()).unwrap_or_default();
            write!(f, " [{place}: {detail}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_every_fault_and_an_answer_of_something_else_is_one_too() {
        let body = br#"{"type":"/problems/invalid-request","title":"Invalid request","status":422,
            "detail":"The request has faults.","instance":"abc","added":"later",
            "errors":[{"pointer":"/items","detail":"Is required."},{"parameter":"limit","detail":"Is too large."}]}"#;
        let problem = Problem::read(422, body, None);
        assert_eq!((problem.slug(), problem.instance.as_str()), ("invalid-request", "abc"));
        assert_eq!(
            problem.to_string(),
            "Invalid request (422): The request has faults. [/items: Is required.] [limit: Is too large.]"
        );
        let foreign = Problem::read(503, b"<html>", Some(Duration::from_secs(2)));
        assert_eq!((foreign.slug(), foreign.status), ("about:blank", 503));
        assert_eq!(foreign.retry_after, Some(Duration::from_secs(2)));
    }
}
