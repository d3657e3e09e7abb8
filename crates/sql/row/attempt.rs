use std::time::Duration;

use diesel::prelude::*;
use domain::{AttemptId, AttemptKey, RefundId, TransactionKey};
use ports::{AttemptOperation, AttemptOutcome, GatewayAttempt, StoredAttempt};

use super::TransactionHead;
use crate::sql::schema::gateway_attempts;
use crate::sql::value::SqlTimestamp;

/// An attempt at a gateway. `answer` is the answer, or the reason why there was none.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = gateway_attempts, treat_none_as_default_value = false)]
pub(crate) struct AttemptRow {
    id: i64,
    attempt_id: String,
    transaction_key: i64,
    refund_id: Option<String>,
    operation: String,
    request: String,
    outcome: String,
    http_status: Option<i64>,
    answer: String,
    started_at: SqlTimestamp,
    duration_ms: i64,
}

const ANSWERED: &str = "ANSWERED";
const FAILED: &str = "FAILED";

impl From<&StoredAttempt> for AttemptRow {
    fn from(it: &StoredAttempt) -> Self {
        let (outcome, status, answer) = match &it.attempt.outcome {
            AttemptOutcome::Answered { status, body } => (ANSWERED, *status, body),
            AttemptOutcome::Failed(reason) => (FAILED, None, reason),
        };
        Self {
            id: it.key.get(),
            attempt_id: it.id.as_str().to_owned(),
            transaction_key: it.transaction.get(),
            refund_id: it.refund.as_ref().map(|it| it.as_str().to_owned()),
            operation: it.operation.as_str().to_owned(),
            request: it.attempt.request.clone(),
            outcome: outcome.to_owned(),
            http_status: status.map(i64::from),
            answer: answer.clone(),
            started_at: it.attempt.sent_at.into(),
            duration_ms: i64::try_from(it.attempt.duration.as_millis()).unwrap_or(i64::MAX),
        }
    }
}

impl AttemptRow {
    /// The public id, which is the cursor of a page that ends with this row.
    pub(in crate::sql) fn public_id(&self) -> String {
        self.attempt_id.clone()
    }

    /// The attempt about the transaction `of`.
    pub(in crate::sql) fn into_attempt(self, of: &TransactionHead) -> QueryResult<StoredAttempt> {
        let row = of.row().sibling_row("gateway_attempts", self.id);
        let duration = row.require_value(u64::try_from(self.duration_ms).ok(), "duration_ms")?;
        let outcome = match self.outcome.as_str() {
            ANSWERED => {
                let status =
                    self.http_status.map(|it| row.require_value(u16::try_from(it).ok(), "http_status"));
                AttemptOutcome::Answered { status: status.transpose()?, body: self.answer }
            }
            FAILED => AttemptOutcome::Failed(self.answer),
            _unknown => return Err(row.unreadable_error("outcome")),
        };
        let attempt = GatewayAttempt {
            request: self.request,
            outcome,
            sent_at: row.read_timestamp(self.started_at, "started_at")?,
            duration: Duration::from_millis(duration),
        };
        Ok(StoredAttempt {
            key: AttemptKey::new(self.id),
            id: AttemptId::new(self.attempt_id),
            transaction: TransactionKey::new(self.transaction_key),
            refund: self.refund_id.map(RefundId::new),
            operation: row.require_value(AttemptOperation::parse(&self.operation), "operation")?,
            attempt,
        })
    }
}
