//! What a buyer must do before a payment can have a result.

use std::{collections::BTreeMap, fmt};

use super::{PaymentStatus, Transaction, TransactionChange};

/// What the buyer must do next, as the gateway asks for it. A payment has one only while it is `PENDING`.
///
/// Its content lets the buyer pay, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub enum NextAction {
    /// Open this page, which asks for the payment or authenticates the buyer.
    Redirect {
        /// The address of the page, `https`.
        url: String,
    },
    /// Show this text as a QR code; the buyer scans it with the gateway's app.
    QrCode {
        /// The text of the code.
        content: String,
    },
    /// Pass these parameters to the gateway's client library or app.
    ClientSdk {
        /// The parameters by name, as the library expects them.
        parameters: BTreeMap<String, String>,
    },
}

impl NextAction {
    /// The longest content that is stored and shown, in bytes.
    pub const BYTES_MAX: usize = 8 * 1024;

    /// The length of its texts, names of parameters included, in bytes.
    #[must_use]
    pub fn content_bytes(&self) -> usize {
        match self {
            Self::Redirect { url } => url.len(),
            Self::QrCode { content } => content.len(),
            Self::ClientSdk { parameters } => {
                parameters.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum()
            }
        }
    }

    /// The name of the kind, in the database and in JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Redirect { .. } => "REDIRECT",
            Self::QrCode { .. } => "QR_CODE",
            Self::ClientSdk { .. } => "CLIENT_SDK",
        }
    }
}

impl fmt::Debug for NextAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NextAction({}, …)", self.kind())
    }
}

impl Transaction {
    /// What the buyer must do next; `None` if there is nothing to do, or the payment is not `PENDING` any more.
    #[must_use]
    pub fn next_action(&self) -> Option<&NextAction> {
        self.next_action.as_ref().filter(|_| self.status() == PaymentStatus::Pending)
    }
}

impl TransactionChange {
    /// Replaces the next action by what the gateway has just stated. A statement without one changes nothing: not
    /// every gateway repeats it in a lookup. The last statement wins while the payment is `PENDING`.
    pub fn replace_next_action(&mut self, stated: Option<NextAction>) {
        if stated.is_some() && self.transaction.status() == PaymentStatus::Pending {
            self.transaction.next_action = stated;
        }
    }

    /// Returns the next action to store instead of the one that was read: `Some(None)` if the one that was read has
    /// become pointless, `None` if nothing has changed.
    #[must_use]
    pub fn new_next_action(&self) -> Option<Option<NextAction>> {
        let present = self.transaction.next_action();
        (present != self.next_action_read.as_ref()).then(|| present.cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_the_buyer_pay_is_not_in_a_log() {
        let secret = "secret_of_the_buyer".to_owned();
        for action in [
            NextAction::Redirect { url: secret.clone() },
            NextAction::QrCode { content: secret.clone() },
            NextAction::ClientSdk {
                parameters: BTreeMap::from([("clientSecret".to_owned(), secret.clone())]),
            },
        ] {
            let text = format!("{action:?}");
            assert!(text.contains(action.kind()) && !text.contains(&secret), "{text}");
            assert!(action.content_bytes() >= secret.len());
        }
    }
}
