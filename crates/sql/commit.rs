//! The only way to write to the system of record: one [`UnitOfWork`] is one database transaction.
//!
//! ```text
//! BEGIN
//!   for each write, in the global lock order:
//!     UPDATE … WHERE <key> AND <guard>     no row matches    -> Violation
//!     INSERT …                             unique violation  -> Violation
//! COMMIT, or ROLLBACK at the first violation or database error
//! ```
//!
//! A [`Write`] carries its guard: the revision that it was decided on, the key that must be new, the stock
//! that must suffice. The guard is part of the statement that makes the change. A read before the statement
//! would not do, because another transaction may commit between the two. So either every guard holds and
//! every write is made, or the system of record is unchanged (ADR 0001).
//!
//! A violation is a normal outcome and says what the use case does next: decide again, or refuse the
//! request. Drivers do not name the key that was violated, so [`abort`] looks up the conflict after the
//! rollback.

mod abort;
mod account_tasks;
mod api_keys;
mod archive;
mod attempts;
mod batch;
mod claims;
mod erasures;
mod events;
mod feed;
mod findings;
mod next_action;
mod open_orders;
mod orders;
mod payments;
mod probe;
mod products;
mod prune;
mod sale;
mod second_factors;
mod sessions;
mod users;
mod webhooks;

use async_trait::async_trait;
use ports::{CommitError, Store, UnitOfWork, Write};

use self::abort::{Abort, WriteOutcome};
pub(crate) use self::open_orders::CountChange;
use self::sale::StockShortage;
use crate::connection::{Conn, Database};

#[async_trait]
impl Store for Database {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        // Units that lock the same rows in the same order wait for each other, but never in a circle. The
        // order in which a use case added its writes says nothing about that, so they are sorted here, for
        // all units.
        let writes = work.in_lock_order();
        let outcome = self
            .run_commit(async move |conn: &mut Conn| match apply_writes(conn, &writes).await {
                Ok(()) => Ok(Ok(())),
                // A value, not an error: the adapter rolls back for both, but repeats only what ended in an
                // error, and a violated guard would be violated again.
                Err(Abort::Violation(refusal)) => Ok(Err(refusal)),
                Err(Abort::Failed(error)) => Err(error),
            })
            .await?;
        match outcome {
            Ok(()) => Ok(()),
            // After the rollback: the lookup must see what the other writer committed, and it may take a
            // second read without holding the locks of this transaction.
            Err(refusal) => Err(refusal.into_commit_error(self).await),
        }
    }

    async fn commit_all(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        batch::commit_units(self, units).await
    }
}

/// Makes every write of one unit, one statement after the other. A violation ends the unit, and the caller rolls back what came before it.
async fn apply_writes(conn: &mut Conn, writes: &[Write]) -> WriteOutcome {
    // Every violation but a shortage ends the unit at once. Shortages are collected, so that one response
    // names all products that lack stock.
    let mut stock = StockShortage::default();
    for write in writes {
        apply_write(conn, write, &mut stock).await?;
    }
    stock.into_outcome()
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of write, and nothing else")]
async fn apply_write(conn: &mut Conn, write: &Write, stock: &mut StockShortage) -> WriteOutcome {
    // No wildcard: a new kind of write does not compile until a statement for it is here.
    match write {
        Write::Claim(claim) => claims::insert_claim(conn, claim).await,
        Write::StoreReply { key, reply } => claims::store_reply(conn, key, reply).await,
        Write::InsertEvent(event) => events::insert_event(conn, event).await,
        Write::MoveEvent { key, from, to } => events::move_event(conn, *key, *from, *to).await,
        Write::InsertUser(user, hash) => users::insert_user(conn, user, hash).await,
        Write::UpdateUser { user, read } => users::update_user(conn, user, *read).await,
        Write::ChangePassword { user, from, to } => users::change_password(conn, *user, from, to).await,
        Write::RequirePassword(user, hash) => users::require_password(conn, *user, hash).await,
        Write::InsertSession(session, origin) => sessions::insert_session(conn, session, origin).await,
        Write::RotateSession { read, next } => sessions::rotate_session(conn, read, next).await,
        Write::RevokeSession { user, session, at } => {
            sessions::revoke_session(conn, *user, *session, *at).await
        }
        Write::RevokeSessions { user, except, at } => {
            sessions::revoke_sessions(conn, *user, *except, *at).await
        }
        Write::RevokeListedSessions { user, sessions, at } => {
            sessions::revoke_listed_sessions(conn, *user, sessions, *at).await
        }
        Write::InsertApiKey(key, digest) => api_keys::insert_api_key(conn, key, digest).await,
        Write::RevokeApiKey { key, at } => api_keys::revoke_api_key(conn, *key, *at).await,
        Write::RecordKeyUse { key, at } => api_keys::record_key_use(conn, *key, *at).await,
        Write::AddOpenOrder { owner, lines, limits } => open_orders::add(conn, *owner, lines, *limits).await,
        Write::RemoveOpenOrder { owner, lines } => open_orders::remove(conn, *owner, lines).await,
        Write::InsertOrder { order, entry } => orders::insert_order(conn, order, entry).await,
        Write::UpdateOrder(progress) => orders::update_order(conn, progress).await,
        Write::InsertTransaction(transaction) => payments::insert_transaction(conn, transaction).await,
        Write::UpdateTransaction(transaction) => payments::update_transaction(conn, transaction).await,
        Write::InsertRequest(request) => payments::insert_request(conn, request).await,
        Write::LearnReference(gateway, new) => payments::learn_reference(conn, gateway, new).await,
        Write::SetNextAction(transaction, action) => {
            next_action::set_next_action(conn, *transaction, action.as_ref()).await
        }
        Write::InsertAttempts(all) => attempts::insert_attempts(conn, all).await,
        Write::Postpone(transaction) => payments::postpone_checks(conn, transaction).await,
        Write::InsertProduct(product, change) => products::insert_product(conn, product, change).await,
        Write::ReplaceProduct { product, read, stock_update, change } => {
            products::replace_product(conn, product, *read, *stock_update, change).await
        }
        Write::AdjustStock { product, by, required, change } => {
            products::adjust_stock(conn, product, *by, *required, change).await
        }
        Write::Sell { line, read } => stock.sell_line(conn, line, read).await,
        Write::ReturnStock(line) => sale::return_stock(conn, line).await,
        Write::RetakeStock(line) => stock.retake_line(conn, line).await,
        Write::InsertFinding(finding) => findings::insert_finding(conn, finding).await,
        Write::InsertFindingOnce(finding, subject) => {
            findings::insert_finding_once(conn, finding, subject).await
        }
        Write::ResolveFinding { id, note, by, at } => {
            findings::resolve_finding(conn, id, note, *by, *at).await
        }
        Write::Webhook(write) => webhooks::apply_webhook_write(conn, write).await,
        Write::Probe(at) => probe::write_probe(conn, *at).await,
        Write::Prune(what, before, rows_max) => prune::prune_rows(conn, *what, *before, *rows_max).await,
        Write::QueueMail(mail) => account_tasks::queue_mail(conn, mail).await,
        Write::BeginMail { key, attempts, due_at } => {
            account_tasks::begin_mail(conn, *key, *attempts, *due_at).await
        }
        Write::DeleteMail { key, attempts } => account_tasks::delete_mail(conn, *key, *attempts).await,
        Write::RequestPasswordReset(reset, user) => account_tasks::request_reset(conn, reset, user).await,
        Write::SetResetToken { user, requested_at, digest } => {
            account_tasks::set_token(conn, *user, *requested_at, digest).await
        }
        Write::UsePasswordReset { user, digest, now } => {
            account_tasks::use_reset(conn, *user, digest, *now).await
        }
        Write::DropPasswordReset(user) => account_tasks::drop_reset(conn, *user).await,
        Write::ChangeEmail { user, read } => users::change_email(conn, user, *read).await,
        Write::EraseUser(erasure) => erasures::erase_user(conn, erasure).await,
        Write::CloseOpenOrders { owner, placed } => open_orders::close(conn, *owner, *placed).await,
        Write::AdvanceErasure { user, from, to } => erasures::advance_erasure(conn, *user, from, to).await,
        Write::ErasePersonalRows(user, rows_max) => {
            erasures::erase_personal_rows(conn, *user, *rows_max).await
        }
        Write::InsertFeedEvents(events) => feed::insert_feed_events(conn, events).await,
        Write::NumberFeedEvents(rows_max) => feed::number_feed_events(conn, *rows_max).await,
        Write::EraseFeedData(user, rows_max) => feed::erase_feed_data(conn, *user, *rows_max).await,
        Write::EraseOrderReplies(orders, rows_max) => {
            erasures::erase_order_replies(conn, orders, *rows_max).await
        }
        Write::SecondFactor(write) => second_factors::apply_factor_write(conn, write).await,
        Write::VerifyEmail { user, read } => users::verify_email(conn, user, *read).await,
        Write::ArchiveOrders(read) => archive::archive_orders(conn, read).await,
    }
}
