//! The record of what an adapter sent to its gateway, and what came back.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{AttemptId, AttemptKey, RefundId, Timestamp, TransactionKey, card};

/// The number of attempts that one log keeps from the beginning, and again from the end. A call makes fewer; it is a
/// bound, not a setting.
const KEPT_AT_EACH_END: usize = 8;
const ATTEMPTS_MAX: usize = 2 * KEPT_AT_EACH_END;
/// The longest text of a request or an answer, in bytes.
const TEXT_BYTES_MAX: usize = 4_096;
/// Ends a text that was cut.
const CUT: &str = "…";

/// One request to a gateway and its answer, as an operator may see it: the adapter has masked secrets, card
/// data and personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayAttempt {
    /// The request: for HTTP the method and the path on the first line, then the body. At most 4,096 bytes.
    pub request: String,
    /// What came back.
    pub outcome: AttemptOutcome,
    /// When the request was sent, by this service's clock.
    pub sent_at: Timestamp,
    /// The time until the answer or the failure.
    pub duration: Duration,
}

/// The outcome of one request to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The gateway answered.
    Answered {
        /// The HTTP status; `None` for a gateway without HTTP.
        status: Option<u16>,
        /// The body, masked; at most 4,096 bytes.
        body: String,
    },
    /// No answer arrived, for this reason.
    Failed(String),
}

/// What a request to a gateway was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOperation {
    /// To take or hold the money of a payment.
    Charge,
    /// To take money that is held.
    Capture,
    /// To release money that is held.
    Void,
    /// To give money back.
    Refund,
    /// To ask what the gateway knows of a payment or a refund.
    LookUp,
}

impl AttemptOperation {
    /// Every operation, those that move money first.
    pub const ALL: [Self; 5] = [Self::Charge, Self::Capture, Self::Void, Self::Refund, Self::LookUp];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "CHARGE",
            Self::Capture => "CAPTURE",
            Self::Void => "VOID",
            Self::Refund => "REFUND",
            Self::LookUp => "LOOK_UP",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// An attempt as it is stored, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAttempt {
    /// The key of its row.
    pub key: AttemptKey,
    /// Its public id, which is the cursor of the list of attempts.
    pub id: AttemptId,
    /// The row key of the transaction that it is about.
    pub transaction: TransactionKey,
    /// The refund that it is about; `None` if it is about the payment itself.
    pub refund: Option<RefundId>,
    /// What was asked for.
    pub operation: AttemptOperation,
    /// The request and what came back. Its duration counts in whole milliseconds.
    pub attempt: GatewayAttempt,
}

/// Collects the attempts of one call. It holds at most 16: the first 8, which show how it began, and the last 8, of
/// which one decided.
#[derive(Debug, Default)]
pub struct AttemptLog(Mutex<Vec<GatewayAttempt>>);

impl AttemptLog {
    /// Adds an attempt. It masks card numbers once more, whatever the adapter has masked, and cuts texts that are too
    /// long.
    pub fn record(&self, attempt: GatewayAttempt) {
        let outcome = match attempt.outcome {
            AttemptOutcome::Answered { status, body } => {
                AttemptOutcome::Answered { status, body: cut_text(body) }
            }
            AttemptOutcome::Failed(reason) => AttemptOutcome::Failed(cut_text(reason)),
        };
        let attempt = GatewayAttempt { request: cut_text(attempt.request), outcome, ..attempt };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == ATTEMPTS_MAX {
            all.remove(KEPT_AT_EACH_END);
        }
        all.push(attempt);
    }

    /// Removes and returns all attempts, oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<GatewayAttempt> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn cut_text(text: String) -> String {
    // Before the cut, which could leave the half of a number that is not seen as one.
    let text = card::mask_numbers(&text);
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    let end = text.floor_char_boundary(TEXT_BYTES_MAX.saturating_sub(CUT.len()));
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(text: String) -> GatewayAttempt {
        GatewayAttempt {
            outcome: AttemptOutcome::Answered { status: Some(200), body: text.clone() },
            request: text,
            sent_at: Timestamp::from_millis(0),
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn a_card_number_that_an_adapter_let_through_is_masked() {
        let log = AttemptLog::default();
        let number = "4242 4242 4242 4242";
        let failed = AttemptOutcome::Failed(format!("refused {number}"));
        log.record(attempt(format!("{}{number}", "x".repeat(TEXT_BYTES_MAX - 12))));
        log.record(GatewayAttempt { outcome: failed, ..attempt(number.to_owned()) });
        let text = format!("{:?}", log.take());
        assert!(text.contains("refused **** **** **** 4242") && !text.contains("4242 4"), "{text}");
    }

    #[test]
    fn a_log_is_bounded_in_number_and_in_length() {
        let log = AttemptLog::default();
        for _ in 0..100 {
            log.record(attempt("ü".repeat(5_000)));
        }
        let all = log.take();
        assert_eq!(all.len(), ATTEMPTS_MAX);
        for it in all {
            let AttemptOutcome::Answered { body, .. } = it.outcome else { panic!("it was answered") };
            assert!(it.request.len() <= TEXT_BYTES_MAX && it.request.ends_with(CUT));
            assert_eq!(it.request, body);
        }
        assert!(log.take().is_empty());
    }

    #[test]
    fn the_first_and_the_last_attempts_are_kept_in_their_order() {
        for count in [0, 1, 16, 17, 24, 100] {
            let log = AttemptLog::default();
            let all: Vec<_> = (0..count).map(|it| it.to_string()).collect();
            all.iter().for_each(|it| log.record(attempt(it.clone())));
            let kept: Vec<_> = log.take().into_iter().map(|it| it.request).collect();
            let expected = if count <= 16 { all } else { [&all[..8], &all[count - 8..]].concat() };
            assert_eq!(kept, expected, "of {count}");
        }
    }
}
