//! Payment gateways.

use async_trait::async_trait;
use domain::{
    EventId, GatewayName, Money, OrderNumber, RefundId, Timestamp, Transaction, TransactionId,
    payment::{CaptureMethod, PaymentEvent, PaymentToken},
};

/// What a gateway is asked to pay. Its transaction id is the idempotency key: the gateway does the same charge once,
/// however often it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The transaction, and the idempotency key.
    pub transaction: TransactionId,
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
            order: it.order_number.clone(),
            token: it.token.clone(),
            amount: it.amount,
            capture_method: it.capture_method,
            created_at: it.created_at,
        }
    }
}

/// The gateway's answer did not arrive: whether the work was done only asking again can tell.
#[derive(Debug, thiserror::Error)]
#[error("the gateway did not answer")]
pub struct NoResponse;

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
    Event(Box<PaymentEvent>),
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

/// A payment gateway. What it is asked may happen more than once on the way there: the promise across this border is
/// at-least-once with an idempotency key. Answers are events, so that an answer and a notice about the same thing have
/// the same effect; `Ok(None)` means that the gateway has taken it on but has no word yet. Neither an answer nor a notice
/// holds card data.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Its name, as it stands in a URL.
    fn name(&self) -> GatewayName;

    /// Whether it knows such a token.
    fn accepts_token(&self, token: &str) -> bool;

    /// Asks to pay.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn charge(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse>;

    /// Asks what became of a charge, by asking for it again with the same idempotency key.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn retry_charge(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse>;

    /// Asks to take that much of what is authorised; the rest is released. Asking again is the same request.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn capture(&self, charge: Charge, amount: Money) -> Result<Option<PaymentEvent>, NoResponse>;

    /// Asks to give the authorisation up. Asking again is the same request.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn void(&self, charge: Charge) -> Result<Option<PaymentEvent>, NoResponse>;

    /// Asks to give that much back. The refund's id is the idempotency key.
    ///
    /// # Errors
    /// [`NoResponse`].
    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
    ) -> Result<Option<PaymentEvent>, NoResponse>;

    /// Tells whether a notice is genuine and fresh at `now` (its time stamp at most 300 s off, either way).
    ///
    /// # Errors
    /// [`InvalidSignature`], which says nothing more on purpose.
    fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature>;

    /// Reads what a notice says: the same now and when what was kept of it is tried again later. `received_at` stands in
    /// for a missing time. Members without which it can be understood never make it unintelligible.
    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice;
}
