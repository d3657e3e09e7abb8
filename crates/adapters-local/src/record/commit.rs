//! Every write with its guard, one file for each group of tables, as in `crates/sql/commit`.

mod abort;
mod account_tasks;
mod api_keys;
mod claims;
mod erasures;
mod events;
mod feed;
mod findings;
mod open_orders;
mod orders;
mod payments;
mod probe;
mod products;
mod prune;
mod sales;
mod second_factors;
mod sessions;
mod users;
mod webhooks;

use ports::{PortError, UnitOfWork, Write};

use self::abort::{Abort, Written};
use self::sales::Lacking;
use super::{
    table::{Row, Table},
    tables::Tables,
};

/// Applies the writes of a unit in their lock order, up to the first guard that fails. The caller keeps the
/// changes or rolls them back.
pub(super) fn apply(tables: &mut Tables, work: UnitOfWork) -> Written {
    let mut lacking = Lacking::default();
    for write in work.in_lock_order() {
        apply_write(tables, &mut lacking, write)?;
    }
    lacking.into_outcome()
}

#[expect(clippy::too_many_lines, reason = "one arm for each kind of write, and nothing else")]
fn apply_write(tables: &mut Tables, lacking: &mut Lacking, write: Write) -> Written {
    match write {
        Write::Claim(claim) => claims::insert_claim(tables, claim),
        Write::StoreReply { key, reply } => claims::store_reply(tables, key, reply),
        Write::InsertEvent(event) => events::insert_event(tables, event),
        Write::MoveEvent { key, from, to } => events::move_event(tables, key, from, to),
        Write::InsertUser(user, hash) => users::insert_user(tables, user, hash),
        Write::UpdateUser { user, read } => users::update_user(tables, &user, read),
        Write::ChangePassword { user, from, to } => users::change_password(tables, user, &from, to),
        Write::RequirePassword(user, hash) => users::require_password(tables, user, &hash),
        Write::InsertSession(session, origin) => sessions::insert_session(tables, session, origin),
        Write::RotateSession { read, next } => sessions::rotate_session(tables, &read, *next),
        Write::RevokeSession { user, session, at } => sessions::revoke_session(tables, user, session, at),
        Write::RevokeListedSessions { user, sessions, at } => {
            sessions::revoke_listed_sessions(tables, user, sessions, at)
        }
        Write::RevokeSessions { user, except, at } => sessions::revoke_sessions(tables, user, except, at),
        Write::InsertApiKey(key, digest) => api_keys::insert_api_key(tables, key, digest),
        Write::RevokeApiKey { key, at } => api_keys::revoke_api_key(tables, key, at),
        Write::RecordKeyUse { key, at } => api_keys::record_key_use(tables, key, at),
        Write::InsertProduct(product, change) => products::insert_product(tables, product, change),
        Write::ReplaceProduct { product, read, stock_update, change } => {
            products::replace_product(tables, product, read, stock_update, change)
        }
        Write::AdjustStock { product, by, required, change } => {
            products::adjust_stock(tables, product, by, required, change)
        }
        Write::Sell { line, read } => lacking.sell_line(tables, &line, &read),
        Write::ReturnStock(line) => sales::return_stock(tables, line),
        Write::RetakeStock(line) => lacking.retake_line(tables, &line),
        Write::AddOpenOrder { owner, lines, limits } => {
            open_orders::add_open_order(tables, owner, lines, limits)
        }
        Write::RemoveOpenOrder { owner, lines } => open_orders::remove_open_order(tables, owner, lines),
        Write::InsertOrder { order, entry } => orders::insert_order(tables, *order, entry),
        Write::UpdateOrder(order_change) => orders::update_order(tables, &order_change),
        Write::InsertTransaction(transaction) => payments::insert_transaction(tables, *transaction),
        Write::UpdateTransaction(update) => payments::update_transaction(tables, update.into_next()),
        Write::InsertRequest(request) => payments::insert_request(tables, request),
        Write::LearnReference(gateway, new) => payments::learn_reference(tables, &gateway, new),
        Write::SetNextAction(transaction, action) => payments::set_next_action(tables, transaction, action),
        Write::InsertAttempts(attempts) => payments::insert_attempts(tables, attempts),
        Write::Postpone(transaction) => payments::postpone_checks(tables, &transaction),
        Write::InsertFinding(finding) => findings::insert_finding(tables, finding),
        Write::InsertFindingOnce(finding, subject) => findings::insert_finding_once(tables, finding, subject),
        Write::ResolveFinding { id, note, by, at } => findings::resolve_finding(tables, id, note, by, at),
        Write::Webhook(write) => webhooks::apply_webhook_write(tables, write),
        Write::Probe(at) => probe::write_probe(tables, at),
        Write::QueueMail(mail) => Ok(tables.mails.insert(mail)?),
        Write::BeginMail { key, attempts, due_at } => {
            account_tasks::begin_mail(tables, key, attempts, due_at)
        }
        Write::DeleteMail { key, attempts } => account_tasks::delete_mail(tables, key, attempts),
        Write::RequestPasswordReset(reset, user) => account_tasks::request_reset(tables, reset, &user),
        Write::SetResetToken { user, requested_at, digest } => {
            account_tasks::set_token(tables, user, requested_at, digest)
        }
        Write::UsePasswordReset { user, digest, now } => account_tasks::use_reset(tables, user, &digest, now),
        Write::DropPasswordReset(user) => account_tasks::drop_reset(tables, user),
        Write::ChangeEmail { user, read } => users::change_email(tables, user, read),
        Write::EraseUser(erasure) => erasures::erase_user(tables, *erasure),
        Write::CloseOpenOrders { owner, placed } => open_orders::close(tables, owner, placed),
        Write::AdvanceErasure { user, from, to } => erasures::advance_erasure(tables, user, &from, to),
        Write::ErasePersonalRows(user, rows_max) => erasures::erase_personal_rows(tables, user, rows_max),
        Write::Prune(what, before, rows_max) => prune::prune_rows(tables, what, before, rows_max),
        Write::InsertFeedEvents(events) => feed::insert_feed_events(tables, events),
        Write::NumberFeedEvents(rows_max) => feed::number_feed_events(tables, rows_max),
        Write::EraseFeedData(user, rows_max) => feed::erase_feed_data(tables, user, rows_max),
        Write::EraseOrderReplies(orders, rows_max) => {
            erasures::erase_order_replies(tables, &orders, rows_max)
        }
        Write::SecondFactor(write) => second_factors::apply_factor_write(tables, *write),
        Write::VerifyEmail { user, read } => users::verify_email(tables, &user, read),
        Write::ArchiveOrders(read) => orders::archive_orders(tables, read),
    }
}

/// Changes the row with this key. Guard: the row exists and `holds` is true for it; otherwise `Stale`.
fn update_guarded<R: Row>(
    table: &mut Table<R>,
    key: &R::Key,
    holds: impl FnOnce(&R) -> bool,
    change: impl FnOnce(&mut R),
) -> Written {
    if !table.get(key).is_some_and(holds) {
        return Err(Abort::Stale);
    }
    Ok(table.update(key, change)?)
}

/// Checks that the parent row exists, like a foreign key of the SQL schema. A use case never violates it, so
/// a missing parent is a bug and not a refusal.
fn require_parent<R: Row>(table: &Table<R>, key: &R::Key, parent: &'static str) -> Written {
    if table.get(key).is_some() {
        return Ok(());
    }
    Err(Abort::Failed(PortError::bug(format!("a row belongs to {parent} that does not exist"))))
}
