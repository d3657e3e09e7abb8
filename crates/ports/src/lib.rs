//! The traits between Idem's use cases and the outside world. Their docs are the specification: every promise in them
//! is a test of the `port-contracts` crate, which every adapter must pass.
//!
//! Repositories read; only [`Store`] writes.

mod broadcast;
mod cache;
mod clock;
mod error;
pub mod gateway;
mod idempotency;
mod lock;
mod meter;
mod page;
mod password;
mod repository;
mod seal;
mod store;
mod throttle;
mod token;

mod work;

pub use broadcast::{Broadcast, Subscription};
pub use cache::{Cache, CacheEntry};
pub use clock::{Clock, Ids};
pub use error::{Cause, Causes, Owner, PortError, Unreadable, Unwatched, Witness};
pub use gateway::{
    Acknowledgement, Answer, Charge, Gateway, InvalidSignature, Lookup, LookupAnswer, LookupSubject,
    NoResponse, Notice, NoticeHeaders, ParsedNotice,
};
pub use idempotency::{Claim, Fingerprint, IdempotencyKey, StoredReply};
pub use lock::{Held, Locks};
pub use meter::{BreakerState, CallOutcome, CallbackOutcome, CommitOutcome, Happening, Meter};
pub use page::Page;
pub use password::{HasherBusy, PasswordHasher, Purpose, Share};
pub use repository::{
    Batch, ChangeKind, ChangedUser, Credentials, Due, EndedSession, EventRepository, FindingRepository,
    OrderFilter, OrderHead, OrderRepository, PaymentRepository, ProductRepository, ReplyRepository,
    SessionRepository, UserRepository,
};
pub use seal::{Digests, KeyedDigests, Sealer};
pub use store::{CommitError, Health, Store, Taken};
pub use throttle::{Attempts, Throttle};
pub use token::{AccessClaims, Tokens};

pub use work::{Prunable, UnitOfWork, Write};

#[cfg(feature = "mock")]
pub use {
    broadcast::MockBroadcast,
    cache::MockCache,
    clock::MockClock,
    clock::MockIds,
    gateway::MockGateway,
    lock::MockLocks,
    password::MockPasswordHasher,
    repository::{
        MockEventRepository, MockFindingRepository, MockOrderRepository, MockPaymentRepository,
        MockProductRepository, MockReplyRepository, MockSessionRepository, MockUserRepository,
    },
    seal::MockSealer,
    store::MockStore,
    throttle::MockThrottle,
    token::MockTokens,
};
