//! The one write: every [`Write`] of a unit of work in one database transaction.

mod claims;
mod events;
mod findings;
mod halt;
mod orders;
mod payments;
mod products;
mod prune;
mod sessions;
mod users;

use async_trait::async_trait;
use domain::Timestamp;
use ports::{CommitError, Store, UnitOfWork, Write};

use self::halt::{Halt, Written};
use self::products::Stock;
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

/// What the writes of one unit need to know of those before them.
#[derive(Default)]
struct Progressing {
    /// When the orders of this unit changed: the best time there is for what changes with them.
    at: Option<Timestamp>,
    stock: Stock,
}

async fn apply(conn: &mut Conn, writes: &[Write]) -> Written {
    let mut unit = Progressing::default();
    for write in writes {
        one(conn, write, &mut unit).await?;
    }
    unit.stock.verdict()
}

async fn one(conn: &mut Conn, write: &Write, unit: &mut Progressing) -> Written {
    match write {
        Write::Claim(claim) => claims::claim(conn, claim).await,
        Write::Answer { key, reply } => claims::answer(conn, key, reply).await,
        Write::InsertEvent(event) => events::insert(conn, event).await,
        Write::MoveEvent { key, from, to } => events::relocate(conn, *key, *from, *to).await,
        Write::InsertUser(user, hash) => users::insert(conn, user, hash).await,
        Write::ChangePassword { user, from, to } => users::change_password(conn, *user, from, to).await,
        Write::RequirePassword(user, hash) => users::change_password(conn, *user, hash, hash).await,
        Write::InsertSession(session) => sessions::insert(conn, session).await,
        Write::RotateSession { read, next } => sessions::rotate(conn, read, next).await,
        Write::RevokeSession { user, session, at } => sessions::revoke(conn, *user, *session, *at).await,
        Write::RevokeSessions { user, except, at } => sessions::revoke_all(conn, *user, *except, *at).await,
        Write::InsertOrder { order, history, entry } => {
            unit.at = Some(order.created_at);
            orders::insert(conn, order, *history, entry).await
        }
        Write::UpdateOrder { progress, history } => {
            unit.at = Some(progress.order().updated_at);
            orders::update(conn, progress, history).await
        }
        Write::InsertTransaction(transaction) => payments::insert(conn, transaction).await,
        Write::UpdateTransaction(transaction) => payments::update(conn, transaction).await,
        Write::Postpone(transaction) => payments::postpone(conn, transaction).await,
        Write::InsertProduct(product) => products::insert(conn, product).await,
        Write::ReplaceProduct(product, read) => products::replace(conn, product, *read).await,
        Write::TakeStock { line, read } => unit.stock.take(conn, line, read, unit.at).await,
        Write::ReturnStock(line) => products::give_back(conn, line, unit.at).await,
        Write::InsertFinding(finding) => findings::insert(conn, finding).await,
        Write::ResolveFinding { id, note, at } => findings::resolve(conn, id, note, *at).await,
        Write::Prune(what, before, rows_max) => prune::prune(conn, *what, *before, *rows_max).await,
    }
}
