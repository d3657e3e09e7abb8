//! What this process has committed about payments a moment ago.
//!
//! A gateway sends a notice of what it has just answered. The facts of a payment are never withdrawn, so a notice that
//! repeats a fact which this process has committed repeats it whatever was committed since. Such a notice is stored
//! without reading its order again. Nothing else is decided on a remembered case.

use std::{sync::Arc, time::Duration};

use domain::{
    GatewayName, Transaction, TransactionId,
    order::{Metadata, OrderDetails},
    payment::{EventTarget, PaymentEvent, PaymentStatus},
};
use moka::sync::Cache;
use ports::PaymentCase;

use super::{assess::assess_known, gateway_calls::GatewayReport};
use crate::App;

/// How many parts all cases together may have, lines of orders and payments: some 10 MiB.
const PARTS_MAX: u64 = 16_384;
/// How long a case is remembered, 60 s: gateways send the first notice within seconds.
const TTL: Duration = Duration::from_secs(60);

/// The cases of payments as this process has last committed them.
pub struct RecentCases(Cache<TransactionId, Arc<PaymentCase>>);

impl Default for RecentCases {
    fn default() -> Self {
        let cases = Cache::builder()
            .max_capacity(PARTS_MAX)
            .weigher(|_, case: &Arc<PaymentCase>| count_parts(case))
            .time_to_live(TTL)
            .build();
        Self(cases)
    }
}

impl RecentCases {
    /// Remembers the case of a transaction, which was committed just now.
    pub(super) fn put_case(&self, id: &TransactionId, mut case: PaymentCase) {
        // No repetition is recognised by what clients store, and they may store much.
        case.order.details = OrderDetails::default();
        for transaction in &mut case.transactions {
            transaction.metadata = Metadata::default();
            transaction.refunds.iter_mut().for_each(|it| it.metadata = Metadata::default());
        }
        self.0.insert(id.clone(), Arc::new(case));
    }

    fn find_case(&self, id: &TransactionId) -> Option<Arc<PaymentCase>> {
        self.0.get(id)
    }
}

fn count_parts(case: &PaymentCase) -> u32 {
    let parts = case.order.items.len().saturating_add(case.transactions.len());
    u32::try_from(parts).unwrap_or(u32::MAX)
}

/// Whether the event only repeats an authorisation or a capture that this process has committed, with all that the event
/// says beside it. `false` says nothing.
pub(crate) fn repeats_recent_fact(app: &App, gateway: &GatewayName, event: &PaymentEvent) -> bool {
    let EventTarget::Transaction(id) = &event.target else { return false };
    let Some(case) = app.recent_cases.find_case(id) else { return false };
    // The most frequent answer, before the case is copied: no fact is recorded that could be repeated.
    let is_pending = |it: &Transaction| it.id == *id && it.status() == PaymentStatus::Pending;
    if case.transactions.iter().any(is_pending) {
        return false;
    }
    // The case may be old. That adds no risk: a commit could come between a fresh read and the commit as well, and a
    // repetition stays one. A reference that the event teaches is no repetition, so whose it is need not be asked.
    let report = GatewayReport::from(vec![event.clone()]);
    assess_known(app, case.as_ref().clone(), id, &report)
        .is_some_and(|it| it.case.transaction.gateway == *gateway && it.is_repetition(event.kind))
}
