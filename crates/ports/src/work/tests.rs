use domain::{
    ChangeId, ChangeKey, ChangedBy, EventKey, Money, OrderKey, OrderNumber, ProductKey, TransactionKey,
    order::{NewOrder, OrderLine},
    payment::{GatewayReference, KnownReference, ReferenceOwner},
};
use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(0);

fn product(id: i64) -> Product {
    Product {
        key: ProductKey::new(id),
        id: ProductId::new(format!("p{id}")),
        name: Text::new("Tea"),
        price: Money::parse("1", "CNY").unwrap(),
        stock: Some(1),
        active: true,
        version: Version::FIRST,
        stock_moves: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn order(key: i64) -> Box<OrderChange> {
    let placing = NewOrder {
        key: OrderKey::new(key),
        number: OrderNumber::new(format!("n{key}")),
        owner: UserKey::new(1),
        now: NOW,
        expires_at: NOW,
    };
    Box::new(OrderChange::from_order(
        Order::place(placing, vec![OrderLine::from_product(&product(1), 1)]).unwrap(),
    ))
}

fn back(product: i64, quantity: u32) -> Write {
    Write::ReturnStock(StockLine { product: ProductId::new(format!("p{product}")), quantity })
}

fn adjust(product: i64) -> Write {
    let change = ProductChange {
        key: ChangeKey::new(1),
        id: ChangeId::new("c".to_owned()),
        by: ChangedBy::SYSTEM,
        reason: None,
        at: NOW,
    };
    Write::AdjustStock { product: ProductId::new(format!("p{product}")), by: 1, required: None, change }
}

/// The product and the quantity of a [`back`].
fn returned(write: &Write) -> Option<(i64, u32)> {
    let Write::ReturnStock(it) = write else { return None };
    Some((it.product.as_str().strip_prefix('p')?.parse().ok()?, it.quantity))
}

/// One write of each of several kinds, to the row of that key; some kinds share rows.
fn write((kind, key): (u8, i64)) -> Write {
    let (user, session) = (UserKey::new(key % 2), SessionKey::new(key));
    let hash = || PasswordHash::new("h".to_owned());
    let idempotency = IdempotencyKey { owner: None, route: "POST /", key: key.to_string() };
    let reply = StoredReply { status: 200, location: None, etag: None, body: String::new() };
    match kind {
        0 => Write::StoreReply { key: idempotency, reply },
        1 => Write::MoveEvent {
            key: EventKey::new(key),
            from: EventDisposition::Parked,
            to: EventDisposition::Applied,
        },
        2 => Write::ChangePassword { user: UserKey::new(key), from: hash(), to: hash() },
        3 => Write::RequirePassword(UserKey::new(key), hash()),
        4 => Write::RevokeSession { user, session, at: NOW },
        5 => Write::RevokeSessions { user: UserKey::new(key), except: None, at: NOW },
        6 => Write::UpdateOrder(order(key)),
        7 => Write::Sell { line: StockLine { product: product(key).id, quantity: 1 }, read: product(key) },
        8 => back(key, 1),
        9 => adjust(key),
        10 => Write::RemoveOpenOrder { owner: UserKey::new(key), lines: Vec::new() },
        11 => Write::LearnReference(
            GatewayName::new("sandbox".to_owned()),
            NewReference {
                transaction: TransactionKey::new(9 - key),
                known: KnownReference {
                    owner: ReferenceOwner::Payment,
                    reference: GatewayReference::new(format!("pi_{key}")),
                },
                learnt_at: NOW,
            },
        ),
        _ => Write::ResolveFinding {
            id: FindingId::new(key.to_string()),
            note: Text::new("done"),
            by: ChangedBy::SYSTEM,
            at: NOW,
        },
    }
}

fn unit(writes: Vec<Write>) -> UnitOfWork {
    UnitOfWork::new().with_writes(writes)
}

/// Some of all kinds of writes, each to some rows, and the same ones in another order.
fn two_orders() -> impl Strategy<Value = (Vec<Write>, Vec<Write>)> {
    let some = prop::collection::btree_set((0_u8..13, 1_i64..5), 0..40);
    let some = some.prop_map(|it| it.into_iter().map(write).collect::<Vec<_>>());
    some.prop_flat_map(|it| (Just(it.clone()).prop_shuffle(), Just(it).prop_shuffle()))
}

proptest! {
    #[test]
    fn whatever_order_writes_were_added_in_rows_are_locked_in_one((one, other) in two_orders()) {
        let (one, other) = (unit(one).in_lock_order(), unit(other).in_lock_order());
        prop_assert_eq!(&one, &other);
        prop_assert!(one.is_sorted_by(|a, b| a.lock_row() <= b.lock_row()));
    }

    #[test]
    fn writes_to_one_row_keep_their_order(
        lines in prop::collection::vec((1_i64..4, 1_u32..100), 0..30)
    ) {
        let quantities = |all: &[(i64, u32)], product| {
            let of = all.iter().filter(|(it, _)| *it == product);
            of.map(|(_, quantity)| *quantity).collect::<Vec<_>>()
        };
        let writes = lines.iter().map(|(product, quantity)| back(*product, *quantity)).collect();
        let locked: Vec<_> = unit(writes).in_lock_order();
        let locked: Vec<_> = locked.iter().filter_map(returned).collect();
        for product in 1..4 {
            prop_assert_eq!(quantities(&locked, product), quantities(&lines, product));
        }
    }
}

#[test]
fn a_unit_of_two_orders_locks_them_in_one_order_whichever_came_first() {
    let touch = |key| unit(vec![Write::UpdateOrder(order(key))]);
    let (there, back) = (touch(1).merge(touch(2)), touch(2).merge(touch(1)));
    assert_eq!(there.in_lock_order(), back.in_lock_order());
}

#[test]
fn all_sessions_of_a_user_are_locked_before_each_of_them_and_between_no_others() {
    let one = |user, session| Write::RevokeSession {
        user: UserKey::new(user),
        session: SessionKey::new(session),
        at: NOW,
    };
    let all = |user| Write::RevokeSessions { user: UserKey::new(user), except: None, at: NOW };
    let some = |user| Write::RevokeListedSessions { user: UserKey::new(user), sessions: Vec::new(), at: NOW };
    let expected = [all(1), one(1, 9), all(2), some(2), one(2, 1), one(2, 5)];
    let added = unit(vec![one(2, 5), some(2), all(2), one(1, 9), one(2, 1), all(1)]);
    assert_eq!(added.in_lock_order(), expected);
}
