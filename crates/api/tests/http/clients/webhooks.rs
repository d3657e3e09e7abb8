//! Webhooks of the service, verified by the library.

use idem_client::{
    Client, CreateWebhookEndpoint, FeedEventType, Order, PlaceItem, PlaceOrder,
    webhook::{Message, Verifier, WebhookError},
};
use secrecy::ExposeSecret;

use super::take_over;
use crate::harness::{Arrival, Receiver, Server};

fn verify(secrets: &[&str], arrival: &Arrival) -> Result<Message, WebhookError> {
    Verifier::new(secrets.iter().copied())?.verify(|name| arrival.header(name), arrival.text().as_bytes())
}

async fn place(client: &Client, product: &str) -> Order {
    let items = vec![PlaceItem::new(product, 1)];
    client.orders().place(&PlaceOrder { items, ..PlaceOrder::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_accepts_what_the_service_sends_also_while_a_secret_is_replaced() {
    let server = Server::with(&[("IDEM_WEBHOOK_ALLOW", "127.0.0.1")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("9.99", None).await;
    let (operator, customer) = (take_over(&server, &operator), take_over(&server, &customer));
    let receiver = Receiver::new().await;
    let endpoint = CreateWebhookEndpoint::new(&receiver.url("/hook"), &[FeedEventType::OrderPlaced]);
    let endpoint = operator.webhook_endpoints().create(&endpoint).await.unwrap();
    let first = endpoint.secret.expose_secret();

    let order = place(&customer, &product).await;
    let arrival = receiver.wait_for(1, |_| true).await.remove(0);
    let message = verify(&[first], &arrival).unwrap();
    assert_eq!(message.kind, FeedEventType::OrderPlaced);
    assert_eq!(
        (message.id.as_str(), message.data["orderNumber"].as_str()),
        (arrival.id().as_str(), Some(order.order_number.as_str()))
    );
    assert_eq!(verify(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], &arrival), Err(WebhookError::Signature));

    let rotated = operator.webhook_endpoints().rotate_secret(&endpoint.id).await.unwrap();
    let second = rotated.secret.expose_secret();
    place(&customer, &product).await;
    let arrival = receiver.wait_for(2, |_| true).await.remove(1);
    for secrets in [&[first][..], &[second], &[second, first]] {
        verify(secrets, &arrival).unwrap();
    }
    operator.webhook_endpoints().delete(&endpoint.id).await.unwrap();
}
