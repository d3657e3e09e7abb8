use diesel::prelude::*;
use domain::{
    GatewayName, OrderKey, OrderNumber, Refund, Transaction, TransactionId, TransactionKey,
    payment::{
        Capture, CaptureMethod, PaymentDetails, PaymentFacts, PaymentToken, PendingOperation, RawFacts,
    },
};

use super::{
    DisputeRow, ReferenceRow, RefundRow, details::read_json, next_action::parse_action, read_rows,
    reader::RowReader,
};
use crate::sql::schema::payment_transactions;
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// The columns of a transaction that its refunds and requests need.
#[derive(Queryable, Selectable)]
#[diesel(table_name = payment_transactions)]
pub(in crate::sql) struct TransactionHead {
    pub(in crate::sql) id: i64,
    order_id: String,
    transaction_id: String,
    currency: String,
}

impl TransactionHead {
    /// One of its refunds.
    pub(in crate::sql) fn read_refund(&self, refund: RefundRow) -> QueryResult<Refund> {
        refund.into_refund(self.row(), &self.currency)
    }

    /// The public id of the transaction.
    pub(in crate::sql) fn public_id(&self) -> TransactionId {
        TransactionId::new(self.transaction_id.clone())
    }

    /// Its row, while what belongs to it is read.
    pub(super) fn row(&self) -> RowReader<'_> {
        RowReader::new("payment_transactions", self.id).with_transaction(&self.transaction_id, &self.order_id)
    }

    /// The currency of all that belongs to it.
    pub(super) fn currency(&self) -> &str {
        &self.currency
    }
}

/// A transaction without its refunds and disputes. `status`, `refunded_amount`, `disputed_amount` and `occupies_order`
/// follow from the rest; they are kept for the keys and checks of the schema, for the sweeps, and for a reader of the
/// database.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payment_transactions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct TransactionRow {
    pub(crate) id: i64,
    order_id: String,
    transaction_id: String,
    pub(crate) status: String,
    amount: SqlAmount,
    currency: String,
    pub(crate) card_last4: Option<String>,
    pub(crate) card_brand: Option<String>,
    pub(crate) authorization_code: Option<String>,
    pub(crate) captured_amount: Option<SqlAmount>,
    pub(crate) captured_at: Option<SqlTimestamp>,
    pub(crate) failure_reason: Option<String>,
    pub(crate) response_code: Option<String>,
    created_at: SqlTimestamp,
    pub(crate) updated_at: SqlTimestamp,
    order_key: i64,
    pub(in crate::sql) sequence: i64,
    gateway: String,
    token: String,
    capture_method: String,
    pub(crate) authorized_at: Option<SqlTimestamp>,
    pub(crate) failed_at: Option<SqlTimestamp>,
    pub(crate) voided_at: Option<SqlTimestamp>,
    pub(crate) surplus: bool,
    pub(crate) displaced: bool,
    pub(crate) asked: Option<String>,
    pub(crate) asked_amount: Option<SqlAmount>,
    pub(crate) refunded_amount: SqlAmount,
    pub(crate) disputed_amount: Option<SqlAmount>,
    pub(crate) occupies_order: Option<i64>,
    pub(crate) check_at: Option<SqlTimestamp>,
    pub(crate) checks: i64,
}

const CAPTURE: &str = "CAPTURE";
const VOID: &str = "VOID";

impl From<&Transaction> for TransactionRow {
    fn from(transaction: &Transaction) -> Self {
        let (facts, details) = (transaction.facts.as_raw(), &transaction.details);
        let disputed = (!facts.disputes.is_empty()).then(|| transaction.disputed_amount());
        let (asked, asked_amount) = match transaction.pending_operation {
            Some(PendingOperation::Capture(amount)) => (Some(CAPTURE), Some(SqlAmount::from(amount))),
            Some(PendingOperation::Void) => (Some(VOID), None),
            None => (None, None),
        };
        Self {
            id: transaction.key.get(),
            order_id: transaction.order_number.as_str().to_owned(),
            transaction_id: transaction.id.as_str().to_owned(),
            status: transaction.status().as_str().to_owned(),
            amount: transaction.amount.into(),
            currency: transaction.amount.currency().code().to_owned(),
            card_last4: details.card_last4.clone(),
            card_brand: details.card_brand.clone(),
            authorization_code: details.authorization_code.clone(),
            captured_amount: facts.capture.map(|it| it.amount.into()),
            captured_at: facts.capture.map(|it| it.at.into()),
            failure_reason: details.failure_reason.clone(),
            response_code: details.response_code.clone(),
            created_at: transaction.created_at.into(),
            updated_at: transaction.updated_at.into(),
            order_key: transaction.order.get(),
            sequence: i64::from(transaction.sequence),
            gateway: transaction.gateway.as_str().to_owned(),
            token: transaction.token.expose_secret().to_owned(),
            capture_method: transaction.capture_method.as_str().to_owned(),
            authorized_at: facts.authorized_at.map(SqlTimestamp::from),
            failed_at: facts.failed_at.map(SqlTimestamp::from),
            voided_at: facts.voided_at.map(SqlTimestamp::from),
            surplus: facts.surplus,
            displaced: facts.displaced,
            asked: asked.map(str::to_owned),
            asked_amount,
            refunded_amount: transaction.refunded_amount().into(),
            disputed_amount: disputed.map(SqlAmount::from),
            occupies_order: transaction.occupies_order().then(|| transaction.order.get()),
            check_at: transaction.check_at.map(SqlTimestamp::from),
            checks: i64::from(transaction.checks),
        }
    }
}

impl TransactionRow {
    /// The public id, which is also the cursor of lists.
    pub(in crate::sql) fn public_id(&self) -> String {
        self.transaction_id.clone()
    }

    /// Whether refunds may be stored for this transaction: there are none before its capture.
    pub(in crate::sql) const fn may_have_refunds(&self) -> bool {
        self.captured_amount.is_some()
    }

    /// Whether dispute events are stored for this transaction.
    pub(in crate::sql) const fn has_disputes(&self) -> bool {
        self.disputed_amount.is_some()
    }

    /// The transaction with its next action and its metadata as they are stored, its refunds, which must be sorted oldest first, and all
    /// its dispute events.
    pub(in crate::sql) fn into_transaction(
        self,
        action: Option<String>,
        metadata: Option<String>,
        refunds: Vec<RefundRow>,
        disputes: Vec<DisputeRow>,
        references: Vec<ReferenceRow>,
    ) -> QueryResult<Transaction> {
        let row = self.row_reader();
        let action = action.map(|it| {
            let action = row.sibling_row("payment_next_actions", self.id);
            action.require_value(parse_action(&it), "content")
        });
        Ok(Transaction {
            next_action: action.transpose()?,
            metadata: read_json(row.sibling_row("payment_metadata", self.id), metadata, "content")?
                .unwrap_or_default(),
            amount: row.read_money(self.amount, &self.currency, "amount")?,
            facts: self.read_facts(disputes)?,
            sequence: row.read_count(self.sequence, "sequence")?,
            pending_operation: self.read_asked_action()?,
            capture_method: row
                .require_value(CaptureMethod::parse(&self.capture_method), "capture_method")?,
            checks: row.read_count(self.checks, "checks")?,
            refunds: read_rows(refunds, |it| it.into_refund(row, &self.currency))?,
            references: read_rows(references, |it| it.into_reference(row))?,
            created_at: row.read_timestamp(self.created_at, "created_at")?,
            updated_at: row.read_timestamp(self.updated_at, "updated_at")?,
            check_at: row.read_optional_timestamp(self.check_at, "check_at")?,
            key: TransactionKey::new(self.id),
            id: TransactionId::new(self.transaction_id),
            order: OrderKey::new(self.order_key),
            order_number: OrderNumber::new(self.order_id),
            gateway: GatewayName::new(self.gateway),
            token: PaymentToken::new(self.token),
            details: PaymentDetails {
                card_last4: self.card_last4,
                card_brand: self.card_brand,
                authorization_code: self.authorization_code,
                response_code: self.response_code,
                failure_reason: self.failure_reason,
            },
        })
    }

    fn row_reader(&self) -> RowReader<'_> {
        RowReader::new("payment_transactions", self.id).with_transaction(&self.transaction_id, &self.order_id)
    }

    fn read_facts(&self, disputes: Vec<DisputeRow>) -> QueryResult<PaymentFacts> {
        let row = self.row_reader();
        let amount = self.captured_amount.map(|it| row.read_money(it, &self.currency, "captured_amount"));
        let captured_at = row.read_optional_timestamp(self.captured_at, "captured_at")?;
        let capture = amount.transpose()?.zip(captured_at);
        let record = RawFacts {
            authorized_at: row.read_optional_timestamp(self.authorized_at, "authorized_at")?,
            capture: capture.map(|(amount, at)| Capture { amount, at }),
            failed_at: row.read_optional_timestamp(self.failed_at, "failed_at")?,
            voided_at: row.read_optional_timestamp(self.voided_at, "voided_at")?,
            surplus: self.surplus,
            displaced: self.displaced,
            disputes: read_rows(disputes, |it| it.into_dispute_event(row, &self.currency))?,
        };
        // The domain refuses facts that cannot be true together. Most of them concern the capture, so that
        // is the column which the finding names.
        row.require_value(PaymentFacts::from_raw(record).ok(), "captured_amount")
    }

    fn read_asked_action(&self) -> QueryResult<Option<PendingOperation>> {
        let row = self.row_reader();
        match (self.asked.as_deref(), self.asked_amount) {
            (None, None) => Ok(None),
            (Some(VOID), None) => Ok(Some(PendingOperation::Void)),
            (Some(CAPTURE), Some(amount)) => row
                .read_money(amount, &self.currency, "asked_amount")
                .map(|it| Some(PendingOperation::Capture(it))),
            // An operation without its amount, or with one too many, was not written by this program.
            // Guessing here could capture money twice.
            (Some(_) | None, _) => Err(row.unreadable_error("asked")),
        }
    }
}
