//! Refunds.

use crate::{Money, RefundId, RefundKey, Text, Timestamp, TransactionKey};

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundStatus {
    /// Asked for, no word yet.
    Pending,
    /// The money is back.
    Succeeded,
    /// The gateway refused.
    Failed,
}

impl RefundStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Succeeded, Self::Failed];

    /// The name in the record and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// Money on its way back, or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The row.
    pub key: RefundKey,
    /// The public id, which is also the gateway's idempotency key; the gateway's own id when the refund began there.
    pub id: RefundId,
    /// Of which transaction.
    pub transaction: TransactionKey,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
    /// Why, if anybody said.
    pub reason: Option<Text>,
    /// When it was asked for, or heard of.
    pub created_at: Timestamp,
    /// When to ask the gateway about it next; `None` when nothing is open.
    pub check_at: Option<Timestamp>,
    /// How often the gateway was asked in vain.
    pub checks: u32,
}
