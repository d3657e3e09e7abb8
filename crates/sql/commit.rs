//! The one write: every [`Write`] of a unit of work in one database transaction.

mod claims;
mod events;
mod findings;
mod halt;
mod orders;
mod payments;
mod probe;
mod products;
mod prune;
mod sale;
mod sessions;
mod users;

use async_trait::async_trait;
use ports::{CommitError, Store, UnitOfWork, Write};

use self::halt::{Halt, Written};
use self::sale::Stock;
use crate::connection::{Conn, Database};

#[async_trait]
impl Store for Database {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let writes = work.in_lock_order();
        let outcome = self
            .write(async move |conn: &mut Conn| match apply(conn, &writes).await {
                Ok(()) => Ok(Ok(())),
                Err(Halt::Refused(refusal)) => Ok(Err(refusal)),
                Err(Halt::Failed(error)) => Err(error),
            })
            .await?;
        match outcome {
            Ok(()) => Ok(()),
            Err(refusal) => Err(refusal.explained(self).await),
        }
    }
}

async fn apply(conn: &mut Conn, writes: &[Write]) -> Written {
    let mut stock = Stock::default();
    for write in writes {
        one(conn, write, &mut stock).await?;
    }
    stock.verdict()
}

async fn one(conn: &mut Conn, write: &Write, stock: &mut Stock) -> Written {
    match write {
        Write::Claim(claim) => claims::claim(conn, claim).await,
        Write::Answer { key, reply } => claims::answer(conn, key, reply).await,
        Write::InsertEvent(event) => events::insert(conn, event).await,
        Write::MoveEvent { key, from, to } => events::relocate(conn, *key, *from, *to).await,
        Write::InsertUser(user, hash) => users::insert(conn, user, hash).await,
        Write::UpdateUser { user, read } => users::update(conn, user, *read).await,
        Write::ChangePassword { user, from, to } => users::change_password(conn, *user, from, to).await,
        Write::RequirePassword(user, hash) => users::require_password(conn, *user, hash).await,
        Write::InsertSession(session, network) => sessions::insert(conn, session, *network).await,
        Write::RotateSession { read, next } => sessions::rotate(conn, read, next).await,
        Write::RevokeSession { user, session, at } => sessions::revoke(conn, *user, *session, *at).await,
        Write::RevokeSessions { user, except, at } => sessions::revoke_all(conn, *user, *except, *at).await,
        Write::InsertOrder { order, entry } => orders::insert(conn, order, entry).await,
        Write::UpdateOrder(progress) => orders::update(conn, progress).await,
        Write::InsertTransaction(transaction) => payments::insert(conn, transaction).await,
        Write::UpdateTransaction(transaction) => payments::update(conn, transaction).await,
        Write::InsertRequest(request) => payments::note_request(conn, request).await,
        Write::LearnReference(gateway, new) => payments::learn_reference(conn, gateway, new).await,
        Write::Postpone(transaction) => payments::postpone(conn, transaction).await,
        Write::InsertProduct(product, change) => products::insert(conn, product, change).await,
        Write::ReplaceProduct { product, read, restock, change } => {
            products::replace(conn, product, *read, *restock, change).await
        }
        Write::AdjustStock { product, by, change } => products::adjust(conn, product, *by, change).await,
        Write::Sell { line, read } => stock.sell(conn, line, read).await,
        Write::ReturnStock(line) => sale::give_back(conn, line).await,
        Write::InsertFinding(finding) => findings::insert(conn, finding).await,
        Write::InsertFindingOnce(finding, subject) => findings::insert_once(conn, finding, subject).await,
        Write::ResolveFinding { id, note, by, at } => findings::resolve(conn, id, note, *by, *at).await,
        Write::Probe(at) => probe::probe(conn, *at).await,
        Write::Prune(what, before, rows_max) => prune::prune(conn, *what, *before, *rows_max).await,
    }
}
