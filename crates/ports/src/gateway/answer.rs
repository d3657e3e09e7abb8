use domain::payment::{GatewayReference, NextAction, PaymentDetails, PaymentEvent, ReportedAmount};

/// A gateway's answer to a charge, a capture, a void or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The request has a result, which is the event: it was done, or the payment was refused, or the gateway
    /// accepted the refund earlier and it has failed since.
    Event(Box<PaymentEvent>),
    /// The gateway has accepted the request, and the result is open.
    Accepted {
        /// The gateway's reference of the payment, or of the refund for a refund; `None` if the answer has
        /// none.
        reference: Option<GatewayReference>,
        /// What the buyer must do before there is a result; `None` if there is nothing to do.
        next_action: Option<NextAction>,
    },
    /// The gateway refused this request for a refund, and does not know such a refund. The details say why.
    // No event: it is no report about a refund. An earlier request with the same key may still be under way, and
    // whatever the gateway reports of that one is the truth.
    RefundRefused(Box<PaymentDetails>),
    /// The gateway refused this capture or void for good, and still holds the authorised money. The details say why.
    /// A payment that is not held any more is an event instead.
    OperationRefused(Box<PaymentDetails>),
}

impl From<PaymentEvent> for Answer {
    fn from(event: PaymentEvent) -> Self {
        Self::Event(Box::new(event))
    }
}

/// What a lookup states that is no fact about one operation of this service. It is compared and reported, never
/// applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookupRemarks {
    /// What a person has to decide at the gateway before there is a result, as a sentence for operators; `None` if the
    /// gateway continues without one.
    pub decision: Option<&'static str>,
    /// How much of the payment the gateway has given back in all, also by refunds that began there; `None` if it does
    /// not say.
    pub refunded: Option<ReportedAmount>,
    /// Whether the payment is disputed, or was.
    pub is_disputed: bool,
}
