//! The traits between Idem's use cases and the outside world. Their docs are the specification: every promise
//! in them is a test of the `port-contracts` crate, which every adapter must pass.
//!
//! Repositories read; only [`Store`] writes. A use case therefore reads, decides, and ends with one commit:
//!
//! ```text
//! repositories ──> decision (domain) ──> UnitOfWork ──> Store::commit
//! ```

mod account_tasks;
mod audit;
mod broadcast;
mod cache;
mod clock;
mod counters;
mod error;
mod feed;
pub mod gateway;
mod idempotency;
mod listing;
mod lock;
mod mailer;
mod metrics;
mod order_list;
mod order_search;
mod overview;
mod page;
mod password;
mod payment_reads;
mod repository;
mod seal;
mod second_factor;
mod store;
mod throttle;
mod token;
mod webhook;

mod work;

pub use account_tasks::{
    AccountTaskRepository, Erasure, ErasureProgress, MailKind, PasswordReset, QueuedMail, UserErasure,
};
pub use audit::{
    AuditRepository, FlawedPayment, HeldStock, KeptOrder, Orphan, OrphanCursor, OrphanPage, PaymentFlaw,
};
pub use broadcast::{Broadcast, Subscription};
pub use cache::{Cache, CacheEntry};
pub use clock::{Clock, IdGenerator};
pub use counters::{CountDelta, SharedCounters};
pub use error::{Cause, ErrorChain, NoObserver, PortError, RowOwner, UnreadableObserver, UnreadableRow};
pub use feed::{
    ErasedValue, FEED_PERSONAL_PATHS, FEED_SCAN_MAX, FeedBacklog, FeedEventHead, FeedFilter, FeedHeads,
    FeedPage, FeedRepository, NewFeedEvent,
};
pub use gateway::{
    Acknowledgement, Answer, AttemptLog, AttemptOperation, AttemptOutcome, Charge, Gateway, GatewayAttempt,
    GatewayCheck, InvalidSignature, Lookup, LookupAnswer, LookupRemarks, LookupSubject, NoResponse, Notice,
    NoticeHeaders, ParsedNotice, STATEMENT_BYTES_MAX, Statement, StatementBuilder, StatementEntry,
    StatementEntryKind, StatementFault, StatementFaults, StatementPeriod, StoredAttempt, Unsupported,
};
pub use idempotency::{Claim, Fingerprint, IdempotencyKey, StoredReply};
pub use listing::{
    Account, AccountCursor, AccountFilter, NameColumn, PaymentFilter, RefundCursor, RefundFilter,
    StoredRefund, first_match,
};
pub use lock::{LockGuard, LockManager};
pub use mailer::{MailError, Mailer, OutgoingMail};
pub use metrics::{
    BreakerState, CallOutcome, CallbackOutcome, CommitOutcome, DeliveryOutcome, Metrics, Observation,
    RedisFault, SplitReason,
};
pub use order_list::{DueOrders, OldOrder, OrderCursor, OrderFilter, OrderHead, OrderSort};
pub use order_search::{OrderSearch, SearchedTexts};
pub use overview::{
    BucketSize, MoneyFigure, OrderFigure, OverviewFigures, OverviewRepository, OverviewWindow,
    UTC_OFFSET_MINUTES_MAX,
};
pub use page::Page;
pub use password::{HashPurpose, HashQueueKey, HasherBusy, PasswordHasher};
pub use payment_reads::{
    CaseKey, DatedPayment, EventPosition, OverdueStretch, PaymentCase, PaymentMoment, PaymentPeriod,
    is_event_about,
};
pub use repository::{
    ApiKeyRepository, Batch, ChangeFilter, ChangedUser, ClaimRepository, Credentials, EventRepository,
    FindingRepository, OrderRepository, PaymentRepository, ProductRepository, RevokedSession,
    SessionRepository, UserRepository,
};
pub use seal::SecretCipher;
pub use seal::{Digests, KeyedDigests, Sealer};
pub use second_factor::{OneTimeCodes, SecondFactorRepository, SecondFactorWrite};
pub use store::{AccountConflict, CommitError, HealthCheck, OpenLimit, RecordClock, Store};
pub use throttle::{Attempts, Throttle};
pub use token::{AccessClaims, TokenIssuer};
pub use webhook::{
    DueDelivery, OldDelivery, WebhookAnswer, WebhookMessage, WebhookRepository, WebhookSender, WebhookWrite,
};

pub use work::{OpenLimits, Prunable, REVOCATION_MARGIN, TransactionUpdate, UnitOfWork, Write, split_rivals};

#[cfg(feature = "mock")]
pub use {
    broadcast::MockBroadcast,
    cache::MockCache,
    clock::MockClock,
    clock::MockIdGenerator,
    counters::MockSharedCounters,
    feed::MockFeedRepository,
    gateway::MockGateway,
    lock::MockLockManager,
    mailer::MockMailer,
    password::MockPasswordHasher,
    repository::{
        MockApiKeyRepository, MockClaimRepository, MockEventRepository, MockFindingRepository,
        MockOrderRepository, MockPaymentRepository, MockProductRepository, MockSessionRepository,
        MockUserRepository,
    },
    seal::MockSealer,
    store::MockStore,
    throttle::MockThrottle,
    token::MockTokenIssuer,
};
