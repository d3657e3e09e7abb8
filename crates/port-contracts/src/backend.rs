//! The record under test, and what every suite does with it.

use std::{any::Any, fmt, sync::Arc};

use domain::{Order, Product, Progress, Transaction, User};
use ports::{
    Batch, CommitError, EventRepository, FindingRepository, OrderRepository, PaymentRepository, PortError,
    ProductRepository, ReplyRepository, SessionRepository, Store, UnitOfWork, UserRepository, Write,
};
use tokio::{sync::Barrier, task::JoinSet};

use crate::sample;

/// So many of what is longest due.
pub(crate) const fn first(limit: u32) -> Batch {
    Batch { skip: 0, limit }
}

/// How many do the same thing at the same moment.
pub(crate) const RIVALS: usize = 64;

/// A system of record, fresh and empty, through all of its ports.
pub struct Backend {
    /// Writes.
    pub store: Arc<dyn Store>,
    /// Reads users.
    pub users: Arc<dyn UserRepository>,
    /// Reads sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Reads the catalogue.
    pub products: Arc<dyn ProductRepository>,
    /// Reads orders.
    pub orders: Arc<dyn OrderRepository>,
    /// Reads payments.
    pub payments: Arc<dyn PaymentRepository>,
    /// Reads events.
    pub events: Arc<dyn EventRepository>,
    /// Reads findings.
    pub findings: Arc<dyn FindingRepository>,
    /// Reads used idempotency keys.
    pub replies: Arc<dyn ReplyRepository>,
    /// What must live as long as the record: a temporary folder, a server.
    pub guard: Box<dyn Any + Send>,
}

impl Backend {
    /// A record that is one thing behind all of its ports, and what must live as long.
    pub fn of<R>(record: R, guard: impl Any + Send) -> Self
    where
        R: Store + UserRepository + SessionRepository + ProductRepository + OrderRepository,
        R: PaymentRepository + EventRepository + FindingRepository + ReplyRepository + 'static,
    {
        Self::shared(Arc::new(record), guard)
    }

    /// The same of a record that its fixture goes on using.
    pub fn shared<R>(record: Arc<R>, guard: impl Any + Send) -> Self
    where
        R: Store + UserRepository + SessionRepository + ProductRepository + OrderRepository,
        R: PaymentRepository + EventRepository + FindingRepository + ReplyRepository + 'static,
    {
        Self {
            store: record.clone(),
            users: record.clone(),
            sessions: record.clone(),
            products: record.clone(),
            orders: record.clone(),
            payments: record.clone(),
            events: record.clone(),
            findings: record.clone(),
            replies: record,
            guard: Box::new(guard),
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").finish_non_exhaustive()
    }
}

/// How a race ended.
#[derive(Debug, Default)]
pub(crate) struct Race {
    pub(crate) won: usize,
    pub(crate) lost: Vec<CommitError>,
}

impl Race {
    /// Exactly so many won, and all others were refused for that reason.
    #[track_caller]
    pub(crate) fn ends(&self, winners: usize, reason: impl Fn(&CommitError) -> bool) {
        let otherwise: Vec<_> = self.lost.iter().filter(|it| !reason(it)).collect();
        assert!(otherwise.is_empty(), "some lost for another reason: {otherwise:?}");
        assert_eq!(self.won, winners, "so many of {RIVALS} may win");
    }
}

/// Commits until it is known what came of it: on a machine with other work a limit of time may be over, and whether the
/// unit was done is not known then. A claim of its own tells.
async fn settle(store: &dyn Store, work: UnitOfWork) -> Result<(), CommitError> {
    const ATTEMPTS_MAX: usize = 60;
    let claim = sample::claim(&sample::user());
    let work = work.with(Write::Claim(claim.clone()));
    let mut attempts = 1;
    loop {
        match store.commit(work.clone()).await {
            Err(CommitError::Failed(PortError::Away(_))) if attempts < ATTEMPTS_MAX => attempts += 1,
            Err(CommitError::Claimed(it)) if it.key == claim.key => return Ok(()),
            outcome => return outcome,
        }
    }
}

pub(crate) const fn is_stale(error: &CommitError) -> bool {
    matches!(error, CommitError::Stale)
}

impl Backend {
    /// Commits what nothing speaks against.
    pub(crate) async fn commit(&self, writes: impl Into<Vec<Write>>) {
        let outcome = self.store.commit(UnitOfWork::new().with_all(writes.into())).await;
        outcome.expect("nothing speaks against this commit");
    }

    /// Commits an order's progress.
    pub(crate) async fn advance(&self, progress: Progress) {
        let outcome = self.store.commit(UnitOfWork::new().progress(progress)).await;
        outcome.expect("the order is as it was read");
    }

    /// Commits what must be refused, among other writes that nothing speaks against, and makes sure that none of those
    /// was done.
    pub(crate) async fn refused(&self, writes: impl Into<Vec<Write>>) -> CommitError {
        let claim = sample::claim(&self.user().await);
        let event = sample::event("sandbox", None);
        let (product, finding) = (sample::product(Some(1)), sample::finding());
        let work = UnitOfWork::new()
            .with(Write::Claim(claim.clone()))
            .with(Write::InsertEvent(event.clone()))
            .with(sample::made(&product))
            .with(Write::InsertFinding(finding.clone()))
            .with_all(writes.into());
        let error = self.store.commit(work).await.expect_err("a guard must refuse this commit");
        let left = [
            self.replies.find(&claim.key).await.expect("read").is_some(),
            self.events.find(&event.gateway, &event.id).await.expect("read").is_some(),
            self.products.find(&product.id).await.expect("read").is_some(),
            self.findings.find(&finding.id).await.expect("read").is_some(),
        ];
        assert_eq!(
            left, [false; 4],
            "a refused commit ({error:?}) leaves nothing of claim, event, product, finding"
        );
        error
    }

    /// Commits what must be refused as [`CommitError::Stale`].
    pub(crate) async fn stale(&self, writes: impl Into<Vec<Write>>) {
        let error = self.refused(writes).await;
        assert!(is_stale(&error), "refused as stale, not as {error:?}");
    }

    /// Lets many commit at the same moment.
    pub(crate) async fn race(&self, mut work: impl FnMut() -> UnitOfWork) -> Race {
        let start = Arc::new(Barrier::new(RIVALS));
        let mut rivals = JoinSet::new();
        for _ in 0..RIVALS {
            let (store, start, work) = (Arc::clone(&self.store), Arc::clone(&start), work());
            rivals.spawn(async move {
                start.wait().await;
                settle(&*store, work).await
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

    /// A user who has an account.
    pub(crate) async fn user(&self) -> User {
        let user = sample::user();
        self.commit([Write::InsertUser(user.clone(), sample::hash("first"))]).await;
        user
    }

    /// A product that is in the catalogue.
    pub(crate) async fn product(&self, stock: Option<i64>) -> Product {
        let product = sample::product(stock);
        self.commit([sample::made(&product)]).await;
        product
    }

    /// How many of a product there are left.
    pub(crate) async fn stock(&self, product: &Product) -> Option<i64> {
        self.products.find(&product.id).await.expect("read").expect("the product is there").stock
    }

    /// An order, placed with a user and a product of its own.
    pub(crate) async fn order(&self) -> Order {
        let (user, product) = (self.user().await, self.product(Some(10)).await);
        let order = sample::order(&user, &[(&product, 2)]);
        self.commit([sample::placed(&order), sample::sold(&product, 2)]).await;
        order
    }

    /// An order of a fresh user and product, changed before it is kept.
    pub(crate) async fn order_with(&self, change: impl FnOnce(&mut Order)) -> Order {
        let (user, product) = (self.user().await, self.product(None).await);
        let mut order = sample::order(&user, &[(&product, 2)]);
        change(&mut order);
        self.commit([sample::placed(&order)]).await;
        order
    }

    /// A transaction of that order, changed before it is kept.
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
