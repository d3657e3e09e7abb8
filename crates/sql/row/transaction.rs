use diesel::prelude::*;
use domain::{
    GatewayName, OrderKey, OrderNumber, Transaction, TransactionId, TransactionKey,
    payment::{Asked, Capture, CaptureMethod, Details, Facts, FactsRecord, PaymentToken},
};

use super::{DisputeRow, ReferenceRow, RefundRow, reading::Reading};
use crate::sql::read::each;
use crate::sql::schema::payment_transactions;
use crate::sql::value::{Parts, Stamp};

/// A transaction without its refunds and disputes. `status`, `refunded_amount`, `disputed_amount` and `occupies_order`
/// follow from the rest; they are kept for the keys and checks of the schema, for the sweeps, and for a reader of the
/// database.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = payment_transactions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(in crate::sql) struct TransactionRow {
    pub(in crate::sql) id: i64,
    order_id: String,
    transaction_id: String,
    status: String,
    amount: Parts,
    currency: String,
    card_last4: Option<String>,
    card_brand: Option<String>,
    authorization_code: Option<String>,
    captured_amount: Option<Parts>,
    captured_at: Option<Stamp>,
    failure_reason: Option<String>,
    response_code: Option<String>,
    created_at: Stamp,
    updated_at: Stamp,
    order_key: i64,
    sequence: i64,
    gateway: String,
    token: String,
    capture_method: String,
    authorized_at: Option<Stamp>,
    failed_at: Option<Stamp>,
    voided_at: Option<Stamp>,
    surplus: bool,
    displaced: bool,
    asked: Option<String>,
    asked_amount: Option<Parts>,
    refunded_amount: Parts,
    disputed_amount: Option<Parts>,
    occupies_order: Option<i64>,
    check_at: Option<Stamp>,
    checks: i64,
}

const CAPTURE: &str = "CAPTURE";
const VOID: &str = "VOID";

impl From<&Transaction> for TransactionRow {
    fn from(transaction: &Transaction) -> Self {
        let (facts, details) = (transaction.facts.record(), &transaction.details);
        let disputed = (!facts.disputes.is_empty()).then(|| transaction.disputed());
        let (asked, asked_amount) = match transaction.asked {
            Some(Asked::Capture(amount)) => (Some(CAPTURE), Some(Parts::from(amount))),
            Some(Asked::Void) => (Some(VOID), None),
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
            token: transaction.token.expose().to_owned(),
            capture_method: transaction.capture_method.as_str().to_owned(),
            authorized_at: facts.authorized_at.map(Stamp::from),
            failed_at: facts.failed_at.map(Stamp::from),
            voided_at: facts.voided_at.map(Stamp::from),
            surplus: facts.surplus,
            displaced: facts.displaced,
            asked: asked.map(str::to_owned),
            asked_amount,
            refunded_amount: transaction.refunded().into(),
            disputed_amount: disputed.map(Parts::from),
            occupies_order: transaction.occupies_order().then(|| transaction.order.get()),
            check_at: transaction.check_at.map(Stamp::from),
            checks: i64::from(transaction.checks),
        }
    }
}

impl TransactionRow {
    /// Whether there are words about disputes to be read.
    pub(in crate::sql) const fn has_disputes(&self) -> bool {
        self.disputed_amount.is_some()
    }

    /// The transaction with its refunds, which must come oldest first, all words about its disputes, and its references in
    /// the order learnt.
    pub(in crate::sql) fn read(
        self,
        refunds: Vec<RefundRow>,
        disputes: Vec<DisputeRow>,
        references: Vec<ReferenceRow>,
    ) -> QueryResult<Transaction> {
        let row = self.row();
        Ok(Transaction {
            amount: row.money(self.amount, &self.currency, "amount")?,
            facts: self.facts(disputes)?,
            sequence: row.count(self.sequence, "sequence")?,
            asked: self.asked()?,
            capture_method: row.known(CaptureMethod::parse(&self.capture_method), "capture_method")?,
            checks: row.count(self.checks, "checks")?,
            refunds: each(refunds, |it| it.read(row, &self.currency))?,
            references: each(references, |it| it.read(row))?,
            created_at: row.moment(self.created_at, "created_at")?,
            updated_at: row.moment(self.updated_at, "updated_at")?,
            check_at: row.any_moment(self.check_at, "check_at")?,
            key: TransactionKey::new(self.id),
            id: TransactionId::new(self.transaction_id),
            order: OrderKey::new(self.order_key),
            order_number: OrderNumber::new(self.order_id),
            gateway: GatewayName::new(self.gateway),
            token: PaymentToken::new(self.token),
            details: Details {
                card_last4: self.card_last4,
                card_brand: self.card_brand,
                authorization_code: self.authorization_code,
                response_code: self.response_code,
                failure_reason: self.failure_reason,
            },
        })
    }

    fn row(&self) -> Reading<'_> {
        Reading::of("payment_transactions", self.id).of_transaction(&self.transaction_id, &self.order_id)
    }

    fn facts(&self, disputes: Vec<DisputeRow>) -> QueryResult<Facts> {
        let row = self.row();
        let amount = self.captured_amount.map(|it| row.money(it, &self.currency, "captured_amount"));
        let captured_at = row.any_moment(self.captured_at, "captured_at")?;
        let capture = amount.transpose()?.zip(captured_at);
        let record = FactsRecord {
            authorized_at: row.any_moment(self.authorized_at, "authorized_at")?,
            capture: capture.map(|(amount, at)| Capture { amount, at }),
            failed_at: row.any_moment(self.failed_at, "failed_at")?,
            voided_at: row.any_moment(self.voided_at, "voided_at")?,
            surplus: self.surplus,
            displaced: self.displaced,
            disputes: each(disputes, |it| it.read(row, &self.currency))?,
        };
        row.known(Facts::restore(record).ok(), "captured_amount")
    }

    fn asked(&self) -> QueryResult<Option<Asked>> {
        let row = self.row();
        match (self.asked.as_deref(), self.asked_amount) {
            (None, None) => Ok(None),
            (Some(VOID), None) => Ok(Some(Asked::Void)),
            (Some(CAPTURE), Some(amount)) => {
                row.money(amount, &self.currency, "asked_amount").map(|it| Some(Asked::Capture(it)))
            }
            (Some(_) | None, _) => Err(row.unreadable("asked")),
        }
    }
}
