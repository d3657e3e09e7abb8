use domain::{
    ChangedBy, Email, MailKey, OrderChange, PasswordHash, SessionKey, Text, Timestamp, User, Version,
    order::{OrderDetails, OrderReference, OrderStatus, StockLine},
    payment::{DisputeStatus, EventDisposition, PaymentRequest, PaymentRequestKind, ReferenceOwner},
    product::StockUpdate,
};
use ports::{
    CommitError, ErasureProgress, MailKind, NewFeedEvent, PasswordReset, Prunable, QueuedMail,
    SecondFactorWrite, UnitOfWork, UserErasure, Write,
};

use super::{Coverage, StatementFixture, filler_rows, reads::LIMIT, webhooks};
use crate::{Backend, sample};

/// Most rows that one unit prunes.
const ROWS_MAX: u32 = 10;

/// Commits a unit; it may also be refused, as only its statements matter.
async fn commit(backend: &Backend, played: &mut Coverage, work: UnitOfWork) {
    for write in work.clone().in_lock_order() {
        let text = format!("{write:?}");
        let name = text.split(['(', ' ', '{']).next().unwrap_or_default();
        played.insert(format!("Write::{name}"));
    }
    let outcome = backend.store.commit(work).await;
    assert!(!matches!(outcome, Err(CommitError::Failed(_))), "{outcome:?}");
}

impl StatementFixture {
    pub(super) async fn run_writes(&self, backend: &Backend, played: &mut Coverage) {
        let units = [
            self.account_tasks(),
            self.accounts(),
            self.catalogue(),
            self.sales(),
            self.money(),
            self.feed(),
            Self::pruning(),
            self.erasure(),
        ]
        .concat();
        for writes in units {
            commit(backend, played, UnitOfWork::new().with_writes(writes)).await;
        }
        let progress = UnitOfWork::new().with_order_change(OrderChange::from_order(self.order.clone()));
        commit(backend, played, progress).await;
        let mut order = OrderChange::from_order(self.order.clone()).order().clone();
        for reference in [Some("a"), Some("b"), None] {
            let reference = reference.map(|it| OrderReference::new(it.to_owned()));
            let mut change = OrderChange::from_order(order);
            change.edit_details(OrderDetails { reference, ..OrderDetails::default() }, sample::at(9));
            order = change.order().clone();
            commit(backend, played, UnitOfWork::new().with_order_change(change)).await;
        }
        for write in self.factor_writes() {
            let text = format!("{write:?}");
            let name = text.split(['(', ' ', '{']).next().unwrap_or_default();
            played.insert(format!("SecondFactorWrite::{name}"));
            commit(backend, played, UnitOfWork::new().with_write(Write::SecondFactor(Box::new(write)))).await;
        }
        self.run_ends(backend, played).await;
        self.run_archive(backend, played).await;
        self.run_batch(backend).await;
        for write in self.webhook_writes() {
            played.insert(webhooks::write_name(&write));
            commit(backend, played, UnitOfWork::new().with_write(Write::Webhook(write))).await;
        }
    }

    /// Ends of orders that give back the pieces of one line, and of several.
    async fn run_ends(&self, backend: &Backend, played: &mut Coverage) {
        let other = backend.product(Some(9)).await;
        for lines in [&[(&self.product, 1)][..], &[(&self.product, 1), (&other, 2)]] {
            let order = sample::order(&self.user, lines);
            commit(backend, played, UnitOfWork::new().with_write(sample::insert_order(&order))).await;
            let mut change = OrderChange::from_order(order);
            change
                .transition(OrderStatus::Closed, ChangedBy::SYSTEM, None, sample::at(9))
                .expect("it is pending");
            let outcome = backend.store.commit(UnitOfWork::new().with_order_change(change)).await;
            assert!(outcome.is_ok(), "{outcome:?}");
        }
    }

    /// Moves an order with a payment to the archive, reads it there, and brings it back.
    async fn run_archive(&self, backend: &Backend, played: &mut Coverage) {
        let find =
            async || backend.orders.find_order(&self.order.number).await.expect("read").expect("there");
        let order = find().await;
        let work = UnitOfWork::new().with_write(Write::ArchiveOrders(vec![(order.key, order.revision)]));
        commit(backend, played, work).await;
        self.run_reads(backend, played).await;
        let reference = Some(OrderReference::new("back".to_owned()));
        let mut change = OrderChange::from_order(find().await);
        change.edit_details(OrderDetails { reference, ..OrderDetails::default() }, sample::at(9));
        let outcome = backend.store.commit(UnitOfWork::new().with_order_change(change)).await;
        assert!(outcome.is_ok(), "{outcome:?}");
    }

    /// Several units at once, which an adapter may send as other statements.
    async fn run_batch(&self, backend: &Backend) {
        let unit = |_| {
            let product = &self.edited_product;
            let order = sample::order(&self.user, &[(product, 1)]);
            UnitOfWork::new().with_writes([
                Write::Claim(sample::claim(&self.user)),
                sample::counted(&order, 1_000_000, 1_000_000),
                sample::insert_order(&order),
                sample::sell_product(product, 1),
                sample::sell_product(&self.product, 1),
                Write::InsertAttempts(vec![sample::attempt(&self.transaction, 9)]),
                Write::InsertFeedEvents(vec![sample::feed_event(&order.number, 1).into()]),
            ])
        };
        for outcome in backend.store.commit_all((0..4).map(unit).collect()).await {
            assert!(!matches!(outcome, Err(CommitError::Failed(_))), "{outcome:?}");
        }
    }

    fn accounts(&self) -> Vec<Vec<Write>> {
        let (user, hash) = (&self.user, sample::hash("first"));
        let (rotated, mut next) = (sample::session(user), sample::session(user));
        next.generation = rotated.generation + 1;
        let revoke = |except| Write::RevokeSessions { user: user.key, except, at: sample::at(2) };
        vec![
            vec![Write::InsertUser(sample::user(), hash.clone())],
            // The name and the address are in use.
            vec![Write::InsertUser(user.clone(), hash.clone())],
            vec![Write::RequirePassword(user.key, hash.clone())],
            vec![Write::UpdateUser { user: user.with_disabled_flag(true, sample::at(1)), read: None }],
            vec![Write::ChangePassword { user: user.key, from: hash.clone(), to: hash }],
            vec![Write::InsertSession(rotated.clone(), sample::origin())],
            vec![Write::RotateSession { read: Box::new(rotated), next: Box::new(next) }],
            vec![Write::RevokeSession { user: user.key, session: self.session.key, at: sample::at(1) }],
            vec![Write::RevokeListedSessions {
                user: user.key,
                sessions: vec![self.session.key, SessionKey::new(1)],
                at: sample::at(1),
            }],
            vec![revoke(Some(self.session.key))],
            vec![revoke(None)],
            vec![Write::InsertApiKey(sample::api_key(user), sample::digest(&self.api_key))],
            vec![Write::RecordKeyUse { key: self.api_key.key, at: sample::at(2) }],
            vec![Write::RevokeApiKey { key: self.api_key.key, at: sample::at(2) }],
            vec![Write::StoreReply { key: self.claim.key.clone(), reply: sample::reply() }],
            // The key has a claim already.
            vec![Write::Claim(self.claim.clone())],
        ]
    }

    fn account_tasks(&self) -> Vec<Vec<Write>> {
        let user = &self.user;
        let reset = PasswordReset {
            user: user.key,
            requested_at: sample::at(1),
            expires_at: sample::at(9),
            digest: Some("played".to_owned()),
        };
        let mail = QueuedMail {
            key: MailKey::new(sample::next_number()),
            kind: MailKind::PasswordReset,
            recipient: user.email.clone(),
            user: Some(user.key),
            attempts: 0,
            created_at: sample::at(1),
            due_at: sample::at(1),
            expires_at: sample::at(9),
        };
        let (key, requested_at, digest) = (mail.key, reset.requested_at, "played-2".to_owned());
        let address = Email::new("played@example.com".to_owned());
        let changed = user.with_email(address, sample::at(2));
        let other = changed.with_email(Email::new("played-2@example.com".to_owned()), sample::at(3));
        let verified = other.with_verified_email(sample::at(4));
        let back = User { email: user.email.clone(), changed_at: None, ..user.clone() };
        vec![
            vec![Write::QueueMail(mail)],
            vec![Write::BeginMail { key, attempts: 0, due_at: sample::at(2) }],
            vec![Write::DeleteMail { key, attempts: 1 }],
            vec![Write::RequestPasswordReset(reset.clone(), user.clone())],
            // The account has one already.
            vec![Write::RequestPasswordReset(reset, user.clone())],
            vec![Write::SetResetToken { user: user.key, requested_at, digest: digest.clone() }],
            vec![Write::UsePasswordReset { user: user.key, digest, now: sample::at(2) }],
            vec![Write::DropPasswordReset(user.key)],
            vec![Write::ChangeEmail { user: changed.clone(), read: None }],
            vec![Write::ChangeEmail { user: other.clone(), read: changed.changed_at }],
            vec![Write::VerifyEmail { user: verified.clone(), read: other.changed_at }],
            // As it was, for the writes that follow.
            vec![Write::ChangeEmail { user: back, read: verified.changed_at }],
        ]
    }

    fn factor_writes(&self) -> Vec<SecondFactorWrite> {
        let user = &self.user;
        let factor = sample::second_factor(user);
        let next = factor.confirm(5, sample::at(2)).unwrap_or_else(|| factor.clone());
        let set = |read: Option<Timestamp>| SecondFactorWrite::Set {
            user: user.with_second_factor(None, sample::at(6)),
            read,
        };
        vec![
            SecondFactorWrite::RequireNone(user.key),
            SecondFactorWrite::Enrol(factor.clone()),
            SecondFactorWrite::Replace(next),
            // One is in force.
            SecondFactorWrite::Enrol(factor),
            set(None),
            set(Some(sample::at(6))),
            SecondFactorWrite::Drop(user.key),
        ]
    }

    /// Of the user of all other rows, so this comes last.
    fn erasure(&self) -> Vec<Vec<Write>> {
        let user = sample::user();
        let (from, to) = (sample::hash("first"), PasswordHash::new("*".to_owned()));
        let erased = |read: &User| UserErasure {
            user: read.erase("played", sample::at(5)),
            read: read.changed_at,
            from: from.clone(),
            to: to.clone(),
            at: sample::at(5),
        };
        let changed = user.with_role(user.role, sample::at(4));
        vec![
            vec![Write::InsertUser(user.clone(), from.clone())],
            // Never changed, and then changed at another time than was read.
            vec![Write::EraseUser(Box::new(erased(&user)))],
            vec![Write::EraseUser(Box::new(erased(&changed)))],
            vec![Write::CloseOpenOrders { owner: user.key, placed: 0 }],
            vec![Write::CloseOpenOrders { owner: self.user.key, placed: 1 }],
            vec![Write::AdvanceErasure {
                user: user.key,
                from: ErasureProgress::Archive(None),
                to: ErasureProgress::Rows,
            }],
            vec![Write::ErasePersonalRows(self.user.key, ROWS_MAX)],
            vec![Write::EraseOrderReplies(vec![self.order.number.clone()], ROWS_MAX)],
        ]
    }

    fn catalogue(&self) -> Vec<Vec<Write>> {
        let (kept, set) = (sample::product(Some(5)), sample::product(Some(5)));
        vec![
            vec![sample::insert_product(&kept), sample::insert_product(&set)],
            vec![sample::replace_with_next(&kept, StockUpdate::Keep)],
            vec![sample::replace_with_next(&set, StockUpdate::Set(Some(7)))],
            vec![sample::replace_product(&kept, Version::FIRST, StockUpdate::Keep)],
            vec![sample::adjust_stock(&self.product, 1, sample::change(&self.user))],
        ]
    }

    fn sales(&self) -> Vec<Vec<Write>> {
        let product = &self.product;
        let order = sample::order(&self.user, &[(product, 1)]);
        let mut untracked = self.edited_product.clone();
        untracked.stock = None;
        let line = StockLine { product: product.id.clone(), quantity: 1 };
        vec![
            vec![sample::counted(&order, 10, 10)],
            // Known already, and full.
            vec![sample::counted(&order, 10, 1)],
            vec![Write::RemoveOpenOrder { owner: order.owner, lines: order.lines_in_stock().collect() }],
            vec![
                sample::insert_order(&order),
                sample::sell_product(product, 1),
                sample::sell_product(&untracked, 1),
            ],
            // More than the stock.
            vec![sample::sell_product(product, 1_000_000)],
            vec![Write::ReturnStock(line.clone())],
            vec![Write::RetakeStock(line)],
        ]
    }

    fn money(&self) -> Vec<Vec<Write>> {
        let transaction = &self.transaction;
        let mut disputed = transaction.clone();
        let mut record = sample::captured_facts(transaction.amount);
        record.disputes = vec![sample::dispute(DisputeStatus::Open, transaction.amount, 5)];
        disputed.facts = sample::restore_facts(record);
        let event = &self.event;
        let (from, to) = (EventDisposition::Parked, EventDisposition::Overdue);
        let by = ChangedBy::operator(self.user.key);
        let (id, note, at) = (self.finding.id.clone(), Text::new("x"), sample::at(5));
        let resolved = Write::ResolveFinding { id, note, by, at };
        let (kind, amount) = (PaymentRequestKind::Capture, transaction.amount);
        let request =
            PaymentRequest { transaction: transaction.key, kind, amount, requested_by: by, requested_at: at };
        let once = || vec![Write::InsertFindingOnce(sample::finding(), "orders:1".to_owned())];
        let order = sample::order(&self.user, &[(&self.product, 1)]);
        vec![
            vec![sample::update_transaction(disputed.clone())],
            vec![Write::Postpone(Box::new(disputed))],
            vec![
                sample::insert_order(&order),
                Write::InsertTransaction(Box::new(sample::transaction(&order))),
            ],
            vec![Write::InsertEvent(sample::event("sandbox", None))],
            // The event is stored already.
            vec![Write::InsertEvent(event.clone())],
            vec![Write::MoveEvent { key: event.key, from, to }],
            vec![Write::InsertFinding(sample::finding())],
            vec![resolved],
            vec![Write::InsertRequest(request)],
            vec![sample::set_next_action(transaction, "first")],
            // One is stored already.
            vec![sample::set_next_action(transaction, "second")],
            vec![Write::SetNextAction(transaction.key, None)],
            vec![Write::InsertAttempts(vec![
                sample::attempt(transaction, 1),
                sample::attempt(transaction, 2),
            ])],
            vec![sample::learn_reference(transaction, ReferenceOwner::Payment, "played")],
            // Another one of a thing that has one.
            vec![sample::learn_reference(transaction, ReferenceOwner::Payment, "played-2")],
            once(),
            // A finding about this subject is open.
            once(),
            vec![Write::Probe(at)],
            vec![Write::Probe(at)],
        ]
    }

    fn feed(&self) -> Vec<Vec<Write>> {
        let event = |n| NewFeedEvent::from(sample::feed_event(&self.order.number, n));
        let only_with = Some(self.finding.id.clone());
        vec![
            vec![Write::InsertFeedEvents(vec![event(1), NewFeedEvent { only_with, ..event(2) }])],
            vec![Write::NumberFeedEvents(2 * LIMIT)],
            vec![Write::NumberFeedEvents(2 * LIMIT)],
            vec![Write::EraseFeedData(self.user.key, 2 * LIMIT)],
        ]
    }

    fn pruning() -> Vec<Vec<Write>> {
        // Filler row `n` is `n` seconds old. Some rows are older than this and some are not, as at every pass of a server: if
        // all are, MariaDB prefers a walk along the whole index, which ends at the limit.
        let middle = sample::at(i64::from(filler_rows()) / 2);
        Prunable::ALL.map(|it| vec![Write::Prune(it, middle, ROWS_MAX)]).to_vec()
    }
}
