//! Sends the requests of clients to the use cases, as the HTTP layer does.

use std::{sync::Arc, time::Duration};

use application::{
    App, Caller, IdempotentReply, IdempotentRequest, IfMatch, KeyError, Staff, UserCaller,
    catalogue::{AdjustError, StockAdjustment, adjust_stock},
    orders::{
        Buyer, OrderLineInput, PlaceError, TransitionError, TransitionRequest, find_order,
        find_rendered_order, place_order, transition_order,
    },
    payments::{
        NewPayment, NewRefund, OperationError, PaymentOperation, RefundSubject, StartPaymentError,
        VisibleTransaction, execute_operation, start_payment,
    },
};
use domain::{
    AuthorKey, GatewayName, Order, OrderNumber, RefundId, SessionId, Text, TransactionId, Version,
    order::{Metadata, OrderDetails, OrderReference},
    payment::{CaptureMethod, PaymentToken},
};
use ports::{Fingerprint, IdempotencyKey, PortError, StoredReply};

use crate::{
    command::{ClientRequest, Command, Reply},
    faults::Fault,
    gateway,
    lock::lock,
    model::check_port_error,
    people::{person, product_id},
    world::{Label, World},
};

/// How long a client waits for a reply.
const WAIT: Duration = Duration::from_secs(30);

/// Sends a request once. What the client learns goes into the model, if anything arrives.
pub(crate) fn send_request(world: &Arc<World>, request: &ClientRequest) {
    let (world, request) = (Arc::clone(world), request.clone());
    let label = Label::outside(request.command.step());
    let expectation = lock(&world.model).expect_reply(&world, &request);
    Arc::clone(&world).spawn(label, async move {
        let (server, asked) = (Arc::clone(&world), request.clone());
        let work = |app: Arc<App>| async move {
            let reply = perform(&server, &app, &asked).await;
            server.trace(|| format!("{:?} -> {reply:?}", asked.command));
            reply
        };
        let reply = world.request(label.step, WAIT, work).await;
        world.set_label(label);
        if let Some(reply) = reply.filter(|_| !world.strikes(Fault::LoseReply)) {
            lock(&world.model).note_reply(&world, &request, &expectation, reply);
        }
    });
}

fn request_of(request: &ClientRequest) -> IdempotentRequest {
    let owner = Some(AuthorKey::User(person(request.person).key));
    let key = IdempotencyKey { owner, route: request.command.route(), key: request.key.clone() };
    IdempotentRequest { key, fingerprint: Fingerprint(format!("{:?}", request.command)), older: Vec::new() }
}

pub(crate) fn caller_of(number: usize) -> UserCaller {
    UserCaller { user: person(number), session: SessionId::new(format!("session{number}")) }
}

/// The mark by which the checks recognise whose request an order is.
pub(crate) fn order_mark(person: usize, key: &str) -> String {
    format!("{person}/{key}")
}

async fn perform(world: &Arc<World>, app: &App, request: &ClientRequest) -> Reply {
    let caller = Caller::from(caller_of(request.person));
    match &request.command {
        Command::Place { lines } => place(world, app, request, lines).await,
        Command::Pay { order, token, is_manual } => {
            let payment = NewPayment {
                number: OrderNumber::new(order.clone()),
                gateway: GatewayName::new(gateway::NAME.to_owned()),
                token: PaymentToken::new((*token).to_owned()),
                capture_method: if *is_manual { CaptureMethod::Manual } else { CaptureMethod::Automatic },
                metadata: Metadata::default(),
            };
            let outcome = start_payment(app, &caller, request_of(request), payment, render_payment).await;
            outcome.map_or_else(|it| map_start_error(world, it), done)
        }
        Command::Move { order, to, version } => {
            let transition = TransitionRequest {
                number: OrderNumber::new(order.clone()),
                to: *to,
                reason: None,
                tracking: None,
                if_match: version.map_or(IfMatch::Absent, |it| IfMatch::OneOf(vec![Version::new(it)])),
            };
            let outcome =
                transition_order(app, &caller, Some(request_of(request)), transition, render_order).await;
            outcome.map_or_else(|it| map_transition_error(world, it), done)
        }
        Command::Capture { payment, amount } => {
            operate(world, app, request, payment, PaymentOperation::Capture(amount.clone())).await
        }
        Command::Void { payment } => operate(world, app, request, payment, PaymentOperation::Void).await,
        Command::Refund { payment, amount } => {
            let subject = RefundSubject::Amount(amount.clone());
            let refund = NewRefund { subject, reason: None, metadata: Metadata::default() };
            operate(world, app, request, payment, PaymentOperation::Refund(refund)).await
        }
        Command::Adjust { product, by } => adjust(world, app, request, *product, *by).await,
        Command::Read { order, is_rendered } => read(world, app, &caller, order, *is_rendered).await,
    }
}

async fn place(world: &World, app: &App, request: &ClientRequest, lines: &[(usize, u32)]) -> Reply {
    let line = |(product, quantity): &(usize, u32)| OrderLineInput {
        product: product_id(*product),
        quantity: *quantity,
        seen_price: None,
    };
    let mark = order_mark(request.person, &request.key);
    let details = OrderDetails { reference: Some(OrderReference::new(mark)), ..OrderDetails::default() };
    let buyer = Buyer::User(caller_of(request.person));
    let lines = lines.iter().map(line).collect();
    let render = |order: &Order, _: &domain::User| render_order(order);
    let outcome = place_order(app, &buyer, request_of(request), lines, details, render).await;
    outcome.map_or_else(|it| map_place_error(world, it), done)
}

/// The proof of being staff; `None` for a customer.
fn staff_of(number: usize) -> Option<Staff> {
    Caller::from(caller_of(number)).into_staff()
}

async fn operate(
    world: &World,
    app: &App,
    request: &ClientRequest,
    payment: &str,
    operation: PaymentOperation,
) -> Reply {
    let Some(staff) = staff_of(request.person) else { return Reply::Refused("forbidden") };
    let id = TransactionId::new(payment.to_owned());
    let render = |it: &VisibleTransaction, refund: Option<&RefundId>| match refund {
        None => render_payment(it),
        Some(refund) => plain_reply(refund.to_string()),
    };
    let outcome = execute_operation(app, &staff, request_of(request), &id, operation, render).await;
    outcome.map_or_else(|it| map_operation_error(world, it), done)
}

async fn adjust(world: &World, app: &App, request: &ClientRequest, product: usize, by: i64) -> Reply {
    let Some(staff) = staff_of(request.person) else { return Reply::Refused("forbidden") };
    let adjustment = StockAdjustment {
        product: product_id(product),
        by,
        reason: Text::new("count"),
        if_match: IfMatch::Absent,
    };
    let render = |it: &application::catalogue::AppliedAdjustment| plain_reply(it.change.id.to_string());
    match adjust_stock(app, &staff, request_of(request), adjustment, render).await {
        Ok(reply) => done(reply),
        Err(AdjustError::Key(error)) => map_key_error(world, error),
        Err(AdjustError::Failed(error)) => map_port_error(world, &error),
        Err(
            AdjustError::NotFound
            | AdjustError::PreconditionFailed
            | AdjustError::NotTracked
            | AdjustError::OutOfStock
            | AdjustError::TooMuch,
        ) => Reply::Refused("not adjustable"),
    }
}

async fn read(world: &World, app: &App, caller: &Caller, number: &str, is_rendered: bool) -> Reply {
    let number = OrderNumber::new(number.to_owned());
    let shown = if is_rendered {
        let rendered =
            find_rendered_order(app, caller, &number, |it| render_order(it).body.into_bytes()).await;
        rendered.map(|it| it.map(|it| String::from_utf8_lossy(&it.body).into_owned()))
    } else {
        find_order(app, caller, &number).await.map(|it| it.map(|it| render_order(&it).body))
    };
    match shown {
        Ok(Some(body)) => Reply::Done { body, is_replay: false },
        Ok(None) => Reply::Refused("not found"),
        Err(error) => map_port_error(world, &error),
    }
}

fn plain_reply(body: String) -> StoredReply {
    StoredReply { status: 201, location: None, etag: None, body }
}

/// Number, version, status.
fn render_order(order: &Order) -> StoredReply {
    plain_reply(format!("{} {} {}", order.number, order.version.get(), order.status.as_str()))
}

/// Id, order, status.
fn render_payment(it: &VisibleTransaction) -> StoredReply {
    let it = &it.transaction;
    plain_reply(format!("{} {} {}", it.id, it.order_number, it.status().as_str()))
}

fn done(reply: IdempotentReply) -> Reply {
    match reply {
        IdempotentReply::New(it) => Reply::Done { body: it.body, is_replay: false },
        IdempotentReply::Replay(it) => Reply::Done { body: it.body, is_replay: true },
    }
}

fn map_key_error(world: &World, error: KeyError) -> Reply {
    match error {
        KeyError::Reused => Reply::Reused,
        KeyError::InProgress => Reply::Unknown,
        KeyError::Failed(error) => map_port_error(world, &error),
    }
}

fn map_port_error(world: &World, error: &PortError) -> Reply {
    check_port_error(world, error);
    Reply::Unknown
}

fn map_place_error(world: &World, error: PlaceError) -> Reply {
    match error {
        PlaceError::Key(error) => map_key_error(world, error),
        PlaceError::Failed(error) => map_port_error(world, &error),
        PlaceError::OutOfStock(_) => Reply::Refused("out of stock"),
        PlaceError::Throttled(_) => Reply::Refused("throttled"),
        PlaceError::TooMany { .. }
        | PlaceError::UnknownCustomer
        | PlaceError::UnknownProduct(_)
        | PlaceError::NoPrice(_)
        | PlaceError::PriceChanged(_)
        | PlaceError::MixedCurrencies(_)
        | PlaceError::TooMuch(_) => Reply::Refused("invalid"),
    }
}

fn map_start_error(world: &World, error: StartPaymentError) -> Reply {
    match error {
        StartPaymentError::Key(error) => map_key_error(world, error),
        StartPaymentError::Failed(error) => map_port_error(world, &error),
        StartPaymentError::GatewayUnavailable(_) => Reply::Unknown,
        StartPaymentError::NotFound => Reply::Refused("not found"),
        StartPaymentError::NotPayable => Reply::Refused("not payable"),
        StartPaymentError::Throttled(_) => Reply::Refused("throttled"),
        StartPaymentError::UnknownGateway
        | StartPaymentError::Unsupported(_)
        | StartPaymentError::UnknownToken => Reply::Refused("invalid"),
    }
}

fn map_transition_error(world: &World, error: TransitionError) -> Reply {
    match error {
        TransitionError::Key(error) => map_key_error(world, error),
        TransitionError::Failed(error) => map_port_error(world, &error),
        TransitionError::NotFound => Reply::Refused("not found"),
        TransitionError::PreconditionFailed => Reply::Refused("precondition failed"),
        TransitionError::PreconditionRequired => Reply::Refused("precondition required"),
        TransitionError::NotAllowed(_) => Reply::Refused("not allowed"),
        TransitionError::OutOfStock(_) => Reply::Refused("out of stock"),
        TransitionError::Throttled(_) => Reply::Refused("throttled"),
    }
}

fn map_operation_error(world: &World, error: OperationError) -> Reply {
    match error {
        OperationError::Key(error) => map_key_error(world, error),
        OperationError::Failed(error) => map_port_error(world, &error),
        OperationError::GatewayUnavailable(_) => Reply::Unknown,
        OperationError::NotFound => Reply::Refused("not found"),
        OperationError::Amount(_) | OperationError::Unsupported(_) => Reply::Refused("invalid"),
        OperationError::NotCapturable(_) => Reply::Refused("not capturable"),
        OperationError::NotVoidable(_) => Reply::Refused("not voidable"),
        OperationError::NotRefundable(_) => Reply::Refused("not refundable"),
    }
}
