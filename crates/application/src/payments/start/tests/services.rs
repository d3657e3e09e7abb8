//! Payments that services start for customers.

use super::*;

#[tokio::test]
async fn declined_payments_of_a_service_count_for_the_customer_whose_order_it_is() {
    let mut it = counting();
    it.app.policy.declines_per_user = 1;
    let service = Caller::Service(service(&[domain::api_key::Scope::PaymentsWrite]));
    let key = ports::IdempotencyKey { owner: Some(service.author_key()), ..request().key };
    let asked = IdempotentRequest { key, ..request() };
    it.gateway.push_answer(answer_with(EventKind::Failed));
    let declined = start_payment(&it.app, &service, asked, payment(), show).await;
    assert_eq!(told(&declined.unwrap()), (true, "FAILED"));
    assert_eq!(it.record.state().requests[0].request.requested_by, service.changed_by());
    it.record.change(|it| it.transactions.clear());
    let refused = pay_under(&it, "own").await;
    assert!(matches!(refused, Err(StartPaymentError::Throttled(_))), "{refused:?}");
}
