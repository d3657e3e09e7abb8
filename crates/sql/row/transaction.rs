use diesel::prelude::*;
use domain::{
    GatewayName, OrderKey, OrderNumber, Timestamp, Transaction, TransactionId, TransactionKey,
    payment::{Asked, CaptureMethod, Details, Dispute, Facts, PaymentToken},
};

use super::{RefundRow, count, known, money, unreadable};
use crate::sql::schema::payment_transactions;
use crate::sql::value::{Parts, Stamp};

/// A transaction without its refunds. `status`, `refunded_amount` and `occupies_order` follow from the rest; they are
/// kept for the keys and checks of the schema, for the sweeps, and for whoever looks into the database.
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
    gateway: String,
    token: String,
    capture_method: String,
    authorized: bool,
    failed: bool,
    voided: bool,
    dispute: String,
    surplus: bool,
    displaced: bool,
    asked: Option<String>,
    asked_amount: Option<Parts>,
    refunded_amount: Parts,
    occupies_order: Option<i64>,
    check_at: Option<Stamp>,
    checks: i64,
}

const CAPTURE: &str = "CAPTURE";
const VOID: &str = "VOID";

impl From<&Transaction> for TransactionRow {
    fn from(transaction: &Transaction) -> Self {
        let (facts, details) = (&transaction.facts, &transaction.details);
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
            captured_amount: facts.captured.map(Parts::from),
            captured_at: transaction.captured_at.map(Stamp::from),
            failure_reason: details.failure_reason.clone(),
            response_code: details.response_code.clone(),
            created_at: transaction.created_at.into(),
            updated_at: transaction.updated_at.into(),
            order_key: transaction.order.get(),
            gateway: transaction.gateway.as_str().to_owned(),
            token: transaction.token.expose().to_owned(),
            capture_method: transaction.capture_method.as_str().to_owned(),
            authorized: facts.authorized,
            failed: facts.failed,
            voided: facts.voided,
            dispute: facts.dispute.as_str().to_owned(),
            surplus: facts.surplus,
            displaced: facts.displaced,
            asked: asked.map(str::to_owned),
            asked_amount,
            refunded_amount: transaction.refunded().into(),
            occupies_order: transaction.occupies_order().then(|| transaction.order.get()),
            check_at: transaction.check_at.map(Stamp::from),
            checks: i64::from(transaction.checks),
        }
    }
}

impl TransactionRow {
    /// The transaction with its refunds, which must come oldest first.
    pub(in crate::sql) fn read(self, refunds: Vec<RefundRow>) -> QueryResult<Transaction> {
        let amount = money(self.amount, &self.currency, "payment_transactions.amount")?;
        Ok(Transaction {
            facts: self.facts()?,
            asked: self.asked()?,
            capture_method: known(
                CaptureMethod::parse(&self.capture_method),
                "payment_transactions.capture_method",
            )?,
            checks: count(self.checks, "payment_transactions.checks")?,
            refunds: refunds.into_iter().map(|it| it.read(&self.currency)).collect::<QueryResult<_>>()?,
            amount,
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
            captured_at: self.captured_at.map(Timestamp::from),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
            check_at: self.check_at.map(Timestamp::from),
        })
    }

    fn facts(&self) -> QueryResult<Facts> {
        let captured =
            self.captured_amount.map(|it| money(it, &self.currency, "payment_transactions.captured_amount"));
        Ok(Facts {
            authorized: self.authorized,
            captured: captured.transpose()?,
            failed: self.failed,
            voided: self.voided,
            dispute: known(Dispute::parse(&self.dispute), "payment_transactions.dispute")?,
            surplus: self.surplus,
            displaced: self.displaced,
        })
    }

    fn asked(&self) -> QueryResult<Option<Asked>> {
        match (self.asked.as_deref(), self.asked_amount) {
            (None, None) => Ok(None),
            (Some(VOID), None) => Ok(Some(Asked::Void)),
            (Some(CAPTURE), Some(amount)) => {
                money(amount, &self.currency, "payment_transactions.asked_amount")
                    .map(|it| Some(Asked::Capture(it)))
            }
            (Some(_) | None, _) => Err(unreadable("payment_transactions.asked")),
        }
    }
}
