//! What the record in memory holds, its guards and its reads.

mod reads;

use domain::{
    ChangedBy, Finding, GatewayName, Network, Order, PasswordHash, Product, ProductId, Refund, Session, Text,
    Timestamp, Transaction, User, UserKey,
    finding::Resolver,
    order::StockLine,
    payment::{NewReference, Request, StoredEvent},
    product::{Change, STOCK_MAX},
};
use ports::{Claim, CommitError, Write};

/// The tables.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) users: Vec<(User, PasswordHash)>,
    pub(crate) sessions: Vec<Session>,
    /// Where sessions of whom began, and when.
    pub(crate) logins: Vec<(UserKey, Network, Timestamp)>,
    pub(crate) products: Vec<Product>,
    pub(crate) changes: Vec<Change>,
    pub(crate) orders: Vec<Order>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) requests: Vec<Request>,
    pub(crate) references: Vec<(GatewayName, NewReference)>,
    pub(crate) events: Vec<StoredEvent>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) claims: Vec<Claim>,
}

type Applied = Result<(), CommitError>;

/// Refuses unless the guard holds.
fn guard(holds: bool, error: CommitError) -> Applied {
    if holds { Ok(()) } else { Err(error) }
}

fn close(finding: &mut Finding, note: Text, by: ChangedBy, at: Timestamp) {
    (finding.resolved_at, finding.note) = (Some(at), Some(note));
    finding.resolved_by = Some(Resolver { by, user: None });
}

impl State {
    pub(super) fn apply(&mut self, write: Write) -> Applied {
        match write {
            Write::Claim(claim) => self.claim(claim)?,
            Write::Answer { key, reply } => {
                let claim = self.claims.iter_mut().find(|it| it.key == key).ok_or(CommitError::Stale)?;
                guard(claim.reply.is_none(), CommitError::Claimed(Box::new(claim.clone())))?;
                claim.reply = Some(reply);
            }
            Write::InsertEvent(event) => self.insert_event(event)?,
            Write::MoveEvent { key, from, to } => {
                let event = self.events.iter_mut().find(|it| it.key == key && it.disposition == from);
                event.ok_or(CommitError::Stale)?.disposition = to;
            }
            Write::InsertUser(user, hash) => self.users.push((user, hash)),
            Write::UpdateUser { user, read } => self.update_user(user, read)?,
            Write::ChangePassword { user, from, to } => {
                let known = self.users.iter_mut().find(|(it, hash)| it.key == user && *hash == from);
                known.ok_or(CommitError::Stale)?.1 = to;
            }
            Write::RequirePassword(user, hash) => {
                let open = |it: &User| it.key == user && !it.disabled;
                guard(self.users.iter().any(|it| open(&it.0) && it.1 == hash), CommitError::Stale)?;
            }
            Write::InsertSession(session, network) => self.log_in(session, network),
            Write::RotateSession { read, next } => self.rotate(&read, *next)?,
            Write::RevokeSession { session, at, .. } => {
                let ended = self.sessions.iter_mut().filter(|it| it.key == session);
                ended.for_each(|it| it.revoked_at = Some(at));
            }
            Write::RevokeSessions { user, except, at } => {
                let others = self.sessions.iter_mut().filter(|it| it.user == user && Some(it.key) != except);
                others.for_each(|it| it.revoked_at = Some(at));
            }
            Write::InsertProduct(product, change) => self.make(product, change)?,
            Write::ReplaceProduct { product, read, restock, change } => {
                let now = self.product(|it| it.id == product.id && it.version == read)?;
                *now = Product { stock: restock.applied(now.stock), ..product };
                self.changes.push(change);
            }
            Write::AdjustStock { product, by, change } => self.adjust(&product, by, change)?,
            Write::Sell { line, read } => self.sell(line.quantity, &read)?,
            Write::ReturnStock(line) => self.give_back(&line),
            Write::InsertOrder { order, .. } => self.orders.push(*order),
            Write::UpdateOrder(progress) => {
                let read = (progress.order().key, progress.read());
                let order = self.orders.iter_mut().find(|it| (it.key, it.revision) == read);
                *order.ok_or(CommitError::Stale)? = progress.order().clone();
            }
            Write::InsertTransaction(transaction) => {
                let occupied = |it: &Transaction| it.order == transaction.order && it.occupies_order();
                guard(!self.transactions.iter().any(occupied), CommitError::Stale)?;
                self.transactions.push(*transaction);
            }
            Write::UpdateTransaction(transaction) => {
                let known = self.transactions.iter_mut().find(|it| it.id == transaction.id);
                *known.ok_or(CommitError::Stale)? = *transaction;
            }
            Write::InsertRequest(request) => self.requests.push(request),
            Write::LearnReference(gateway, new) => self.learn_reference(gateway, new)?,
            Write::Postpone(later) => self.postpone(&later),
            Write::InsertFinding(finding) => self.findings.push(finding),
            Write::InsertFindingOnce(finding, _) => self.insert_once(finding),
            Write::ResolveFinding { id, note, by, at } => {
                let open = self.findings.iter_mut().find(|it| it.id == id && it.resolved_at.is_none());
                close(open.ok_or(CommitError::Stale)?, note, by, at);
            }
            Write::Prune(..) | Write::Probe(_) => {}
        }
        Ok(())
    }

    fn insert_once(&mut self, finding: Finding) {
        // What is open about one subject has the same detail, kind and owners.
        let same = |it: &Finding| {
            it.resolved_at.is_none() && it.detail == finding.detail && it.order == finding.order
        };
        if !self.findings.iter().any(same) {
            self.findings.push(finding);
        }
    }

    fn learn_reference(&mut self, gateway: GatewayName, new: NewReference) -> Applied {
        let same_name = |it: &NewReference| it.known.name() == new.known.name();
        let same_thing =
            |it: &NewReference| it.transaction == new.transaction && it.known.owner == new.known.owner;
        let taken = self.references.iter().any(|(of, it)| *of == gateway && same_name(it) || same_thing(it));
        guard(!taken, CommitError::Stale)?;
        self.references.push((gateway, new));
        Ok(())
    }

    fn insert_event(&mut self, event: StoredEvent) -> Applied {
        let known = self.events.iter().any(|it| it.gateway == event.gateway && it.id == event.id);
        guard(!known, CommitError::DuplicateEvent)?;
        self.events.push(event);
        Ok(())
    }

    fn update_user(&mut self, user: User, read: Option<Timestamp>) -> Applied {
        let known = self.users.iter_mut().find(|(it, _)| it.key == user.key && it.changed_at == read);
        known.ok_or(CommitError::Stale)?.0 = user;
        Ok(())
    }

    fn claim(&mut self, claim: Claim) -> Applied {
        let used = self.claims.iter().find(|it| it.key == claim.key);
        if let Some(used) = used {
            return Err(CommitError::Claimed(Box::new(used.clone())));
        }
        self.claims.push(claim);
        Ok(())
    }

    fn log_in(&mut self, session: Session, network: Network) {
        self.logins.push((session.user, network, session.created_at));
        self.sessions.push(session);
    }

    fn rotate(&mut self, read: &Session, next: Session) -> Applied {
        let good = |it: &&mut Session| Session { expires_at: it.expires_at, ..read.clone() } == **it;
        let session = self.sessions.iter_mut().find(|it| good(it) && it.revoked_at.is_none());
        *session.ok_or(CommitError::Stale)? = next;
        Ok(())
    }

    fn product(&mut self, wanted: impl Fn(&Product) -> bool) -> Result<&mut Product, CommitError> {
        self.products.iter_mut().find(|it| wanted(it)).ok_or(CommitError::Stale)
    }

    fn make(&mut self, product: Product, change: Change) -> Applied {
        guard(self.products.iter().all(|it| it.id != product.id), CommitError::Stale)?;
        self.products.push(product);
        self.changes.push(change);
        Ok(())
    }

    fn adjust(&mut self, product: &ProductId, by: i64, change: Change) -> Applied {
        let now = self.product(|it| it.id == *product)?;
        let stock = now.stock.ok_or(CommitError::Stale)? + by;
        guard((0..=STOCK_MAX).contains(&stock), CommitError::Stale)?;
        *now = Product { stock: Some(stock), ..now.revise(change.at) };
        self.changes.push(change);
        Ok(())
    }

    fn sell(&mut self, quantity: u32, read: &Product) -> Applied {
        let same = |it: &&mut Product| it.id == read.id && it.active && it.price == read.price;
        let product = self.products.iter_mut().find(same).ok_or(CommitError::Stale)?;
        guard(product.stock.is_some() == read.stock.is_some(), CommitError::Stale)?;
        if let Some(stock) = &mut product.stock {
            guard(*stock >= i64::from(quantity), CommitError::OutOfStock(vec![read.id.clone()]))?;
            *stock -= i64::from(quantity);
        }
        Ok(())
    }

    fn give_back(&mut self, line: &StockLine) {
        let product = self.products.iter_mut().find(|it| it.id == line.product);
        let stock = product.and_then(|it| it.stock.as_mut());
        stock.into_iter().for_each(|it| *it += i64::from(line.quantity));
    }

    fn postpone(&mut self, later: &Transaction) {
        for it in self.transactions.iter_mut().filter(|it| it.id == later.id) {
            (it.check_at, it.checks) = (later.check_at, later.checks);
            let of = |refund: &Refund| later.refunds.iter().find(|it| it.key == refund.key).cloned();
            for refund in &mut it.refunds {
                let asked = of(refund).unwrap_or_else(|| refund.clone());
                (refund.check_at, refund.checks) = (asked.check_at, asked.checks);
            }
        }
    }
}
