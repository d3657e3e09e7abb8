//! What happens in a history, step by step: requests, retries, buyers' decisions, sweeps, clocks, and time.

use std::{sync::Arc, time::Duration};

use domain::order::OrderStatus;

use crate::{
    client::send_request,
    command::{ClientRequest, Command},
    faults::Fault,
    gateway::{TOKEN_DECLINED, TOKEN_OK, TOKEN_PENDING, send_notices},
    instance::set_clock,
    lock::lock,
    model::KnownOrder,
    people::{CUSTOMERS, OPERATOR, PRODUCTS},
    sessions::make_session_step,
    sweeps::{SWEEPS, start_sweep},
    unreadable::corrupt_some_row,
    webhooks::make_webhook_step,
    world::{Label, World},
};

/// The statuses that people ask for.
const TARGETS: [OrderStatus; 8] = [
    OrderStatus::Cancelled,
    OrderStatus::Cancelled,
    OrderStatus::Processing,
    OrderStatus::Shipped,
    OrderStatus::Delivered,
    OrderStatus::Completed,
    OrderStatus::RefundPending,
    OrderStatus::Paid,
];

/// Makes one step, and returns how long the world goes on before the next one.
pub(crate) fn make_step(world: &Arc<World>) -> Duration {
    world.set_label(Label::outside("step"));
    let chance = &world.chance;
    match chance.below(145) {
        0..16 => place(world),
        16..32 => pay(world),
        32..41 => retry(world),
        41..44 => reuse_key(world),
        44..46 => borrow_key(world),
        46..58 => change_status(world),
        58..64 => end_hold(world),
        64..70 => refund(world),
        70..77 => read(world),
        77..83 => decide_at_gateway(world),
        83..86 => begin_at_gateway(world),
        86..94 => sweep(world),
        94..96 => adjust(world),
        96 => set_some_clock(world),
        97 => return Duration::from_secs(chance.below(1_800)),
        98 => corrupt_some_row(world),
        100..130 => make_session_step(world),
        130..145 => make_webhook_step(world),
        _ => return Duration::from_millis(chance.below(20_000)),
    }
    // Short, so that what one step began is not finished when the next one begins.
    Duration::from_millis(chance.below(60))
}

fn send_new(world: &Arc<World>, person: usize, command: Command) {
    let key = format!("k{}", world.next_number());
    send_recorded_request(world, ClientRequest { person, key, command });
}

fn send_recorded_request(world: &Arc<World>, request: ClientRequest) {
    world.trace(|| format!("{request:?}"));
    lock(&world.model).requests.push(request.clone());
    send_request(world, &request);
    // An impatient client sends twice at once.
    if world.chance.below(8) == 0 {
        send_request(world, &request);
    }
}

fn pick_lines(world: &World) -> Vec<(usize, u32)> {
    let count = world.chance.below(2).saturating_add(1);
    let line = |_| {
        let product = world.chance.index(PRODUCTS).unwrap_or_default();
        (product, u32::try_from(world.chance.below(3)).unwrap_or_default().saturating_add(1))
    };
    (0..count).map(line).collect()
}

fn place(world: &Arc<World>) {
    let person = world.chance.index(CUSTOMERS).unwrap_or_default();
    send_new(world, person, Command::Place { lines: pick_lines(world) });
}

fn pick_order(world: &World) -> Option<KnownOrder> {
    let model = lock(&world.model);
    // Mostly young ones, which are still to be paid.
    let recent = model.orders.len().saturating_sub(4);
    let young = model.orders.get(recent..).unwrap_or_default();
    let from = if world.chance.below(3) == 0 { &model.orders } else { young };
    world.chance.pick(from).cloned()
}

/// A payment, mostly one that had one of these statuses.
fn pick_payment(world: &World, statuses: &[&str]) -> Option<String> {
    let model = lock(&world.model);
    let is_any = world.chance.below(4) == 0;
    let fits = |it: &(&String, &String)| is_any || statuses.contains(&it.1.as_str());
    let payments: Vec<_> = model.payments.iter().filter(fits).map(|(id, _)| id.clone()).collect();
    world.chance.pick(&payments).cloned()
}

/// What people ask for next, of an order that they saw in this status.
fn next_targets(status: &str) -> &'static [OrderStatus] {
    match status {
        "PENDING" => &[OrderStatus::Cancelled],
        "PAID" => &[OrderStatus::Processing, OrderStatus::Processing, OrderStatus::RefundPending],
        "PROCESSING" => &[OrderStatus::Shipped, OrderStatus::Shipped, OrderStatus::RefundPending],
        "SHIPPED" => &[OrderStatus::Delivered],
        "DELIVERED" => &[OrderStatus::Completed, OrderStatus::RefundPending],
        "REFUND_PENDING" => &[OrderStatus::Paid, OrderStatus::Processing, OrderStatus::Delivered],
        _ => &TARGETS,
    }
}

fn pay(world: &Arc<World>) {
    let Some(order) = pick_order(world) else { return };
    let token = match world.chance.below(10) {
        0 => TOKEN_DECLINED,
        1..4 => TOKEN_PENDING,
        _ => TOKEN_OK,
    };
    let is_manual = world.chance.below(3) == 0;
    send_new(world, order.owner, Command::Pay { order: order.number, token, is_manual });
}

fn pick_request(world: &World) -> Option<ClientRequest> {
    let model = lock(&world.model);
    let open = model.list_unsettled();
    if world.chance.below(3) > 0 && !open.is_empty() {
        return world.chance.pick(&open).cloned();
    }
    world.chance.pick(&model.requests).cloned()
}

fn retry(world: &Arc<World>) {
    let Some(request) = pick_request(world) else { return };
    world.trace(|| format!("again {request:?}"));
    send_request(world, &request);
}

/// Another request with a key that was used.
fn reuse_key(world: &Arc<World>) {
    let Some(old) = pick_request(world).filter(|it| matches!(it.command, Command::Place { .. })) else {
        return;
    };
    send_recorded_request(
        world,
        ClientRequest { command: Command::Place { lines: pick_lines(world) }, ..old },
    );
}

/// The same request with the same key by another person, whose key it is as well.
fn borrow_key(world: &Arc<World>) {
    let Some(old) = pick_request(world).filter(|it| matches!(it.command, Command::Place { .. })) else {
        return;
    };
    let person = old.person.saturating_add(1) % CUSTOMERS;
    send_recorded_request(world, ClientRequest { person, ..old });
}

/// An order that is paid and not delivered, if there is one: few get so far by chance.
fn pick_order_under_way(world: &World) -> Option<KnownOrder> {
    let model = lock(&world.model);
    let is_under_way = |it: &&KnownOrder| {
        matches!(model.statuses.get(&it.number).map_or("", String::as_str), "PAID" | "PROCESSING" | "SHIPPED")
    };
    let orders: Vec<_> = model.orders.iter().filter(is_under_way).cloned().collect();
    world.chance.pick(&orders).cloned()
}

fn change_status(world: &Arc<World>) {
    let under_way = if world.chance.below(3) == 0 { pick_order_under_way(world) } else { None };
    let Some(order) = under_way.or_else(|| pick_order(world)) else { return };
    let status = lock(&world.model).statuses.get(&order.number).cloned().unwrap_or_default();
    let targets = if world.chance.below(4) == 0 { &TARGETS } else { next_targets(&status) };
    let Some(to) = world.chance.pick(targets).copied() else { return };
    let by_owner = matches!(to, OrderStatus::Cancelled | OrderStatus::Completed | OrderStatus::RefundPending);
    let person = if by_owner && world.chance.below(2) == 0 { order.owner } else { OPERATOR };
    let seen = lock(&world.model).seen_version(person, &order.number);
    let version = seen.filter(|_| world.chance.below(2) == 0);
    send_new(world, person, Command::Move { order: order.number, to, version });
}

fn end_hold(world: &Arc<World>) {
    let Some(payment) = pick_payment(world, &["AUTHORIZED", "PENDING"]) else { return };
    let command = match world.chance.below(8) {
        0..3 => Command::Void { payment },
        3 => Command::Capture { payment, amount: Some("0.01".to_owned()) },
        _ => Command::Capture { payment, amount: None },
    };
    send_new(world, OPERATOR, command);
}

fn refund(world: &Arc<World>) {
    let Some(payment) = pick_payment(world, &["CAPTURED", "PENDING"]) else { return };
    let amount = match world.chance.below(4) {
        0 => None,
        1 => Some("0.05".to_owned()),
        _ => Some("7.50".to_owned()),
    };
    send_new(world, OPERATOR, Command::Refund { payment, amount });
}

fn read(world: &Arc<World>) {
    let Some(order) = pick_order(world) else { return };
    let person = if world.chance.below(3) == 0 { OPERATOR } else { order.owner };
    let command = Command::Read { order: order.number, is_rendered: world.chance.below(2) == 0 };
    // It has no key, and is not repeated.
    send_request(world, &ClientRequest { person, key: String::new(), command });
}

/// A buyer pays or does not, or an open refund gets its result.
fn decide_at_gateway(world: &Arc<World>) {
    let news = {
        let mut ledger = lock(&world.ledger);
        let (open, refunds) = (ledger.list_open(), ledger.list_open_refunds());
        match (world.chance.pick(&open), world.chance.pick(&refunds)) {
            (Some(id), _) => {
                let pays = world.chance.below(4) > 0;
                ledger.decide_open(world, id, pays)
            }
            (None, Some((id, refund))) => ledger.decide_refund(world, id, refund).into_iter().collect(),
            (None, None) => Vec::new(),
        }
    };
    send_notices(world, news);
}

/// A refund, a failed refund or a dispute that no client asked for.
fn begin_at_gateway(world: &Arc<World>) {
    let event = lock(&world.ledger).act_by_itself(world);
    send_notices(world, event.into_iter().collect());
}

fn sweep(world: &Arc<World>) {
    let live = world.live_instances();
    let (Some((number, app)), Some(sweep)) = (world.chance.pick(&live), world.chance.pick(SWEEPS)) else {
        return;
    };
    start_sweep(world, *number, app, *sweep);
}

fn adjust(world: &Arc<World>) {
    let product = world.chance.index(PRODUCTS).unwrap_or_default();
    let by = if world.chance.below(2) == 0 { 1 } else { -1 };
    send_new(world, OPERATOR, Command::Adjust { product, by });
}

fn set_some_clock(world: &Arc<World>) {
    let count = lock(&world.slots).len();
    let Some(number) = world.chance.index(count) else { return };
    // Mostly by seconds; some are wrong by up to a quarter of an hour.
    let limit = if world.chance.below(4) == 0 { 900_000 } else { 10_000 };
    let ahead = i64::try_from(world.chance.below(limit)).unwrap_or_default();
    let skew_ms = if world.chance.below(2) == 0 { ahead } else { -ahead };
    if world.strikes(Fault::SetClock) {
        world.trace(|| format!("clock of {number} is ahead by {skew_ms} ms"));
        set_clock(world, number, skew_ms);
    }
}
