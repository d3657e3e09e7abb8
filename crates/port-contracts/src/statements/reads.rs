use domain::{
    ChangeId, FindingId, OrderNumber, ProductId, SessionKey, Timestamp, UserKey, order::Status,
    payment::ReferenceKind,
};
use ports::{Batch, ChangeKind, Due, OrderFilter};

use super::{FILLERS, Played, Scene};
use crate::{Backend, sample};

/// How many a page has.
const LIMIT: u32 = 20;
/// What a sweep reads.
const BATCH: Batch = Batch { skip: 5, limit: LIMIT };

macro_rules! ask {
    ($played:ident, $port:ident :: $method:ident, $repository:expr $(, $argument:expr)*) => {{
        $played.insert(concat!(stringify!($port), "::", stringify!($method)).to_owned());
        $repository.$method($($argument),*).await.expect("read")
    }};
}

/// A name of the filler in the middle.
fn middle() -> String {
    format!("filler-{}", FILLERS / 2)
}

impl Scene {
    pub(super) async fn read(&self, backend: &Backend, played: &mut Played) {
        self.read_accounts(backend, played).await;
        self.read_catalogue(backend, played).await;
        self.read_orders(backend, played).await;
        self.list_orders(backend, played).await;
        self.read_money(backend, played).await;
    }

    async fn read_accounts(&self, backend: &Backend, played: &mut Played) {
        let user = &self.user;
        ask!(played, UserRepository::find, backend.users, &user.id);
        ask!(played, UserRepository::find_by_key, backend.users, user.key);
        for login in [user.username.as_str(), user.email.as_str(), "stranger"] {
            ask!(played, UserRepository::find_by_login, backend.users, login);
        }
        ask!(played, UserRepository::taken, backend.users, &user.username, &user.email);
        ask!(played, UserRepository::highest_hash_cost, backend.users);
        for after in [None, Some(UserKey::new(1))] {
            let since = sample::at(i64::from(FILLERS / 2));
            ask!(played, UserRepository::changed_since, backend.users, since, after, LIMIT);
            ask!(played, UserRepository::list_operators, backend.users, after, LIMIT);
        }
        ask!(played, UserRepository::find_hash, backend.users, user.key);
        ask!(played, SessionRepository::find, backend.sessions, &self.session.id);
        ask!(played, SessionRepository::list_live, backend.sessions, user.key, sample::at(1), LIMIT);
        let (network, sessions) = (sample::network(), &backend.sessions);
        ask!(played, SessionRepository::has_logged_in, sessions, user.key, network, sample::at(1));
        for after in [None, Some(SessionKey::new(1))] {
            let since = sample::at(i64::from(FILLERS / 2));
            ask!(played, SessionRepository::revoked_since, backend.sessions, since, after, LIMIT);
        }
        ask!(played, ReplyRepository::find, backend.replies, &self.claim.key);
    }

    async fn read_catalogue(&self, backend: &Backend, played: &mut Played) {
        let products = &backend.products;
        ask!(played, ProductRepository::find, products, &self.product.id);
        for count in [1, 29] {
            let ids: Vec<_> = (0..count).map(|it| ProductId::new(format!("filler-{it}"))).collect();
            ask!(played, ProductRepository::find_all, products, &ids);
        }
        for active_only in [false, true] {
            for after in [None, Some(ProductId::new(middle()))] {
                ask!(played, ProductRepository::list, products, active_only, after, LIMIT);
            }
        }
        for kind in [ChangeKind::Any, ChangeKind::Adjustment] {
            for after in [None, Some(ChangeId::new(middle()))] {
                ask!(played, ProductRepository::changes, products, self.changed.key, kind, after, LIMIT);
            }
        }
    }

    async fn read_orders(&self, backend: &Backend, played: &mut Played) {
        let orders = &backend.orders;
        ask!(played, OrderRepository::find, orders, &self.order.number);
        ask!(played, OrderRepository::head, orders, &self.order.number);
        for owner in [self.user.key, sample::user().key] {
            ask!(played, OrderRepository::has_pending, orders, owner, LIMIT);
        }
        ask!(played, OrderRepository::history, orders, self.order.key);
        let late = sample::at(i64::from(FILLERS));
        for due in [Due::Expired(late), Due::Unchanged(Status::Paid, late), Due::Uncaptured(late)] {
            ask!(played, OrderRepository::due, orders, due, BATCH);
        }
    }

    async fn list_orders(&self, backend: &Backend, played: &mut Played) {
        let at = |seconds: u32| Some(sample::at(i64::from(seconds)));
        let stranger = sample::user();
        let owners = [None, Some(self.user.key), Some(stranger.key)];
        let statuses = [None, Some(Status::Pending), Some(Status::Paid), Some(Status::Delivered)];
        let afters: [Option<Timestamp>; 3] = [None, at(1), at(FILLERS - 100)];
        let befores: [Option<Timestamp>; 3] = [None, at(100), at(2 * FILLERS)];
        for (owner, status) in owners.iter().flat_map(|o| statuses.iter().map(move |s| (*o, *s))) {
            for (created_after, created_before) in
                afters.iter().flat_map(|a| befores.iter().map(move |b| (*a, *b)))
            {
                for after in [None, Some(OrderNumber::new(middle()))] {
                    let filter =
                        OrderFilter { owner, status, created_after, created_before, after, limit: LIMIT };
                    ask!(played, OrderRepository::list, backend.orders, filter);
                }
            }
        }
    }

    async fn read_money(&self, backend: &Backend, played: &mut Played) {
        let (payments, events, findings) = (&backend.payments, &backend.events, &backend.findings);
        let transaction = &self.transaction;
        ask!(played, PaymentRepository::find, payments, &transaction.id);
        ask!(played, PaymentRepository::list, payments, transaction.order);
        ask!(played, PaymentRepository::requests, payments, transaction.order);
        let sandbox = sample::gateway("sandbox");
        ask!(played, PaymentRepository::to_check, payments, &sandbox, sample::at(60), BATCH);
        for after in [None, Some(sandbox.clone())] {
            ask!(played, PaymentRepository::next_gateway, payments, after);
        }
        let named = ["filler-1", "no such reference"].map(|it| sample::named(ReferenceKind::Payment, it));
        for named in &named {
            ask!(played, PaymentRepository::find_by_reference, payments, &sandbox, named);
        }
        ask!(played, EventRepository::find, events, &self.event.gateway, &self.event.id);
        for references in [&[][..], &named] {
            ask!(played, EventRepository::waiting, events, &sandbox, &transaction.id, references);
        }
        ask!(played, EventRepository::applicable, events, BATCH);
        ask!(played, EventRepository::overdue, events, sample::at(60), BATCH);
        ask!(played, FindingRepository::find, findings, &self.finding.id);
        for resolved in [None, Some(false), Some(true)] {
            for after in [None, Some(FindingId::new(middle()))] {
                ask!(played, FindingRepository::list, findings, resolved, after, LIMIT);
            }
        }
    }
}
