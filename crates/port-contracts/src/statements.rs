//! Calls every method of every repository with all combinations of filters, and every kind of write, so
//! that every statement of the service is sent once.
//!
//! An adapter's test has the database explain the statements. The rows of the [`StatementFixture`] lie
//! among many others in the worst position: a walk along a wrong index comes to them last.

mod filler;
mod lists;
mod reads;
mod walks;
mod webhooks;
mod writes;

use std::collections::BTreeSet;

use domain::{
    ApiKey, Finding, Order, Product, Session, Transaction, User, WebhookDelivery, WebhookEndpoint,
    payment::StoredEvent,
};
use ports::{Claim, StoredAttempt, WebhookWrite, Write};

pub use self::filler::{filler_rows, filler_sql};
use crate::{Backend, sample};

/// The names that were covered: methods as `UserRepository::find_user`, writes as `Write::Claim`.
pub type Coverage = BTreeSet<String>;

/// The rows that the statements ask for.
#[derive(Debug, Clone)]
pub struct StatementFixture {
    /// The owner of half of all orders.
    pub user: User,
    /// A product that is sold and returned.
    pub product: Product,
    /// The product that has a long history of changes.
    pub edited_product: Product,
    order: Order,
    transaction: Transaction,
    session: Session,
    api_key: ApiKey,
    event: StoredEvent,
    finding: Finding,
    claim: Claim,
    attempt: StoredAttempt,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
}

impl StatementFixture {
    /// Stores the rows.
    pub async fn new(backend: &Backend) -> Self {
        let (user, product, changed) =
            (backend.user().await, backend.product(Some(1_000)).await, backend.product(None).await);
        let order = sample::order(&user, &[(&product, 2)]);
        let mut transaction = sample::transaction(&order);
        transaction.facts = sample::restore_facts(sample::captured_facts(order.amount));
        transaction.refunds = vec![sample::refund(&transaction, "1")];
        let endpoint = sample::endpoint();
        let scene = Self {
            delivery: sample::delivery(&endpoint, 7, "order:1"),
            endpoint,
            session: sample::session(&user),
            api_key: sample::api_key(&user),
            event: sample::event("sandbox", Some(&transaction.id)),
            finding: sample::finding(),
            claim: sample::claim(&user),
            attempt: sample::attempt(&transaction, 1),
            user,
            product,
            edited_product: changed,
            order,
            transaction,
        };
        let writes = [
            sample::insert_order(&scene.order),
            Write::InsertTransaction(Box::new(scene.transaction.clone())),
            Write::InsertSession(scene.session.clone(), sample::origin()),
            Write::InsertApiKey(scene.api_key.clone(), sample::digest(&scene.api_key)),
            Write::InsertEvent(scene.event.clone()),
            Write::InsertFinding(scene.finding.clone()),
            Write::Claim(scene.claim.clone()),
            Write::InsertAttempts(vec![scene.attempt.clone()]),
            Write::Webhook(WebhookWrite::InsertEndpoint(Box::new(scene.endpoint.clone()))),
            Write::Webhook(WebhookWrite::InsertDeliveries(vec![scene.delivery.clone()])),
        ];
        backend.commit(writes).await;
        scene
    }

    /// Calls every method of every repository, and commits every kind of write.
    pub async fn run_all(&self, backend: &Backend) -> Coverage {
        let mut played = Coverage::new();
        self.run_reads(backend, &mut played).await;
        self.run_writes(backend, &mut played).await;
        played
    }
}

/// The methods of repositories and the kinds of writes that are not in `played`.
#[must_use]
pub fn missing_statements(played: &Coverage) -> Vec<String> {
    let mut all = methods(include_str!("../../ports/src/repository.rs"));
    all.extend(methods(include_str!("../../ports/src/account_tasks.rs")));
    all.extend(methods(include_str!("../../ports/src/webhook.rs")));
    all.extend(methods(include_str!("../../ports/src/overview.rs")));
    all.extend(methods(include_str!("../../ports/src/feed.rs")));
    all.extend(methods(include_str!("../../ports/src/audit.rs")));
    all.extend(variants(include_str!("../../ports/src/work.rs"), "Write"));
    all.extend(variants(include_str!("../../ports/src/webhook.rs"), "WebhookWrite"));
    all.extend(variants(include_str!("../../ports/src/second_factor.rs"), "SecondFactorWrite"));
    // It is no repository: it sends no statement.
    all.retain(|it| !played.contains(it) && !it.starts_with("WebhookSender::"));
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
