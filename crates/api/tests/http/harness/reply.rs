//! An answer, and what the contract promises about all of them.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Shorter texts of a request may well stand in an error by chance.
const ECHO_CHARS_MIN: usize = 8;
/// Words that the contract itself uses: an error may contain them although the request did.
const VOCABULARY: &[&str] = &["AUTOMATIC", "OPERATOR"];

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// Method and path, for messages.
    pub(crate) asked: String,
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body as it came.
    pub(crate) text: String,
}

impl Reply {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|it| it.to_str().ok())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|fault| panic!("{}: {fault}: {}", self.asked, self.text))
    }

    /// The body, when the status is the one expected.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem, when it is the one expected.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, slug: &str) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{}: {problem}", self.asked);
        problem
    }

    /// The places of all faults, sorted: pointers, and names of parameters.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<String> {
        assert_eq!(self.status, 422, "{}: {}", self.asked, self.text);
        let place = |it: &Value| it["pointer"].as_str().or(it["parameter"].as_str()).unwrap().to_owned();
        let mut places: Vec<_> = self.json()["errors"].as_array().unwrap().iter().map(place).collect();
        places.sort();
        places
    }

    /// The body without what differs from one request to the next.
    pub(crate) fn anonymous(&self) -> String {
        self.text.replace(self.header("x-request-id").unwrap(), "")
    }

    /// Whether the answer is one that was given before.
    pub(crate) fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// Whether the first request with the key has not ended yet, as far as anybody knows.
    pub(crate) fn is_for_later(&self) -> bool {
        self.status == 503 || self.is_in_progress()
    }

    /// Whether another request with the key is under way.
    pub(crate) fn is_in_progress(&self) -> bool {
        self.status == 409 && self.json()["type"] == "/problems/idempotency-in-progress"
    }

    /// What holds for every answer.
    pub(super) fn check_conventions(&self, is_head: bool, sent: &[String]) {
        let Self { asked, status, text, .. } = self;
        let id =
            self.header("x-request-id").unwrap_or_else(|| panic!("{asked}: {status} without X-Request-Id"));
        if (200..400).contains(status) {
            return;
        }
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{asked}: {status} {text}");
        for needs_retry_after in [429, 503] {
            assert!(*status != needs_retry_after || self.header("retry-after").is_some(), "{asked}: {text}");
        }
        assert!(*status != 401 || self.header("www-authenticate").is_some(), "{asked}: no WWW-Authenticate");
        if is_head {
            return;
        }
        let problem = self.json();
        for name in ["type", "title", "detail", "instance"] {
            assert!(problem[name].as_str().is_some_and(|it| !it.is_empty()), "{asked}: {name} in {text}");
        }
        assert!(problem["type"].as_str().unwrap().starts_with("/problems/"), "{asked}: {text}");
        assert_eq!(problem["status"], *status, "{asked}: {text}");
        assert_eq!(problem["instance"], id, "{asked}: {text}");
        // A reused key is a fault of the header, not of a member.
        if *status == 422 && problem["type"] != "/problems/idempotency-key-reused" {
            assert!(problem["errors"].as_array().is_some_and(|it| !it.is_empty()), "{asked}: {text}");
        }
        for told in sent.iter().filter(|it| it.len() >= ECHO_CHARS_MIN && !VOCABULARY.contains(&it.as_str()))
        {
            assert!(!text.contains(told.as_str()), "{asked}: the error repeats what was sent: {text}");
        }
    }
}
