//! Payment gateways: what every adapter has to promise, and nothing of what one of them needs for it.
//!
//! ```text
//!   use case ── charge, capture, void, refund ──► adapter ──► gateway      has an effect, once for each key
//!            ── look_up ────────────────────────►         ──►              has none
//!   gateway ── callback ──► verify, parse_notice ──► PaymentEvent ──► fold ──► acknowledge ──► gateway
//! ```
//!
//! Three promises make an adapter fit:
//!
//! 1. **The same id is the same request.** The transaction's id (with what is asked) is the idempotency key of charge,
//!    capture and void, the refund's id that of the refund. Within [`Gateway::key_lifetime`] asking again does the work at
//!    most once. After it no request is repeated.
//! 2. **Looking up changes nothing.** [`Gateway::look_up`] says what the gateway knows, by the gateway's own reference if we
//!    know it, otherwise by our id if the gateway can be asked by it.
//! 3. **An answer and a notice say the same.** Both are events, told apart by nothing but the way they came. Each names our
//!    transaction, or what the gateway calls it, and states every reference it has, so that the next one can be brief.
//!
//! An adapter puts our ids into what it asks for wherever the gateway takes them (`metadata`, `out_trade_no`), and names
//! them in its events: a name that is ours needs no luck to be understood.
//!
//! ```
//! use std::time::Duration;
//! use async_trait::async_trait;
//! use domain::{GatewayName, Money, RefundId, Timestamp};
//! use ports::{
//!     Acknowledgement, Answer, Charge, Gateway, InvalidSignature, Lookup, LookupAnswer, NoResponse, Notice,
//!     NoticeHeaders, ParsedNotice,
//! };
//!
//! /// A gateway without a connection, which knows no payment.
//! struct Idle;
//!
//! #[async_trait]
//! impl Gateway for Idle {
//!     fn name(&self) -> GatewayName {
//!         GatewayName::new("idle".to_owned())
//!     }
//!     fn accepts(&self, _: &str) -> bool {
//!         false
//!     }
//!     fn key_lifetime(&self) -> Duration {
//!         Duration::from_secs(23 * 60 * 60) // Documented are 24 h.
//!     }
//!     async fn charge(&self, _: Charge) -> Result<Answer, NoResponse> {
//!         Err(NoResponse::away("there is nothing to connect to"))
//!     }
//!     async fn capture(&self, charge: Charge, _: Money) -> Result<Answer, NoResponse> {
//!         self.charge(charge).await
//!     }
//!     async fn void(&self, charge: Charge) -> Result<Answer, NoResponse> {
//!         self.charge(charge).await
//!     }
//!     async fn refund(&self, charge: Charge, _: RefundId, _: Money) -> Result<Answer, NoResponse> {
//!         self.charge(charge).await
//!     }
//!     async fn look_up(&self, _: Lookup) -> Result<LookupAnswer, NoResponse> {
//!         Ok(LookupAnswer::Unknown)
//!     }
//!     fn verify(&self, _: &NoticeHeaders, _: &[u8], _: Timestamp) -> Result<Notice, InvalidSignature> {
//!         Err(InvalidSignature)
//!     }
//!     fn parse_notice(&self, _: &Notice, _: Timestamp) -> ParsedNotice {
//!         ParsedNotice::Unintelligible { fault: "It sends none." }
//!     }
//!     fn acknowledge(&self, _duplicate: bool) -> Acknowledgement {
//!         Acknowledgement { status: 200, content_type: "text/plain", body: "success".to_owned() }
//!     }
//! }
//! ```

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    EventId, GatewayName, Money, OrderNumber, RefundId, Timestamp, Transaction, TransactionId,
    payment::{CaptureMethod, Event, GatewayReference, PaymentToken},
};

use crate::Cause;

/// What a gateway is asked to pay, or about which payment it is asked. Its transaction id is the idempotency key: the
/// gateway does the same charge once, however often it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The transaction, and the idempotency key.
    pub transaction: TransactionId,
    /// What the gateway calls it, as soon as that is known.
    pub reference: Option<GatewayReference>,
    /// The order it pays.
    pub order: OrderNumber,
    /// The way to pay.
    pub token: PaymentToken,
    /// How much.
    pub amount: Money,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// When the payment was begun.
    pub created_at: Timestamp,
}

impl From<&Transaction> for Charge {
    fn from(it: &Transaction) -> Self {
        Self {
            transaction: it.id.clone(),
            reference: it.reference().cloned(),
            order: it.order_number.clone(),
            token: it.token.clone(),
            amount: it.amount,
            capture_method: it.capture_method,
            created_at: it.created_at,
        }
    }
}

/// What a gateway answered to what it was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is done, or refused: the event says which.
    Event(Box<Event>),
    /// It is taken on, and there is no word yet.
    Accepted {
        /// What the gateway calls the thing that was asked for (the payment, or the refund), if it says so.
        reference: Option<GatewayReference>,
    },
}

impl From<Event> for Answer {
    fn from(event: Event) -> Self {
        Self::Event(Box::new(event))
    }
}

/// About what a gateway is asked, without any effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The payment, or the one whose refund is meant. With its reference, if that is known.
    pub charge: Charge,
    /// Which thing of it.
    pub subject: LookupSubject,
}

/// Which thing of a payment is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupSubject {
    /// The payment itself, with what was captured of it, or that it was given up.
    Payment,
    /// One refund that was asked for here.
    Refund {
        /// Our id, the idempotency key of that refund.
        id: RefundId,
        /// What the gateway calls it, if that is known.
        reference: Option<GatewayReference>,
        /// How much was asked for.
        amount: Money,
    },
}

/// What a gateway knows of a thing that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// It knows the thing.
    Found {
        /// What it calls the thing, if it says so.
        reference: Option<GatewayReference>,
        /// Everything that has happened to it, oldest first; nothing while it is still being worked on.
        events: Vec<Event>,
    },
    /// It has never heard of the thing: whatever was asked had no effect, and will have none unless it is asked again.
    Unknown,
    /// It cannot be asked by what is known of the thing, or not yet: neither a yes nor a no.
    CannotTell,
}

/// The gateway's answer did not arrive: whether the work was done only a lookup can tell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoResponse {
    /// This one answer was lost. It says nothing against the gateway.
    #[error("the gateway's answer was lost")]
    Lost,
    /// The gateway cannot be reached, does not answer in time, or says that it cannot serve now.
    #[error("the gateway is away")]
    Away(#[source] Cause),
}

impl NoResponse {
    /// The gateway cannot be reached, for that reason.
    pub fn away(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Away(Arc::from(cause.into()))
    }
}

/// A genuine notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The gateway's id of the event; of one that is a card number, a digest.
    pub id: EventId,
    /// The notice itself, without card data; readable by [`Gateway::parse_notice`]. Ids in it are whole, but for one that is
    /// a card number, which is a digest, always the same: two ids stay two, and one stays one.
    pub raw: String,
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParsedNotice {
    /// This.
    Event(Box<Event>),
    /// Something of a type that is not known.
    UnknownType {
        /// The type, shortened.
        kind: String,
    },
    /// Nothing that its type promises.
    Unintelligible {
        /// What is wrong, without repeating what was sent.
        fault: &'static str,
    },
}

/// The notice's signature is missing, wrong, or its time stamp is too far off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct InvalidSignature;

/// The headers of a notice, by lower-case name.
pub type NoticeHeaders = std::collections::HashMap<String, String>;

/// What a gateway wants to hear when its notice is kept. Anything else makes it send the notice again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The HTTP status, 200 to 299.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body; empty where the status says everything.
    pub body: String,
}

/// A payment gateway. What it is asked may happen more than once on the way there: the promise across this border is
/// at-least-once with an idempotency key. Neither an answer nor a notice holds card data.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Its name, as it stands in a URL.
    fn name(&self) -> GatewayName;

    /// Whether it knows such a token.
    fn accepts(&self, token: &str) -> bool;

    /// For how long after a first request the gateway still knows its key, so that the same request again has no second
    /// effect. An adapter names less than what its gateway documents: clocks differ, and a request takes time.
    fn key_lifetime(&self) -> Duration;

    /// Asks to pay.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn charge(&self, charge: Charge) -> Result<Answer, NoResponse>;

    /// Asks what became of a payment or a refund. It has no effect at the gateway, however often it is asked and whether or
    /// not the first request arrived there.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn look_up(&self, lookup: Lookup) -> Result<LookupAnswer, NoResponse>;

    /// Asks to take that much of what is authorised; the rest is released. Asking again is the same request.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn capture(&self, charge: Charge, amount: Money) -> Result<Answer, NoResponse>;

    /// Asks to give the authorisation up. Asking again is the same request.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn void(&self, charge: Charge) -> Result<Answer, NoResponse>;

    /// Asks to give that much back. The refund's id is the idempotency key.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn refund(&self, charge: Charge, refund: RefundId, amount: Money) -> Result<Answer, NoResponse>;

    /// Tells whether a notice is genuine and fresh at `now` (its time stamp at most 300 s off, either way).
    ///
    /// # Errors
    /// [`InvalidSignature`], which says nothing more on purpose.
    fn verify(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature>;

    /// Reads what a notice says: the same now and when what was kept of it is tried again later. `received_at` stands in
    /// for a missing time. Members without which it can be understood never make it unintelligible.
    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice;

    /// What to answer when a notice is kept; `duplicate` when it had been kept before.
    fn acknowledge(&self, duplicate: bool) -> Acknowledgement;
}
