//! The port of payment gateways: what every adapter promises, independent of any one gateway.
//!
//! ```text
//!   use case ── charge, capture, void, refund ──► adapter ──► gateway      one effect for each key
//!            ── look_up ────────────────────────►         ──►              no effect
//!   gateway ── callback ──► verify, parse_notice ──► PaymentEvent ──► fold ──► acknowledge ──► gateway
//! ```
//!
//! Every adapter makes three promises:
//!
//! 1. **The same id is the same request.** The transaction's id, with the operation, is the idempotency key
//!    of a charge, a capture and a void; the refund's id is that of a refund. A gateway that stores refusals under
//!    a key gets the time of the request in the key of a capture and a void, so that a refused one can be corrected
//!    and requested again ([`Charge::requested_at`]). Within
//!    [`Gateway::key_lifetime`] the same request has one effect, however often it is sent. After it the
//!    service sends no request again.
//! 2. **A lookup moves no money.** [`Gateway::look_up`] reports what the gateway knows. The adapter looks up
//!    by the gateway's reference if it is known, otherwise by our id if the gateway supports that. The only
//!    effect that it may have is to end a payment that its buyer did not make in time, so that it is certain
//!    that it cannot be made any more.
//! 3. **An answer and a notice about the same fact are the same event.** Each event names our transaction or
//!    the gateway's reference of it, and all references that the gateway states, so that later events can be
//!    matched.
//!
//! An adapter sends our ids to the gateway wherever it accepts them (`metadata`, `out_trade_no`), and names
//! them in its events: an event with our id can be applied before any reference is known.
//!
//! ```
//! use std::time::Duration;
//! use async_trait::async_trait;
//! use domain::{GatewayName, Money, RefundId, Timestamp, payment::CaptureMethod};
//! use ports::{
//!     Acknowledgement, Answer, AttemptLog, Charge, Gateway, GatewayCheck, InvalidSignature, Lookup, LookupAnswer, NoResponse, Notice,
//!     NoticeHeaders, ParsedNotice, Unsupported,
//! };
//!
//! /// A gateway that is never reachable and knows no payment.
//! struct Idle;
//!
//! #[async_trait]
//! impl Gateway for Idle {
//!     fn name(&self) -> GatewayName {
//!         GatewayName::new("idle".to_owned())
//!     }
//!     fn accepts_token(&self, _: &str) -> bool {
//!         false
//!     }
//!     fn supports(&self, _: Money, _: CaptureMethod) -> Result<(), Unsupported> {
//!         Err(Unsupported::Currency)
//!     }
//!     fn key_lifetime(&self) -> Duration {
//!         Duration::from_secs(23 * 60 * 60) // The gateway documents 24 h.
//!     }
//!     async fn charge(&self, _: Charge, _: &AttemptLog) -> Result<Answer, NoResponse> {
//!         Err(NoResponse::unavailable("there is nothing to connect to"))
//!     }
//!     async fn capture(&self, charge: Charge, _: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
//!         self.charge(charge, log).await
//!     }
//!     async fn void(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
//!         self.charge(charge, log).await
//!     }
//!     async fn refund(&self, charge: Charge, _: RefundId, _: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
//!         self.charge(charge, log).await
//!     }
//!     async fn look_up(&self, _: Lookup, _: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
//!         Ok(LookupAnswer::Unknown)
//!     }
//!     fn verify_notice(&self, _: &NoticeHeaders, _: &[u8], _: Timestamp) -> Result<Notice, InvalidSignature> {
//!         Err(InvalidSignature)
//!     }
//!     fn parse_notice(&self, _: &Notice, _: Timestamp) -> ParsedNotice {
//!         ParsedNotice::Unintelligible { fault: "The gateway sends no notices." }
//!     }
//!     async fn check(&self, _: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
//!         Ok(GatewayCheck::Ready("It takes no payments.".to_owned()))
//!     }
//!     fn acknowledge(&self, _duplicate: bool) -> Acknowledgement {
//!         Acknowledgement { status: 200, content_type: "text/plain", body: "success".to_owned() }
//!     }
//! }
//! ```

mod answer;
mod attempt;
mod statement;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    EventId, GatewayName, Money, OrderNumber, RefundId, Timestamp, Transaction, TransactionId,
    payment::{CaptureMethod, GatewayReference, NextAction, PaymentEvent, PaymentToken},
};

use crate::Cause;

pub use answer::{Answer, LookupRemarks};
pub use attempt::{AttemptLog, AttemptOperation, AttemptOutcome, GatewayAttempt, StoredAttempt};
pub use statement::{
    STATEMENT_BYTES_MAX, Statement, StatementBuilder, StatementEntry, StatementEntryKind, StatementFault,
    StatementFaults, StatementPeriod,
};

/// A payment as a gateway needs it, to charge it or to refer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The id of the transaction, which is the idempotency key of the charge.
    pub transaction: TransactionId,
    /// The gateway's reference of the payment; `None` until an answer, a lookup or a notice states it.
    pub reference: Option<GatewayReference>,
    /// The number of the order that it pays.
    pub order: OrderNumber,
    /// The gateway's token for the payment method.
    pub token: PaymentToken,
    /// The amount to authorise or capture, above zero.
    pub amount: Money,
    /// When the authorised money is captured.
    pub capture_method: CaptureMethod,
    /// When the payment was requested, by this service's clock.
    pub created_at: Timestamp,
    /// When this request was made, by this service's clock: of a charge as `created_at`, of a capture or a void the
    /// time of that. A repetition has the time of the first, and a new request after a refused one has another.
    pub requested_at: Timestamp,
    /// Whether it may have been sent before. Then a refusal says nothing about the earlier request.
    pub is_repeated: bool,
}

impl From<&Transaction> for Charge {
    /// The charge counts as repeated: only the use case that has just committed a payment knows that it is not.
    fn from(it: &Transaction) -> Self {
        Self {
            transaction: it.id.clone(),
            reference: it.reference().cloned(),
            order: it.order_number.clone(),
            token: it.token.clone(),
            amount: it.amount,
            capture_method: it.capture_method,
            created_at: it.created_at,
            requested_at: it.created_at,
            is_repeated: true,
        }
    }
}

/// A request for what a gateway knows, without an effect there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The payment, or the payment to which the refund belongs.
    pub charge: Charge,
    /// The payment itself, or one of its refunds.
    pub subject: LookupSubject,
}

/// The subject of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupSubject {
    /// The payment itself, with its capture or void.
    Payment,
    /// One refund that this service requested.
    Refund {
        /// The refund's id, which is its idempotency key.
        id: RefundId,
        /// The gateway's reference of the refund; `None` if it is not known.
        reference: Option<GatewayReference>,
        /// The requested amount.
        amount: Money,
    },
}

/// The result of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// The gateway knows the payment or refund.
    Found {
        /// The gateway's reference of the subject; `None` if the answer has none.
        reference: Option<GatewayReference>,
        /// All facts that the gateway knows of it, oldest first; empty while the gateway is still working on
        /// it.
        events: Vec<PaymentEvent>,
        /// What the buyer must still do; `None` if there is nothing to do, or the gateway does not repeat it.
        next_action: Option<NextAction>,
        /// What it states beside that.
        remarks: LookupRemarks,
    },
    /// The gateway never received the request: it had no effect, and has none unless it is sent again.
    Unknown,
    /// The gateway cannot look it up by the ids and references that are known, or not yet. It may exist or
    /// not.
    CannotTell,
}

/// The answer to [`Gateway::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayCheck {
    /// The gateway accepts the credentials. The sentence says what the account can do.
    Ready(String),
    /// The gateway refuses the credentials or the account, for this reason.
    Refused(String),
}

/// An amount that the gateway cannot take, whatever the payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// It captures only at once, or only later.
    #[error("the gateway does not support this capture method")]
    CaptureMethod,
    /// It does not take this currency.
    #[error("the gateway does not take this currency")]
    Currency,
    /// The amount is below or above what it takes, or has decimals that it cannot represent.
    #[error("the gateway does not take this amount")]
    Amount,
}

/// The gateway's answer did not arrive. The request may have had its effect; only a lookup can tell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoResponse {
    /// A single answer was lost. It does not count against the gateway's availability.
    #[error("the gateway's answer was lost")]
    Lost,
    /// The gateway cannot be reached, does not answer in time, or answers that it cannot serve now.
    #[error("the gateway is unavailable")]
    Unavailable(#[source] Cause),
}

impl NoResponse {
    /// The gateway is unavailable, for this reason.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(cause.into()))
    }
}

/// A notice whose signature is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The gateway's id of the event; a digest if the id is a card number.
    pub id: EventId,
    /// The text of the notice without card data, as [`Gateway::parse_notice`] reads it. Ids stay whole. An id
    /// that is a card number is replaced by its digest, so different ids stay different and equal ones stay
    /// equal.
    pub raw: String,
}

/// The content of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedNotice {
    /// A payment event.
    Event(Box<PaymentEvent>),
    /// A notice that adds no fact about a payment of this service: it only repeats what another notice states,
    /// reports a step without a result, or is about a payment that this service did not make. It is stored, has
    /// no effect, and makes no finding.
    Irrelevant {
        /// The type, cut to a limited length.
        kind: String,
    },
    /// A notice of a type that the adapter does not know.
    UnknownType {
        /// The type, cut to a limited length.
        kind: String,
    },
    /// A notice without the form of its type.
    Unintelligible {
        /// The reason, as a sentence for operators. It never repeats a value that was sent.
        fault: &'static str,
    },
}

/// The signature of a notice is missing or wrong, or its timestamp is too far from the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct InvalidSignature;

/// The headers of a notice, by lower-case name.
pub type NoticeHeaders = std::collections::HashMap<String, String>;

/// The response that a gateway expects when its notice is stored. After any other it sends the notice again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The HTTP status, 200 to 299.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body; empty if the gateway reads only the status.
    pub body: String,
}

/// A payment gateway. Requests are sent at least once, with an idempotency key. Neither an answer nor a
/// notice contains card data. Each method that calls the gateway records every request that it sends, and what
/// came back, in the log.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Returns the gateway's name, as it appears in URLs.
    fn name(&self) -> GatewayName;

    /// Returns whether the adapter accepts the token. It makes no call.
    fn accepts_token(&self, token: &str) -> bool;

    /// Checks whether the gateway can take this amount, of a payment, a capture or a refund. It makes no call.
    ///
    /// # Errors
    /// [`Unsupported`].
    fn supports(&self, amount: Money, capture_method: CaptureMethod) -> Result<(), Unsupported>;

    /// Returns the time after the first request during which the gateway recognises its key, so that the same
    /// request has no second effect. An adapter returns less than its gateway documents, because clocks
    /// differ and a request takes time.
    fn key_lifetime(&self) -> Duration;

    /// Returns whether a lookup cannot state what the buyer must do, and only the same charge again does. Then the
    /// service sends the charge of an open payment again, with the same key, while it knows no action.
    fn states_action_by_charge(&self) -> bool {
        false
    }

    /// Charges a payment: captures or authorises its amount, by its capture method. The transaction's id is
    /// the idempotency key.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn charge(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse>;

    /// Looks up a payment or a refund. It moves no money, however often it is called and whether or not the
    /// first request arrived. It may end a payment that was not made in time.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn look_up(&self, lookup: Lookup, log: &AttemptLog) -> Result<LookupAnswer, NoResponse>;

    /// Captures `amount` of the authorised money; the rest is released. The same call again is the same
    /// request.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn capture(&self, charge: Charge, amount: Money, log: &AttemptLog) -> Result<Answer, NoResponse>;

    /// Voids the authorisation. The same call again is the same request.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn void(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse>;

    /// Refunds `amount` of the captured money. The refund's id is the idempotency key.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse>;

    /// Verifies the signature of a notice, and that its timestamp is at most 300 s before or after `now`.
    ///
    /// # Errors
    /// [`InvalidSignature`]. It gives no reason, so that an attacker learns nothing.
    fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature>;

    /// Parses a notice. The result depends only on the arguments, because a stored notice is parsed again
    /// later. `received_at` replaces a missing timestamp. A member that the event does not need never makes
    /// the notice unintelligible.
    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice;

    /// Asks the gateway something that has no effect, with the configured credentials.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn check(&self, log: &AttemptLog) -> Result<GatewayCheck, NoResponse>;

    /// Returns the response to a notice that is stored; `duplicate` if it was stored before.
    fn acknowledge(&self, duplicate: bool) -> Acknowledgement;

    /// Parses a settlement file of the gateway, of at most [`STATEMENT_BYTES_MAX`] bytes. Card numbers in it
    /// appear nowhere in the result. Without an implementation the gateway has no such files.
    ///
    /// # Errors
    /// [`StatementFaults`] with line and column of what cannot be read.
    fn parse_statement(&self, _file: &[u8]) -> Result<Statement, StatementFaults> {
        Err(StatementFaults::of_file("this gateway has no settlement files that can be read"))
    }
}
