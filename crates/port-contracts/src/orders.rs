//! The suite for orders and their history. Lists and sweeps are in submodules.

mod details;
mod due;
mod list;
mod open;
mod search;

pub use details::*;
pub use due::*;
pub use list::*;
pub use open::*;
pub use search::*;

use domain::{
    AuthorId, AuthorKey, ChangedBy, Money, Order, OrderChange, OrderNumber, Role, Text, Timestamp, User,
    order::{HistoryEntry, LINES_MAX, OrderStatus, QUANTITY_MAX, StoredHistoryEntry, is_valid_history},
};
use ports::Write;

use crate::{
    Backend,
    backend::{RIVALS, is_stale},
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! orders {
    ($($fixture:tt)+) => { $crate::stamp! { orders:
        an_order_is_read_back_as_written
        the_largest_order_is_read_back_as_written
        every_status_is_read_back_as_written
        an_order_changes_only_from_the_revision_that_was_read
        a_unit_that_only_touches_an_order_moves_its_revision
        a_revision_is_that_of_the_order_after_every_commit
        every_step_of_one_commit_has_its_entry
        a_history_is_read_by_its_numbers_whatever_the_clocks_say
        a_place_in_a_history_is_taken_once
        stock_that_an_order_held_comes_back_with_the_change
        history_tells_who_why_and_when
        one_of_many_changes_of_one_revision_wins
        no_more_unpaid_orders_are_made_than_a_user_may_have
        no_more_pieces_are_held_unpaid_than_a_user_may_hold
        an_order_that_is_unpaid_no_more_makes_room
        an_unpaid_order_that_is_touched_stays_counted
        an_order_that_was_never_counted_can_end
        orders_are_listed_newest_first
        orders_are_found_by_a_part_of_any_text
        a_whole_number_finds_only_its_order
        orders_are_listed_by_the_stamps_they_show
        a_list_keeps_to_its_owner_and_status
        an_account_is_asked_whether_it_has_an_order_in_a_status
        a_list_begins_at_a_moment_and_ends_before_another
        a_list_keeps_to_all_its_filters_at_once
        a_page_of_orders_stays_while_others_are_placed_and_change
        every_list_is_filtered_and_sorted
        a_list_by_change_goes_on_where_it_was
        details_are_read_back_as_written
        details_come_change_and_go_with_the_order
        a_stale_change_of_details_changes_nothing
        details_belong_to_one_order_in_a_batch
        expired_orders_are_pending_and_out_of_time
        an_occupied_order_does_not_expire
        orders_in_a_status_are_due_by_the_time_of_the_move
        uncaptured_orders_hold_an_old_authorisation_and_wait_for_nothing
        sweeps_are_bounded
        ; $($fixture)+
    } };
}

pub(crate) async fn find_order(backend: &Backend, order: &Order) -> Option<Order> {
    backend.orders.find_order(&order.number).await.expect("read")
}

/// The order's change to the next status.
fn order_change(order: &Order, to: OrderStatus, by: ChangedBy, at: Timestamp) -> OrderChange {
    let mut progress = OrderChange::from_order(order.clone());
    progress.transition(to, by, None, at).expect("the table has this move");
    progress
}

async fn entries(backend: &Backend, order: &Order) -> Vec<HistoryEntry> {
    let recorded = backend.orders.list_history_entries(order.key).await.expect("read");
    assert!(recorded.is_sorted_by_key(|it| it.entry.sequence), "in the order of their numbers");
    recorded.into_iter().map(|it| it.entry).collect()
}

/// Together with the first entry of its history.
pub async fn an_order_is_read_back_as_written(backend: &Backend) {
    let (user, product) = (backend.user().await, backend.product(None).await);
    let order = sample::order(&user, &[(&product, 2)]);
    assert_eq!(find_order(backend, &order).await, None, "not there yet");
    assert_eq!(backend.orders.list_history_entries(order.key).await.expect("read"), [], "nor its history");
    let entry = HistoryEntry::for_new_order(&order, ChangedBy::customer(user.key));
    backend.commit([Write::InsertOrder { order: Box::new(order.clone()), entry: entry.clone() }]).await;
    assert_eq!(find_order(backend, &order).await.as_ref(), Some(&order));
    let recorded = backend.orders.list_history_entries(order.key).await.expect("read");
    assert_eq!(recorded, [StoredHistoryEntry { entry, author: Some(user.id.into()) }]);
    let shouted = OrderNumber::new(order.number.as_str().to_uppercase());
    assert_eq!(backend.orders.find_order(&shouted).await.expect("read"), None, "a number knows case");
}

/// A hundred lines in their order, some without stock, with the highest prices in currencies of every
/// scale.
pub async fn the_largest_order_is_read_back_as_written(backend: &Backend) {
    let user = backend.user().await;
    let mut products = Vec::new();
    for at in 0..LINES_MAX {
        let name = Text::new("🍵".repeat(if at == 0 { Text::CHARS_MAX } else { 1 }));
        let product = domain::Product { name, ..sample::product((at % 2 == 0).then_some(9)) };
        backend.commit([sample::insert_product(&product)]).await;
        products.push(product);
    }
    // The order of the lines is neither that of the products' rows nor that of their ids.
    products.rotate_left(LINES_MAX / 3);
    let lines: Vec<_> = products.iter().map(|it| (it, QUANTITY_MAX)).collect();
    let order = sample::order(&user, &lines);
    backend.commit([sample::insert_order(&order)]).await;
    assert_eq!(find_order(backend, &order).await, Some(order));
    for (amount, currency) in
        [("900000000000000", "JPY"), ("0.001", "KWD"), ("900000000000000", "CLF"), ("0.0001", "CLF")]
    {
        let price = Money::parse(amount, currency).expect("an amount");
        let order = backend.order_with(|order| {
            order.items.iter_mut().for_each(|it| (it.price, it.quantity) = (price, 1));
            order.amount = price;
        });
        let order = order.await;
        assert_eq!(find_order(backend, &order).await, Some(order), "{amount} {currency}");
    }
}

/// Together with the status that it came from.
pub async fn every_status_is_read_back_as_written(backend: &Backend) {
    for status in OrderStatus::ALL {
        for status_before_refund in [None, Some(OrderStatus::Shipped)] {
            let status_before_refund = status_before_refund.filter(|_| status == OrderStatus::RefundPending);
            let order = backend
                .order_with(|it| (it.status, it.status_before_refund) = (status, status_before_refund))
                .await;
            assert_eq!(find_order(backend, &order).await, Some(order));
        }
    }
}

/// A change from any other revision is stale, and nothing of it is stored.
pub async fn an_order_changes_only_from_the_revision_that_was_read(backend: &Backend) {
    let (order, bystander) = (backend.order().await, backend.order().await);
    let paid = order_change(&order, OrderStatus::Paid, ChangedBy::GATEWAY, at(5));
    let cancelled = order_change(&order, OrderStatus::Cancelled, ChangedBy::customer(order.owner), at(6));
    let after = paid.order().clone();
    backend.commit_change(paid).await;
    assert_eq!(find_order(backend, &order).await.as_ref(), Some(&after), "all that the change changes");
    let late = Write::UpdateOrder(Box::new(cancelled));
    backend.expect_stale([late]).await;
    assert_eq!(find_order(backend, &order).await.as_ref(), Some(&after), "the late one changed nothing");
    assert_eq!(entries(backend, &order).await.len(), 2, "placed and paid");
    let unknown = order_change(
        &Order { key: domain::OrderKey::new(1), ..order },
        OrderStatus::Paid,
        ChangedBy::GATEWAY,
        at(5),
    );
    backend.expect_stale([Write::UpdateOrder(Box::new(unknown))]).await;
    assert_eq!(find_order(backend, &bystander).await, Some(bystander), "no other one is touched");
}

/// The revision guards everything that belongs to the order. The version, which clients see, stays.
pub async fn a_unit_that_only_touches_an_order_moves_its_revision(backend: &Backend) {
    let order = backend.order().await;
    backend.commit_change(OrderChange::from_order(order.clone())).await;
    let touched = find_order(backend, &order).await.expect("it is there");
    assert_eq!(touched, Order { revision: order.revision.next(), ..order.clone() });
    assert_eq!(entries(backend, &order).await.len(), 1, "no change of status, no entry");
    backend.expect_stale([Write::UpdateOrder(Box::new(OrderChange::from_order(order)))]).await;
}

/// The head of the order shows the revision after each commit; a refused commit changes nothing.
pub async fn a_revision_is_that_of_the_order_after_every_commit(backend: &Backend) {
    let revision = async |order: &Order| {
        backend.orders.find_order_head(&order.number).await.expect("read").map(|it| it.revision.get())
    };
    let (order, bystander) = (backend.order().await, backend.order().await);
    let unplaced = sample::order(&backend.user().await, &[(&backend.product(None).await, 1)]);
    assert_eq!(revision(&unplaced).await, None);
    assert_eq!(revision(&order).await, Some(order.revision.get()));
    let head = backend.orders.find_order_head(&order.number).await.expect("read").expect("it is there");
    assert_eq!((head.key, head.owner), (order.key, order.owner));
    let paid = order_change(&order, OrderStatus::Paid, ChangedBy::GATEWAY, at(5));
    let touched = OrderChange::from_order(paid.order().clone());
    for progress in [paid, touched.clone()] {
        let after = progress.order().revision;
        backend.commit_change(progress).await;
        assert_eq!(revision(&order).await, Some(after.get()));
    }
    backend.expect_stale([Write::UpdateOrder(Box::new(touched))]).await;
    assert_eq!(revision(&order).await, find_order(backend, &order).await.map(|it| it.revision.get()));
    assert_eq!(revision(&bystander).await, Some(bystander.revision.get()));
    let shouted = OrderNumber::new(order.number.as_str().to_uppercase());
    assert_eq!(backend.orders.find_order_head(&shouted).await.expect("read"), None, "a number knows case");
    let numbers =
        [&unplaced.number, &bystander.number, &shouted, &order.number, &order.number].map(Clone::clone);
    let mut heads = backend.orders.find_order_heads(&numbers).await.expect("read");
    heads.sort_by_key(|(_, head)| head.key);
    let mut expected = Vec::new();
    for it in [&order, &bystander] {
        let head = backend.orders.find_order_head(&it.number).await.expect("read").expect("it is there");
        expected.push((it.number.clone(), head));
    }
    expected.sort_by_key(|(_, head)| head.key);
    assert_eq!(heads, expected, "each once, and only those that there are");
    assert_eq!(backend.orders.find_order_heads(&[]).await.expect("read"), []);
}

/// The entries are in the order of the changes, even if their times are equal.
pub async fn every_step_of_one_commit_has_its_entry(backend: &Backend) {
    let order = backend.order().await;
    let mut progress = order_change(&order, OrderStatus::Paid, ChangedBy::GATEWAY, at(5));
    for to in [OrderStatus::RefundPending, OrderStatus::Refunded] {
        progress.transition(to, ChangedBy::GATEWAY, None, at(5)).expect("the table has this move");
    }
    let after = progress.order().clone();
    backend.commit_change(progress).await;
    let moves: Vec<_> = entries(backend, &order).await;
    assert_eq!(moves.len(), 4);
    assert!(is_valid_history(&moves, OrderStatus::Refunded), "one unbroken path: {moves:?}");
    assert_eq!(find_order(backend, &order).await, Some(after));
}

/// Each change comes from a clock that is further behind. The first timestamp is the latest, and no other
/// is earlier.
pub async fn a_history_is_read_by_its_numbers_whatever_the_clocks_say(backend: &Backend) {
    const MOVES: [OrderStatus; 5] = [
        OrderStatus::Paid,
        OrderStatus::Processing,
        OrderStatus::Shipped,
        OrderStatus::Delivered,
        OrderStatus::Completed,
    ];
    let (user, product) = (backend.user().await, backend.product(None).await);
    let order = sample::order(&user, &[(&product, 1)]);
    let order = Order { created_at: at(60), updated_at: at(60), ..order };
    let placing =
        HistoryEntry { at: at(999), ..HistoryEntry::for_new_order(&order, ChangedBy::customer(user.key)) };
    backend.commit([Write::InsertOrder { order: Box::new(order.clone()), entry: placing }]).await;
    let mut now = order.clone();
    for (behind, to) in (1..).zip(MOVES) {
        let by = if to == OrderStatus::Paid { ChangedBy::GATEWAY } else { ChangedBy::operator(order.owner) };
        let progress = order_change(&now, to, by, at(60 - behind * 9));
        now = progress.order().clone();
        backend.commit_change(progress).await;
    }
    let recorded = backend.orders.list_history_entries(order.key).await.expect("read");
    let read: Vec<_> = recorded.iter().map(|it| (it.entry.sequence.get(), it.entry.to)).collect();
    let path: Vec<_> = (1..).zip([OrderStatus::Pending].into_iter().chain(MOVES)).collect();
    assert_eq!(read, path);
    assert!(recorded.iter().skip(1).all(|it| it.entry.at == at(60)), "no stamp goes back: {recorded:?}");
    assert_eq!(find_order(backend, &order).await, Some(now));
}

/// If two changes ever had the same sequence in one order, only one of them is stored.
pub async fn a_place_in_a_history_is_taken_once(backend: &Backend) {
    let order = backend.order().await;
    backend.commit_change(order_change(&order, OrderStatus::Paid, ChangedBy::GATEWAY, at(5))).await;
    let paid = find_order(backend, &order).await.expect("it is there");
    let forgetful = Order { last_sequence: order.last_sequence, ..paid.clone() };
    backend
        .expect_stale([Write::UpdateOrder(Box::new(order_change(
            &forgetful,
            OrderStatus::Processing,
            ChangedBy::operator(order.owner),
            at(6),
        )))])
        .await;
    assert_eq!(find_order(backend, &order).await, Some(paid));
}

/// The stock comes back in the same commit as the change of status.
pub async fn stock_that_an_order_held_comes_back_with_the_change(backend: &Backend) {
    let order = backend.order().await;
    let id = &order.items.first().expect("a line").product;
    let stock = async || backend.products.find_product(id).await.expect("read").expect("it is there").stock;
    assert_eq!(stock().await, Some(8), "two were taken");
    backend
        .commit_change(order_change(&order, OrderStatus::Cancelled, ChangedBy::customer(order.owner), at(5)))
        .await;
    assert_eq!(stock().await, Some(10), "and came back");
}

/// Every kind of actor, users with their public ids, and no entries of other orders.
pub async fn history_tells_who_why_and_when(backend: &Backend) {
    let order = backend.order().await;
    let customer = sample_owner(backend, &order).await;
    let operator = User { role: Role::Operator, ..sample::user() };
    backend.commit([Write::InsertUser(operator.clone(), sample::hash("x"))]).await;
    backend.order().await;
    let why = Text::new("🍵".repeat(Text::CHARS_MAX));
    let steps = [
        (OrderStatus::Paid, ChangedBy::GATEWAY, None),
        (OrderStatus::RefundPending, ChangedBy::customer(order.owner), Some(why)),
        (OrderStatus::Paid, ChangedBy::operator(operator.key), Some(Text::new("No."))),
        (OrderStatus::RefundPending, ChangedBy::GATEWAY, None),
        (OrderStatus::Refunded, ChangedBy::GATEWAY, None),
        (OrderStatus::Closed, ChangedBy::SYSTEM, Some(Text::new("Long over."))),
    ];
    let mut expected = vec![(OrderStatus::Pending, ChangedBy::customer(order.owner), None, at(0))];
    let mut now = order.clone();
    for (second, (to, by, reason)) in (1..).zip(steps) {
        let mut progress = OrderChange::from_order(now);
        progress.transition(to, by, reason.clone(), at(second)).expect("the table has this move");
        expected.push((to, by, reason, at(second)));
        now = progress.order().clone();
        backend.commit_change(progress).await;
        assert_eq!(find_order(backend, &order).await.as_ref(), Some(&now), "also where it came from");
    }
    let recorded = backend.orders.list_history_entries(order.key).await.expect("read");
    let public = |by: ChangedBy| match by.author {
        Some(AuthorKey::User(key)) if key == operator.key => Some(operator.id.clone().into()),
        Some(_) => Some(AuthorId::from(customer.clone())),
        None => None,
    };
    for (line, (to, by, reason, at)) in recorded.iter().zip(&expected) {
        let HistoryEntry { sequence: _, from: _, to: was, by: who, reason: why, at: when } = &line.entry;
        assert_eq!((was, who, why, when), (to, by, reason, at));
        assert_eq!(line.author, public(*by), "the public id of {by:?}");
    }
    assert_eq!(recorded.len(), expected.len());
    assert!(is_valid_history(&entries(backend, &order).await, OrderStatus::Closed), "one unbroken path");
}

/// The public id of the user who placed `order`, as its history shows it.
async fn sample_owner(backend: &Backend, order: &Order) -> domain::UserId {
    let recorded = backend.orders.list_history_entries(order.key).await.expect("read");
    let first = recorded.into_iter().next().expect("it was placed");
    let id = domain::UserId::new(first.author.expect("by a user").to_string());
    let user = backend.users.find_user(&id).await.expect("read").expect("who has an account");
    assert_eq!(user.key, order.owner, "the owner placed it");
    id
}

/// Also when the competing units change nothing but the revision.
pub async fn one_of_many_changes_of_one_revision_wins(backend: &Backend) {
    let mut order = backend.order().await;
    for _ in 0..3 {
        let race = backend
            .race(|| ports::UnitOfWork::new().with_order_change(OrderChange::from_order(order.clone())));
        race.await.assert_outcome(1, is_stale);
        let next = find_order(backend, &order).await.expect("it is there");
        assert_eq!(next.revision, order.revision.next(), "one step by {RIVALS} rivals");
        order = next;
    }
}
