//! The steps of the page. The tests of the service run them, too.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{collections::HashMap, error::Error as StdError, pin::pin};

use futures_util::TryStreamExt;
use idem_client::{
    Client, CreateApiKey, Error, FeedEventType, Order, PlaceItem, PlaceOrder, PutProduct, Register, Scope,
    StartPayment, Transaction, User, webhook::Verifier,
};
use secrecy::SecretString;

async fn make_key(operator: &Client) -> Result<SecretString, Error> {
    let scopes = [Scope::OrdersWrite, Scope::PaymentsWrite, Scope::EventsRead];
    let made = operator.api_keys().create(&CreateApiKey::new("Backend", &scopes)).await?;
    made.key.ok_or(Error::Setting("the key was made before the service's own secret was replaced"))
}

async fn place_order(
    backend: &Client,
    customer_id: &str,
    product_id: &str,
    cart: &str,
) -> Result<Order, Error> {
    let order = PlaceOrder {
        customer_id: Some(customer_id.to_owned()),
        items: vec![PlaceItem::new(product_id, 2)],
        reference: Some(cart.to_owned()),
        ..PlaceOrder::default()
    };
    // The cart's own name as the key: if this process dies, the next one repeats the call, and there is one order.
    backend.orders().place(&order).idempotency_key(cart).await
}

async fn pay_order(backend: &Client, order: &Order) -> Result<Transaction, Error> {
    let payment = StartPayment::new("sandbox", "tok_visa");
    backend.payments().pay(&order.order_number, &payment).await
}

async fn wait_until_paid(backend: &Client, order: &Order) -> Result<u64, Error> {
    // A backend that runs forever begins after the number that it stored last.
    let events = backend.events().follow(0, &[FeedEventType::OrderPaid]);
    let mut events = pin!(events);
    while let Some(event) = events.try_next().await? {
        if event.decode::<Order>()?.order_number == order.order_number {
            return Ok(event.sequence);
        }
    }
    unreachable!("the feed does not end")
}

fn receive_webhook(verifier: &Verifier, headers: &HashMap<String, String>, body: &[u8]) -> u16 {
    match verifier.verify(|name| headers.get(name).map(String::as_str), body) {
        // Store the id with what you do: the same message may arrive again.
        Ok(message) => {
            println!("{} {}", message.id, message.kind);
            204
        }
        Err(_) => 400,
    }
}

async fn prepare_shop(
    anyone: &Client,
    operator: &Client,
    product_id: &str,
    password: &str,
) -> Result<User, Error> {
    let product = PutProduct {
        name: "Tea".to_owned(),
        price: "9.99".to_owned(),
        currency: "CNY".to_owned(),
        stock: None,
        active: true,
    };
    let product = operator.products().put(product_id, &product).await?;
    let username = format!("{product_id}-{}", product.version);
    let email = format!("{username}@example.com");
    let account = Register { username, email, password: password.into() };
    anyone.accounts().register(&account).await
}

/// Does every step once, with a product of this id and a new customer.
pub(crate) async fn run(
    anyone: &Client,
    operator: &Client,
    product_id: &str,
    password: &str,
) -> Result<(), Box<dyn StdError>> {
    let customer = prepare_shop(anyone, operator, product_id, password).await?;
    let backend = anyone.with_api_key(make_key(operator).await?);
    let cart = format!("cart-of-{}", customer.id);
    let order = place_order(&backend, &customer.id, product_id, &cart).await?;
    let again = place_order(&backend, &customer.id, product_id, &cart).await?;
    if again.order_number != order.order_number {
        return Err("a cart was ordered twice".into());
    }
    let payment = pay_order(&backend, &order).await?;
    let sequence = wait_until_paid(&backend, &order).await?;
    println!("{} is paid by {}, event {sequence}", order.order_number, payment.transaction_id);
    let verifier = Verifier::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
    if receive_webhook(&verifier, &HashMap::new(), b"{}") != 400 {
        return Err("a message without a signature was accepted".into());
    }
    Ok(())
}
