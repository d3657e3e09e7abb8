use domain::{
    ApiKeyId, ChangeId, EventId, FeedEventType, FeedSequence, FindingId, OrderKey, OrderNumber, ProductId,
    ProductKey, SessionKey, UserKey,
    order::{OrderReference, OrderStatus},
    payment::{EventDisposition, ReferenceKind, ReferenceOwner},
};
use ports::{
    Batch, BucketSize, CaseKey, ChangeFilter, DatedPayment, DueOrders, EventPosition, FeedFilter, MailKind,
    OldOrder, OrderCursor, OrderFilter, OrderSearch, OrderSort, OrphanCursor, OverviewWindow, PaymentMoment,
    PaymentPeriod, Prunable,
};

use super::{Coverage, StatementFixture, filler_rows};
use crate::{Backend, sample};

/// The number of rows of a page.
pub(super) const LIMIT: u32 = 20;
/// The batch that a sweep asks for.
const BATCH: Batch = Batch { skip: 5, limit: LIMIT };

macro_rules! ask {
    ($played:ident, $port:ident :: $method:ident, $repository:expr $(, $argument:expr)*) => {{
        $played.insert(concat!(stringify!($port), "::", stringify!($method)).to_owned());
        $repository.$method($($argument),*).await.expect("read")
    }};
}

pub(super) use ask;

/// The name of a filler row in the middle.
pub(super) fn middle() -> String {
    format!("filler-{}", filler_rows() / 2)
}

impl StatementFixture {
    pub(super) async fn run_reads(&self, backend: &Backend, played: &mut Coverage) {
        self.read_accounts(backend, played).await;
        self.read_catalogue(backend, played).await;
        self.read_orders(backend, played).await;
        self.list_orders(backend, played).await;
        self.search_orders(backend, played).await;
        self.read_money(backend, played).await;
        self.list_accounts(backend, played).await;
        self.list_payments(backend, played).await;
        self.read_webhooks(backend, played).await;
        Self::read_feed(backend, played).await;
        Self::read_overview(backend, played).await;
        Self::read_whole_record(backend, played).await;
        Self::read_prunable(backend, played).await;
    }

    async fn read_whole_record(backend: &Backend, played: &mut Coverage) {
        for after in [None, Some(OrderKey::new(1_000_000_000_100))] {
            ask!(played, AuditRepository::list_kept_orders, backend.audit, after, LIMIT);
        }
        for after in [None, Some(ProductKey::new(1_000_000_000_100))] {
            ask!(played, AuditRepository::list_held_stock, backend.audit, after, LIMIT);
        }
        let archived = OrderKey::new(1_000_000_000_100);
        ask!(played, AuditRepository::list_flawed_payments, backend.audit, archived);
        let mut cursor = Some(OrphanCursor::default());
        while let Some(at) = cursor {
            let page = backend.audit.list_orphans(at, LIMIT).await.expect("read");
            // Behind the first page of each relation: the next one begins after these rows.
            cursor = page.next.map(|it| match it.row {
                Some(_) => OrphanCursor { row: Some(i64::MAX), ..it },
                None => it,
            });
            played.insert("AuditRepository::list_orphans".to_owned());
        }
    }

    async fn read_prunable(backend: &Backend, played: &mut Coverage) {
        // As when rows are pruned: some are older, and some are not.
        let middle = sample::at(i64::from(filler_rows()) / 2);
        for what in Prunable::ALL {
            for before in [sample::at(-1), middle] {
                ask!(played, AuditRepository::has_prunable_rows, backend.audit, what, before);
            }
        }
    }

    async fn read_overview(backend: &Backend, played: &mut Coverage) {
        let (start, end) = (sample::at(1), sample::at(i64::from(filler_rows())));
        for size in [BucketSize::Hour, BucketSize::Day] {
            let window = OverviewWindow::covering(size, 0, start, end).expect("a window of some hours");
            ask!(played, OverviewRepository::read_figures, backend.overview, window, LIMIT);
        }
    }

    async fn read_feed(backend: &Backend, played: &mut Coverage) {
        let (middle, last) = (i64::from(filler_rows() / 2), i64::from(filler_rows()));
        for after in [None, Some(0), Some(middle), Some(last)].map(|it| it.map(FeedSequence::new)) {
            for types in [vec![], vec![FeedEventType::OrderPaid], FeedEventType::ALL.to_vec()] {
                let filter = FeedFilter { after, types, limit: LIMIT };
                ask!(played, FeedRepository::list_events_after, backend.feed, filter);
            }
        }
        for after in [0, middle, last].map(FeedSequence::new) {
            ask!(played, FeedRepository::list_event_heads, backend.feed, after, LIMIT);
        }
        ask!(played, FeedRepository::find_feed_backlog, backend.feed, LIMIT);
        ask!(played, FeedRepository::find_last_sequence, backend.feed);
    }

    async fn read_accounts(&self, backend: &Backend, played: &mut Coverage) {
        let user = &self.user;
        ask!(played, UserRepository::find_user, backend.users, &user.id);
        ask!(played, UserRepository::find_user_by_key, backend.users, user.key);
        for keys in [vec![user.key], (1..30).map(|n| UserKey::new(1_000_000_000_000 + n)).collect()] {
            ask!(played, UserRepository::list_users_by_key, backend.users, &keys);
        }
        for login in [user.username.as_str(), user.email.as_str(), "stranger"] {
            ask!(played, UserRepository::find_credentials, backend.users, login);
        }
        ask!(played, UserRepository::find_account_conflicts, backend.users, &user.username, &user.email);
        ask!(played, UserRepository::highest_hash_cost, backend.users);
        for after in [None, Some(UserKey::new(1))] {
            let since = sample::at(i64::from(filler_rows() / 2));
            ask!(played, UserRepository::list_changed_users, backend.users, since, after, LIMIT);
            ask!(played, UserRepository::list_operators, backend.users, after, LIMIT);
        }
        ask!(played, UserRepository::find_password_hash, backend.users, user.key);
        ask!(played, SecondFactorRepository::find_second_factor, backend.second_factors, user.key);
        ask!(played, SessionRepository::find_session, backend.sessions, &self.session.id);
        ask!(played, SessionRepository::list_live_sessions, backend.sessions, user.key, sample::at(1), LIMIT);
        let (network, sessions) = (sample::network(), &backend.sessions);
        ask!(played, SessionRepository::list_older_sessions, sessions, user.key, sample::at(1), 5, LIMIT);
        ask!(played, SessionRepository::has_logged_in, sessions, user.key, network, sample::at(1));
        // Behind some rows of the timestamp, and behind all of them.
        for after in [None, Some(1), Some(i64::MAX)].map(|it| it.map(SessionKey::new)) {
            let since = sample::at(i64::from(filler_rows() / 2));
            ask!(played, SessionRepository::list_revoked_sessions, backend.sessions, since, after, LIMIT);
        }
        self.read_account_tasks(backend, played).await;
        let keys = &backend.api_keys;
        ask!(played, ApiKeyRepository::find_api_key, keys, &self.api_key.id);
        ask!(played, ApiKeyRepository::find_api_key_by_key, keys, self.api_key.key);
        ask!(played, ApiKeyRepository::find_api_key_by_digest, keys, &sample::digest(&self.api_key));
        for (revoked, after) in [(false, None), (true, None), (true, Some(ApiKeyId::new(middle())))] {
            ask!(played, ApiKeyRepository::list_api_keys, keys, revoked, after, LIMIT);
        }
        ask!(played, ClaimRepository::find_claim, backend.claims, &self.claim.key);
        let keys = [self.claim.key.clone(), sample::claim(&sample::user()).key];
        ask!(played, ClaimRepository::find_claims, backend.claims, &keys);
    }

    async fn read_account_tasks(&self, backend: &Backend, played: &mut Coverage) {
        let (tasks, late) = (&backend.account_tasks, sample::at(i64::from(filler_rows())));
        for kind in MailKind::ALL {
            ask!(played, AccountTaskRepository::list_due_mails, tasks, kind, late, BATCH);
        }
        ask!(played, AccountTaskRepository::find_password_reset, tasks, &middle());
        ask!(played, AccountTaskRepository::find_reset_of_user, tasks, self.user.key);
        ask!(played, AccountTaskRepository::list_open_erasures, tasks, BATCH);
        let page: Vec<_> = (0..100).map(|n| OrderNumber::new(format!("filler-{n}"))).collect();
        for orders in [page.get(..1).unwrap_or_default(), &page] {
            ask!(played, AccountTaskRepository::has_order_replies, tasks, orders);
        }
        for user in [self.user.key, UserKey::new(1)] {
            ask!(played, AccountTaskRepository::has_personal_rows, tasks, user);
        }
    }

    async fn read_catalogue(&self, backend: &Backend, played: &mut Coverage) {
        let products = &backend.products;
        ask!(played, ProductRepository::find_product, products, &self.product.id);
        for count in [1, 29] {
            let ids: Vec<_> = (0..count).map(|it| ProductId::new(format!("filler-{it}"))).collect();
            ask!(played, ProductRepository::find_products, products, &ids);
        }
        for active_only in [false, true] {
            for after in [None, Some(ProductId::new(middle()))] {
                ask!(played, ProductRepository::list_products, products, active_only, after, LIMIT);
            }
        }
        for kind in [ChangeFilter::Any, ChangeFilter::Adjustment] {
            for after in [None, Some(ChangeId::new(middle()))] {
                ask!(
                    played,
                    ProductRepository::list_product_changes,
                    products,
                    self.edited_product.key,
                    kind,
                    after,
                    LIMIT
                );
            }
        }
    }

    async fn read_orders(&self, backend: &Backend, played: &mut Coverage) {
        let orders = &backend.orders;
        ask!(played, OrderRepository::find_order, orders, &self.order.number);
        ask!(played, OrderRepository::find_order_head, orders, &self.order.number);
        let numbers = [
            self.order.number.clone(),
            sample::order(&sample::user(), &[(&sample::product(None), 1)]).number,
        ];
        ask!(played, OrderRepository::find_order_heads, orders, &numbers);
        ask!(played, OrderRepository::list_history_entries, orders, self.order.key);
        let late = sample::at(i64::from(filler_rows()));
        for due in [
            DueOrders::Expired(late),
            DueOrders::InStatusSince(OrderStatus::Paid, late),
            DueOrders::Uncaptured(late),
        ] {
            ask!(played, OrderRepository::list_due_orders, orders, due, BATCH);
        }
        let old = OldOrder {
            updated_at: self.order.updated_at,
            key: self.order.key,
            number: self.order.number.clone(),
        };
        for after in [None, Some(old)] {
            ask!(played, OrderRepository::list_old_orders, orders, late, after, LIMIT);
        }
        let open: Vec<_> = OrderStatus::ALL.into_iter().filter(|it| it.needs_customer()).collect();
        for (owner, statuses) in [(self.user.key, &open[..]), (UserKey::new(1), &open), (self.user.key, &[])]
        {
            ask!(played, OrderRepository::has_order_in, orders, owner, statuses);
        }
        for owner in [None, Some(self.user.key)] {
            ask!(played, OrderRepository::list_archived_orders, orders, owner, Some(self.order.key), LIMIT);
        }
    }

    async fn list_orders(&self, backend: &Backend, played: &mut Coverage) {
        let at = |seconds: u32| Some(sample::at(i64::from(seconds)));
        let owners = [None, Some(self.user.key)];
        let statuses = [
            vec![],
            vec![OrderStatus::Pending],
            vec![OrderStatus::Paid],
            vec![OrderStatus::Delivered, OrderStatus::Pending, OrderStatus::Paid],
        ];
        let (late, beyond) = (filler_rows() - 100, 2 * filler_rows());
        let (none, early, last) = ((None, None), (at(1), at(100)), (at(late), at(beyond)));
        let ranges = [(none, none), (early, none), (none, last), (last, (at(1), None))];
        let references = [None, Some("filler-common"), Some("filler-8")];
        let sorts = [
            OrderSort::NewestFirst,
            OrderSort::OldestFirst,
            OrderSort::LastChangeFirst,
            OrderSort::FirstChangeFirst,
        ];
        for (owner, statuses) in owners.iter().flat_map(|o| statuses.iter().map(move |s| (*o, s))) {
            for (sort, reference) in sorts.iter().flat_map(|s| references.iter().map(move |r| (*s, *r))) {
                for (created, updated) in ranges {
                    let filter = OrderFilter {
                        owner,
                        statuses: statuses.clone(),
                        created_after: created.0,
                        created_before: created.1,
                        updated_after: updated.0,
                        updated_before: updated.1,
                        reference: reference.map(|it| OrderReference::new(it.to_owned())),
                        search: None,
                        sort,
                        after: None,
                        limit: LIMIT,
                    };
                    self.list_page(backend, played, filter.clone()).await;
                    let number = OrderNumber::new(middle());
                    let after = Some(OrderCursor { at: sample::at(i64::from(filler_rows() / 2)), number });
                    self.list_page(backend, played, OrderFilter { after, ..filter }).await;
                }
            }
        }
    }

    /// Searches for a part that few rows have, and for a whole number.
    async fn search_orders(&self, backend: &Backend, played: &mut Coverage) {
        let sorts = [OrderSort::NewestFirst, OrderSort::OldestFirst, OrderSort::LastChangeFirst];
        for (sort, text) in sorts.iter().flat_map(|s| ["ILLER-1000", "filler-1000"].map(|it| (*s, it))) {
            for owner in [None, Some(self.user.key)] {
                let search = OrderSearch::parse(text).ok();
                let filter = OrderFilter { owner, search, sort, limit: LIMIT, ..OrderFilter::default() };
                self.list_page(backend, played, filter.clone()).await;
                let number = OrderNumber::new(middle());
                let after = Some(OrderCursor { at: sample::at(i64::from(filler_rows() / 2)), number });
                self.list_page(backend, played, OrderFilter { after, ..filter }).await;
            }
        }
    }

    async fn list_periods(&self, backend: &Backend, played: &mut Coverage) {
        let (from, until) = (sample::at(1), sample::at(i64::from(2 * filler_rows())));
        let half = i64::from(filler_rows() / 2);
        let last = DatedPayment { id: self.transaction.id.clone(), at: sample::at(half), row: 1 };
        for moment in [PaymentMoment::Requested, PaymentMoment::Captured, PaymentMoment::Refunded] {
            for after in [None, Some(last.clone())] {
                let gateway = sample::gateway("sandbox");
                let period = PaymentPeriod { gateway, moment, from, until, after, limit: LIMIT };
                ask!(played, PaymentRepository::list_payments_within, backend.payments, period);
            }
        }
    }

    async fn list_page(&self, backend: &Backend, played: &mut Coverage, filter: OrderFilter) {
        ask!(played, OrderRepository::list_orders, backend.orders, filter);
    }

    async fn read_money(&self, backend: &Backend, played: &mut Coverage) {
        let (payments, events, findings) = (&backend.payments, &backend.events, &backend.findings);
        let transaction = &self.transaction;
        ask!(played, PaymentRepository::find_transaction, payments, &transaction.id);
        let other = CaseKey::Order(OrderNumber::new(middle()));
        for keys in [vec![CaseKey::Transaction(transaction.id.clone())], vec![other.clone(), other]] {
            ask!(played, PaymentRepository::find_cases, payments, &keys);
        }
        ask!(played, PaymentRepository::list_transactions, payments, transaction.order);
        ask!(played, PaymentRepository::list_readable, payments, transaction.order);
        ask!(played, PaymentRepository::list_refunds, payments, &transaction.id);
        ask!(played, PaymentRepository::list_payment_requests, payments, transaction.order);
        for after in [None, Some(self.attempt.id.clone())] {
            ask!(played, PaymentRepository::list_attempts, payments, &transaction.id, after, LIMIT);
        }
        let sandbox = sample::gateway("sandbox");
        ask!(played, PaymentRepository::list_due_transactions, payments, &sandbox, sample::at(60), BATCH);
        for after in [None, Some(sandbox.clone())] {
            ask!(played, PaymentRepository::next_gateway, payments, after);
        }
        self.list_periods(backend, played).await;
        let named =
            ["filler-1", "no such reference"].map(|it| sample::named_reference(ReferenceKind::Payment, it));
        for named in &named {
            ask!(played, PaymentRepository::find_by_reference, payments, &sandbox, named);
        }
        ask!(played, EventRepository::find_event, events, &self.event.gateway, &self.event.id);
        let ids = [self.event.id.clone(), EventId::new("no such event".into())];
        ask!(played, EventRepository::list_stored_ids, events, &self.event.gateway, &ids);
        let mut known = self.transaction.clone();
        known.references = vec![sample::known_reference(ReferenceOwner::Payment, "filler-1")];
        for after in [None, Some(self.event.id.clone())] {
            ask!(played, EventRepository::list_events_about, events, &known, after, LIMIT);
        }
        ask!(played, EventRepository::list_applicable_events, events, BATCH);
        let behind = EventPosition { at: self.event.received_at, key: self.event.key };
        for after in [None, Some(behind)] {
            ask!(played, EventRepository::list_applicable_overdue, events, after, LIMIT);
        }
        for disposition in [EventDisposition::Parked, EventDisposition::Overdue] {
            ask!(played, EventRepository::list_old_events, events, disposition, sample::at(60), BATCH);
        }
        ask!(played, FindingRepository::find_finding, findings, &self.finding.id);
        for resolved in [None, Some(false), Some(true)] {
            for after in [None, Some(FindingId::new(middle()))] {
                let of_order = self.order.number.clone();
                let next = after.clone();
                ask!(
                    played,
                    FindingRepository::list_findings_of_order,
                    findings,
                    &of_order,
                    resolved,
                    next,
                    LIMIT
                );
                ask!(played, FindingRepository::list_findings, findings, resolved, after, LIMIT);
            }
        }
    }
}
