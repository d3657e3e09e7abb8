//! The system of record under test, and the helpers that every suite uses.

use std::{any::Any, fmt, sync::Arc};

use domain::{Order, OrderChange, Product, Transaction, User};
use ports::{
    AccountTaskRepository, ApiKeyRepository, AuditRepository, Batch, ClaimRepository, CommitError,
    EventRepository, FeedRepository, FindingRepository, OrderRepository, OverviewRepository,
    PaymentRepository, PortError, ProductRepository, SecondFactorRepository, SessionRepository, Store,
    UnitOfWork, UserErasure, UserRepository, WebhookRepository, Write,
};
use tokio::{sync::Barrier, task::JoinSet};

use crate::sample;

/// The first batch, of what is longest due.
pub(crate) const fn first_batch(limit: u32) -> Batch {
    Batch { skip: 0, limit }
}

/// The number of units that are committed at the same time in a race.
pub(crate) const RIVALS: usize = 64;

/// A system of record that is new and empty, through all of its ports.
pub struct Backend {
    /// Commits units of work.
    pub store: Arc<dyn Store>,
    /// Reads users and their credentials.
    pub users: Arc<dyn UserRepository>,
    /// Reads sessions and their revocations.
    pub sessions: Arc<dyn SessionRepository>,
    /// Reads second factors.
    pub second_factors: Arc<dyn SecondFactorRepository>,
    /// Reads products and their changes.
    pub products: Arc<dyn ProductRepository>,
    /// Reads orders and their history.
    pub orders: Arc<dyn OrderRepository>,
    /// Reads transactions, refunds and requests.
    pub payments: Arc<dyn PaymentRepository>,
    /// Reads the gateways' events.
    pub events: Arc<dyn EventRepository>,
    /// Reads findings for operators.
    pub findings: Arc<dyn FindingRepository>,
    /// Reads API keys.
    pub api_keys: Arc<dyn ApiKeyRepository>,
    /// Reads the claims of idempotency keys.
    pub claims: Arc<dyn ClaimRepository>,
    /// Reads what is to be done about accounts.
    pub account_tasks: Arc<dyn AccountTaskRepository>,
    /// Reads endpoints of webhooks and deliveries.
    pub webhooks: Arc<dyn WebhookRepository>,
    /// Reads the feed of events.
    pub feed: Arc<dyn FeedRepository>,
    /// Reads figures over time.
    pub overview: Arc<dyn OverviewRepository>,
    /// Reads the whole record for its auditor.
    pub audit: Arc<dyn AuditRepository>,
    /// Lives as long as the system of record: a temporary folder, a server.
    pub guard: Box<dyn Any + Send>,
}

impl Backend {
    /// One adapter behind all ports, with a guard that lives as long.
    pub fn new<R>(record: R, guard: impl Any + Send) -> Self
    where
        R: Store
            + UserRepository
            + SessionRepository
            + SecondFactorRepository
            + ProductRepository
            + OrderRepository,
        R: PaymentRepository + EventRepository + FindingRepository + ClaimRepository,
        R: AccountTaskRepository + ApiKeyRepository + FeedRepository + WebhookRepository,
        R: AuditRepository + OverviewRepository,
        R: 'static,
    {
        Self::shared(Arc::new(record), guard)
    }

    /// The same of a record that its fixture goes on using.
    pub fn shared<R>(record: Arc<R>, guard: impl Any + Send) -> Self
    where
        R: Store
            + UserRepository
            + SessionRepository
            + SecondFactorRepository
            + ProductRepository
            + OrderRepository,
        R: PaymentRepository + EventRepository + FindingRepository + ClaimRepository,
        R: AccountTaskRepository + ApiKeyRepository + FeedRepository + WebhookRepository,
        R: AuditRepository + OverviewRepository,
        R: 'static,
    {
        Self {
            store: record.clone(),
            users: record.clone(),
            sessions: record.clone(),
            second_factors: record.clone(),
            products: record.clone(),
            orders: record.clone(),
            payments: record.clone(),
            events: record.clone(),
            findings: record.clone(),
            claims: record.clone(),
            account_tasks: record.clone(),
            webhooks: record.clone(),
            feed: record.clone(),
            overview: record.clone(),
            audit: record.clone(),
            api_keys: record,
            guard: Box::new(guard),
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").finish_non_exhaustive()
    }
}

/// The outcome of a race: how many units were committed, and why the others were not.
#[derive(Debug, Default)]
pub(crate) struct Race {
    pub(crate) won: usize,
    pub(crate) lost: Vec<CommitError>,
}

impl Race {
    /// Asserts that exactly `winners` units were committed, and that all others were refused for this
    /// reason.
    #[track_caller]
    pub(crate) fn assert_outcome(&self, winners: usize, reason: impl Fn(&CommitError) -> bool) {
        let otherwise: Vec<_> = self.lost.iter().filter(|it| !reason(it)).collect();
        assert!(otherwise.is_empty(), "some lost for another reason: {otherwise:?}");
        assert_eq!(self.won, winners, "so many of {RIVALS} may win");
    }
}

/// Commits until the outcome is known: on a machine with other load a time limit may end, and then it is
/// unknown whether the unit was committed. An additional claim in the unit tells.
pub(crate) async fn commit_until_known(store: &dyn Store, work: UnitOfWork) -> Result<(), CommitError> {
    const ATTEMPTS_MAX: usize = 60;
    let claim = sample::claim(&sample::user());
    let work = work.with_write(Write::Claim(claim.clone()));
    let mut attempts = 1;
    loop {
        match store.commit(work.clone()).await {
            Err(CommitError::Failed(PortError::Unavailable(_))) if attempts < ATTEMPTS_MAX => attempts += 1,
            Err(CommitError::Claimed(it)) if it.key == claim.key => return Ok(()),
            outcome => return outcome,
        }
    }
}

pub(crate) const fn is_stale(error: &CommitError) -> bool {
    matches!(error, CommitError::Stale)
}

impl Backend {
    /// Commits writes that no guard refuses.
    pub(crate) async fn commit(&self, writes: impl Into<Vec<Write>>) {
        let outcome = self.store.commit(UnitOfWork::new().with_writes(writes.into())).await;
        outcome.expect("nothing speaks against this commit");
    }

    /// Commits a change of an order.
    pub(crate) async fn commit_change(&self, progress: OrderChange) {
        let outcome = self.store.commit(UnitOfWork::new().with_order_change(progress)).await;
        outcome.expect("the order is as it was read");
    }

    /// Commits writes that a guard must refuse, together with others that would succeed, and asserts that
    /// none of those is stored.
    pub(crate) async fn expect_refusal(&self, writes: impl Into<Vec<Write>>) -> CommitError {
        let claim = sample::claim(&self.user().await);
        let event = sample::event("sandbox", None);
        let (product, finding) = (sample::product(Some(1)), sample::finding());
        let work = UnitOfWork::new()
            .with_write(Write::Claim(claim.clone()))
            .with_write(Write::InsertEvent(event.clone()))
            .with_write(sample::insert_product(&product))
            .with_write(Write::InsertFinding(finding.clone()))
            .with_writes(writes.into());
        let error = self.store.commit(work).await.expect_err("a guard must refuse this commit");
        let left = [
            self.claims.find_claim(&claim.key).await.expect("read").is_some(),
            self.events.find_event(&event.gateway, &event.id).await.expect("read").is_some(),
            self.products.find_product(&product.id).await.expect("read").is_some(),
            self.findings.find_finding(&finding.id).await.expect("read").is_some(),
        ];
        assert_eq!(
            left, [false; 4],
            "a refused commit ({error:?}) leaves nothing of claim, event, product, finding"
        );
        error
    }

    /// Commits writes that must be refused as [`CommitError::Stale`].
    pub(crate) async fn expect_stale(&self, writes: impl Into<Vec<Write>>) {
        let error = self.expect_refusal(writes).await;
        assert!(is_stale(&error), "refused as stale, not as {error:?}");
    }

    /// Commits [`RIVALS`] units at the same time.
    pub(crate) async fn race(&self, mut work: impl FnMut() -> UnitOfWork) -> Race {
        let start = Arc::new(Barrier::new(RIVALS));
        let mut rivals = JoinSet::new();
        for _ in 0..RIVALS {
            let (store, start, work) = (Arc::clone(&self.store), Arc::clone(&start), work());
            rivals.spawn(async move {
                start.wait().await;
                commit_until_known(&*store, work).await
            });
        }
        let mut race = Race::default();
        for outcome in rivals.join_all().await {
            match outcome {
                Ok(()) => race.won += 1,
                Err(error) => race.lost.push(error),
            }
        }
        race
    }

    /// A user with a stored account.
    pub(crate) async fn user(&self) -> User {
        let user = sample::user();
        self.commit([Write::InsertUser(user.clone(), sample::hash("first"))]).await;
        user
    }

    /// Erases an account, whose rows elsewhere are not erased yet.
    pub(crate) async fn open_erasure(&self, user: &User) {
        let from = self.users.find_password_hash(user.key).await.expect("read").expect("there");
        let erasure = UserErasure {
            user: user.clone().erase(&format!("erased-{}", user.key.get()), sample::at(9)),
            read: user.changed_at,
            from,
            to: sample::hash("none"),
            at: sample::at(9),
        };
        self.commit([Write::EraseUser(Box::new(erasure))]).await;
    }

    /// A stored product.
    pub(crate) async fn product(&self, stock: Option<i64>) -> Product {
        let product = sample::product(stock);
        self.commit([sample::insert_product(&product)]).await;
        product
    }

    /// The present stock of a product.
    pub(crate) async fn stock(&self, product: &Product) -> Option<i64> {
        self.products.find_product(&product.id).await.expect("read").expect("the product is there").stock
    }

    /// A stored order of a new user and a new product.
    pub(crate) async fn order(&self) -> Order {
        let (user, product) = (self.user().await, self.product(Some(10)).await);
        let order = sample::order(&user, &[(&product, 2)]);
        self.commit([sample::insert_order(&order), sample::sell_product(&product, 2)]).await;
        order
    }

    /// A stored order of a new user and a new product, after `change` was applied to it.
    pub(crate) async fn order_with(&self, change: impl FnOnce(&mut Order)) -> Order {
        let (user, product) = (self.user().await, self.product(None).await);
        let mut order = sample::order(&user, &[(&product, 2)]);
        change(&mut order);
        self.commit([sample::insert_order(&order)]).await;
        order
    }

    /// A stored transaction of that order, after `change` was applied to it.
    pub(crate) async fn transaction(
        &self,
        order: &Order,
        change: impl FnOnce(&mut Transaction),
    ) -> Transaction {
        let mut transaction = sample::transaction(order);
        change(&mut transaction);
        self.commit([Write::InsertTransaction(Box::new(transaction.clone()))]).await;
        transaction
    }
}
