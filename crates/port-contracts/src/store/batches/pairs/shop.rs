//! Two changes of one product, order, key or finding.

use domain::{
    ChangedBy, Finding, Order, OrderChange, Product, Text, Transaction, User, order::OrderStatus,
    payment::StoredEvent, product::StockUpdate,
};
use ports::{Claim, UnitOfWork, Write};

use super::{NamedUnit, Scene, check_pairs};
use crate::{
    Backend,
    sample::{self, at},
    store::batches::MANY,
};

const UNITS: &[NamedUnit<Shop>] = &[
    ("an order of the last pieces", buy_all),
    ("an order of one piece", buy_one),
    ("a cancellation", cancel),
    ("a payment", pay),
    ("an answer to a key", answer_key),
    ("a key that is used", claim_key),
    ("a notice", store_event),
    ("another price", reprice),
    ("the end of a product", retire),
    ("pieces taken out", take_out),
    ("pieces put in", put_in),
    ("a finding about a subject", find_once),
    ("the end of a finding", resolve),
];

/// The subject of the finding that is open, and of each new one.
fn subject(it: &Shop) -> String {
    format!("subject-{}", it.order.number)
}

/// A customer with an unpaid order of 2 of 5 pieces, 3 of which are left.
struct Shop {
    user: User,
    product: Product,
    order: Order,
    open: Claim,
    used: Claim,
    event: StoredEvent,
    finding: Finding,
}

impl Scene for Shop {
    async fn store_new(backend: &Backend) -> Self {
        let (user, product) = (sample::user(), sample::product(Some(5)));
        let order = sample::order(&user, &[(&product, 2)]);
        let [open, used] = [sample::claim(&user), sample::claim(&user)];
        let (event, finding) = (sample::event("sandbox", None), sample::finding());
        let scene = Self { user, product, order, open, used, event, finding };
        backend
            .commit([
                Write::InsertUser(scene.user.clone(), sample::hash("first")),
                sample::insert_product(&scene.product),
                Write::Claim(scene.open.clone()),
                Write::InsertFindingOnce(scene.finding.clone(), subject(&scene)),
            ])
            .await;
        let placed =
            [sample::counted(&scene.order, MANY, MANY), sample::insert_order(&scene.order), scene.sell(2)];
        backend.commit(placed).await;
        scene
    }

    async fn describe(&self, backend: &Backend) -> String {
        let product = backend.products.find_product(&self.product.id).await.expect("read").expect("there");
        let order = backend.orders.find_order(&self.order.number).await.expect("read").expect("there");
        let history = backend.orders.list_history_entries(order.key).await.expect("read").len();
        let reply = backend.claims.find_claim(&self.open.key).await.expect("read").map(|it| it.reply);
        let used = backend.claims.find_claim(&self.used.key).await.expect("read").is_some();
        let event = backend.events.find_event(&self.event.gateway, &self.event.id).await.expect("read");
        let finding = backend.findings.find_finding(&self.finding.id).await.expect("read");
        let account = backend.users.find_account(&self.user.id).await.expect("read").expect("there");
        let payments = backend.payments.list_transactions(order.key).await.expect("read").len();
        let product = (product.price.to_string(), product.active, product.stock, product.version);
        let order = (order.status, order.version, history, payments, account.order_count);
        let finding = finding.map(|it| it.resolved_at.is_some());
        format!("{product:?} {order:?} {reply:?} {used} {} {finding:?}", event.is_some())
    }
}

impl Shop {
    fn sell(&self, quantity: u32) -> Write {
        sample::sell_product(&self.product, quantity)
    }

    fn buy(&self, quantity: u32) -> UnitOfWork {
        let order = sample::order(&self.user, &[(&self.product, quantity)]);
        UnitOfWork::new()
            .with_write(sample::counted(&order, MANY, MANY))
            .with_write(sample::insert_order(&order))
            .with_write(self.sell(quantity))
    }

    fn change_product(&self, change: impl FnOnce(&mut Product)) -> UnitOfWork {
        let mut next = self.product.next_version(at(9));
        change(&mut next);
        let replaced = sample::replace_product(&next, self.product.version, StockUpdate::Keep);
        UnitOfWork::new().with_write(replaced)
    }

    fn adjust(&self, by: i64) -> UnitOfWork {
        let adjusted = sample::adjust_stock(&self.product, by, sample::change(&self.user));
        UnitOfWork::new().with_write(adjusted)
    }

    fn move_to(&self, status: OrderStatus, by: ChangedBy) -> UnitOfWork {
        let mut change = OrderChange::from_order(self.order.clone());
        change.transition(status, by, None, at(9)).expect("it is allowed");
        UnitOfWork::new().with_order_change(change)
    }
}

fn buy_all(it: &Shop) -> UnitOfWork {
    it.buy(3)
}

fn buy_one(it: &Shop) -> UnitOfWork {
    it.buy(1)
}

fn cancel(it: &Shop) -> UnitOfWork {
    it.move_to(OrderStatus::Cancelled, ChangedBy::customer(it.user.key))
}

fn pay(it: &Shop) -> UnitOfWork {
    let transaction: Transaction = sample::transaction(&it.order);
    it.move_to(OrderStatus::Paid, ChangedBy::GATEWAY)
        .with_write(Write::InsertTransaction(Box::new(transaction)))
}

fn answer_key(it: &Shop) -> UnitOfWork {
    UnitOfWork::new().with_write(Write::StoreReply { key: it.open.key.clone(), reply: sample::reply() })
}

fn claim_key(it: &Shop) -> UnitOfWork {
    it.buy(1).with_write(Write::Claim(it.used.clone()))
}

fn store_event(it: &Shop) -> UnitOfWork {
    UnitOfWork::new().with_write(Write::InsertEvent(it.event.clone()))
}

fn reprice(it: &Shop) -> UnitOfWork {
    it.change_product(|next| next.price = sample::money("77.70"))
}

fn retire(it: &Shop) -> UnitOfWork {
    it.change_product(|next| next.active = false)
}

fn take_out(it: &Shop) -> UnitOfWork {
    it.adjust(-3)
}

fn put_in(it: &Shop) -> UnitOfWork {
    it.adjust(4)
}

fn find_once(it: &Shop) -> UnitOfWork {
    UnitOfWork::new().with_write(Write::InsertFindingOnce(sample::finding(), subject(it)))
}

fn resolve(it: &Shop) -> UnitOfWork {
    let (note, by) = (Text::new("done"), ChangedBy::operator(it.user.key));
    let id = it.finding.id.clone();
    UnitOfWork::new().with_write(Write::ResolveFinding { id, note, by, at: at(9) })
}

/// Of the last pieces and an order of one, say, one is refused; a price that changes refuses the orders after it.
pub async fn two_changes_of_a_shop_in_one_batch_end_as_one_after_the_other(backend: &Backend) {
    check_pairs(backend, UNITS).await;
}
