//! What simulated clients ask for.

use domain::order::OrderStatus;

/// A request, as its client means it. Its text is its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Places an order for pieces of products.
    Place {
        /// Position in the catalogue and pieces, in the order of the request.
        lines: Vec<(usize, u32)>,
    },
    /// Pays an order.
    Pay {
        /// The number of the order.
        order: String,
        /// One of the gateway's tokens.
        token: &'static str,
        /// Whether the money is only held at first.
        is_manual: bool,
    },
    /// Changes the status of an order.
    Move {
        /// The number of the order.
        order: String,
        /// The status to reach.
        to: OrderStatus,
        /// The version that the client saw; `None` names none.
        version: Option<i64>,
    },
    /// Captures a held payment; `None` is all of it.
    Capture {
        /// The id of the transaction.
        payment: String,
        /// A plain decimal number.
        amount: Option<String>,
    },
    /// Gives a held payment up.
    Void {
        /// The id of the transaction.
        payment: String,
    },
    /// Pays captured money back; `None` is all that is left.
    Refund {
        /// The id of the transaction.
        payment: String,
        /// A plain decimal number.
        amount: Option<String>,
    },
    /// Adds pieces to the stock of a product, or takes them out.
    Adjust {
        /// Position in the catalogue.
        product: usize,
        /// The number of pieces; negative takes them out.
        by: i64,
    },
    /// Shows an order. It has no idempotency key.
    Read {
        /// The number of the order.
        order: String,
        /// Whether it is read as it was last rendered.
        is_rendered: bool,
    },
}

impl Command {
    /// The route, which the key is scoped to.
    pub(crate) const fn route(&self) -> &'static str {
        match self {
            Self::Place { .. } => "POST /v1/orders",
            Self::Pay { .. } => "POST /v1/orders/{orderNumber}/payments",
            Self::Move { .. } => "POST /v1/orders/{orderNumber}/transitions",
            Self::Capture { .. } => "POST /v1/payments/{transactionId}/captures",
            Self::Void { .. } => "POST /v1/payments/{transactionId}/voids",
            Self::Refund { .. } => "POST /v1/payments/{transactionId}/refunds",
            Self::Adjust { .. } => "POST /v1/products/{productId}/stock-adjustments",
            Self::Read { .. } => "GET /v1/orders/{orderNumber}",
        }
    }

    /// The name of the step, for traces and coverage.
    pub(crate) const fn step(&self) -> &'static str {
        match self {
            Self::Place { .. } => "place",
            Self::Pay { .. } => "pay",
            Self::Move { .. } => "move",
            Self::Capture { .. } => "capture",
            Self::Void { .. } => "void",
            Self::Refund { .. } => "refund",
            Self::Adjust { .. } => "adjust",
            Self::Read { .. } => "read",
        }
    }
}

/// A request of one client, with its key. It is sent once or many times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientRequest {
    /// Position among the people of the world.
    pub(crate) person: usize,
    /// The idempotency key, as the client writes it.
    pub(crate) key: String,
    /// The request itself.
    pub(crate) command: Command,
}

/// What a client learns of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is done; the body, and whether it was done before.
    Done {
        /// The body, byte for byte.
        body: String,
        /// Whether it is a stored reply.
        is_replay: bool,
    },
    /// It was refused, for this reason.
    Refused(&'static str),
    /// The key belongs to another request.
    Reused,
    /// Nothing is known: the client may try again.
    Unknown,
}
