use std::{mem, sync::Arc};

use ports::{MockPaymentRepository, UnreadableRow};

use super::*;
use crate::sweeps::{apply_parked_events, report_overdue_events};

#[tokio::test]
async fn a_notice_about_a_row_that_cannot_be_read_is_parked_until_it_is_mended() {
    let mut it = bench(order(), pending());
    let mut payments = MockPaymentRepository::new();
    let row = UnreadableRow { table: "payment_transactions", column: "status", key: "1".into(), owner: None };
    payments.expect_find_cases().returning(move |_| Err(PortError::Unreadable(row.clone())));
    let readable = mem::replace(&mut it.app.payments, Arc::new(payments));
    for duplicate in [false, true] {
        assert_eq!(receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap(), duplicate);
    }
    assert_eq!(kept_as(&it), [EventDisposition::Parked]);
    it.clock.advance(it.app.policy.parked_max);
    assert!(!report_overdue_events(&it.app).await.unwrap());
    assert_eq!((kept_as(&it), kinds(&it)), (vec![EventDisposition::Parked], vec![]), "it is not unknown");
    it.app.payments = readable;
    apply_parked_events(&it.app).await.unwrap();
    assert_eq!(kept_as(&it), [EventDisposition::Applied]);
    assert_eq!(it.record.state().transactions[0].status(), PaymentStatus::Captured);
}
