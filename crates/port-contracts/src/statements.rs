//! Everything that a record can be asked, in all combinations, so that every statement which is ever sent is sent once.
//!
//! What a test makes of the statements is up to it. Around the rows of the [`StatementFixture`] lie many others, of the worst kind:
//! what is looked for is where a walk along another index would come last.

mod filler;
mod reads;
mod writes;

use std::collections::BTreeSet;

use domain::{Finding, Order, Product, Session, Transaction, User, payment::StoredEvent};
use ports::{Claim, Write};

pub use self::filler::{FILLER_ROWS, filler_sql};
use crate::{Backend, sample};

/// What has been asked: methods as `UserRepository::find`, writes as `Write::LockRequest`.
pub type Coverage = BTreeSet<String>;

/// Rows to ask for.
#[derive(Debug, Clone)]
pub struct StatementFixture {
    /// Who owns half of all orders.
    pub user: User,
    /// What is sold.
    pub product: Product,
    /// What has a long history of changes.
    pub edited_product: Product,
    order: Order,
    transaction: Transaction,
    session: Session,
    event: StoredEvent,
    finding: Finding,
    claim: Claim,
}

impl StatementFixture {
    /// Keeps the rows.
    pub async fn new(backend: &Backend) -> Self {
        let (user, product, changed) =
            (backend.user().await, backend.product(Some(1_000)).await, backend.product(None).await);
        let order = sample::order(&user, &[(&product, 2)]);
        let mut transaction = sample::transaction(&order);
        transaction.facts = sample::restore_facts(sample::captured_facts(order.amount));
        transaction.refunds = vec![sample::refund(&transaction, "1")];
        let scene = Self {
            session: sample::session(&user),
            event: sample::event("sandbox", Some(&transaction.id)),
            finding: sample::finding(),
            claim: sample::claim(&user),
            user,
            product,
            edited_product: changed,
            order,
            transaction,
        };
        let writes = [
            sample::insert_order(&scene.order),
            Write::InsertTransaction(Box::new(scene.transaction.clone())),
            Write::InsertSession(scene.session.clone(), sample::network()),
            Write::InsertEvent(scene.event.clone()),
            Write::InsertFinding(scene.finding.clone()),
            Write::Claim(scene.claim.clone()),
        ];
        backend.commit(writes).await;
        scene
    }

    /// Asks everything, and writes everything.
    pub async fn run_all(&self, backend: &Backend) -> Coverage {
        let mut played = Coverage::new();
        self.run_reads(backend, &mut played).await;
        self.run_writes(backend, &mut played).await;
        played
    }
}

/// What of the ports [`StatementFixture::run_all`] has left out: a method of a repository, or a kind of write.
#[must_use]
pub fn missing_statements(played: &Coverage) -> Vec<String> {
    let mut all = methods(include_str!("../../ports/src/repository.rs"));
    all.extend(variants(include_str!("../../ports/src/work.rs"), "Write"));
    all.retain(|it| !played.contains(it));
    all
}

fn methods(source: &str) -> Vec<String> {
    let (mut owner, mut methods) = ("", Vec::new());
    let word = |it: &str| it.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(it.len());
    for line in source.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("pub trait ") {
            owner = &name[..word(name)];
        }
        if let Some(name) = line.strip_prefix("async fn ") {
            methods.push(format!("{owner}::{}", &name[..word(name)]));
        }
    }
    methods
}

fn variants(source: &str, name: &str) -> Vec<String> {
    let head = format!("pub enum {name} {{");
    let body = source.lines().skip_while(|it| *it != head).skip(1).take_while(|it| *it != "}");
    let variants =
        body.filter_map(|it| it.strip_prefix("    ")).filter(|it| it.starts_with(char::is_uppercase));
    variants.map(|it| format!("{name}::{}", it.split(['(', ' ', ',']).next().unwrap_or(it))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_is_named() {
        let none = missing_statements(&Coverage::new());
        for name in
            ["UserRepository::find_user", "ClaimRepository::find_claim", "Write::Claim", "Write::Prune"]
        {
            assert!(none.iter().any(|it| it == name), "{name}: {none:?}");
        }
        let all = none.iter().cloned().collect();
        assert_eq!(missing_statements(&all), Vec::<String>::new());
    }
}
