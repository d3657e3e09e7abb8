//! Pieces of the service that every request pays for, one after the other, without server and network. Their instructions
//! are counted, which depends on neither the machine nor its load.

use std::{hint::black_box, sync::Arc};

use adapters_crypto::{JwtTokens, Sha256Digests, SigningKeys};
use application::{batching::Lanes, group_commit::GroupCommit};
use async_trait::async_trait;
use domain::{
    ChangedBy, EventId, Order, RefundKey, SessionId, UserId,
    order::HistoryEntry,
    payment::{EventKind, EventReferences, EventTarget, PaymentDetails, PaymentEvent, ReportedAmount},
};
use port_contracts::sample;
use ports::{AccessClaims, CommitError, Digests, Store, TokenIssuer, UnitOfWork};
use tokio::task::JoinSet;

use crate::error::BenchResult;

/// The argument that makes this program run a hot path; its name and the number of times follow.
pub(crate) const COMMAND: &str = "hot-path";
/// The units of work that a batch is made of.
const UNITS: usize = 64;
/// A secret of the length that the service asks for.
const SECRET: &str = "for-benchmarks-only-and-never-for-a-service";
/// The canonical text of a request that places an order of two lines.
const CANONICAL: &str = r#"["POST /v1/orders",[],{"items":[{"productId":"tea117","quantity":1},{"productId":"tea640","quantity":1}]}]"#;

/// A hot path, as it is named in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HotPath {
    /// An order of two lines is priced and gets its first history entry.
    PlaceOrder,
    /// A capture is added to the facts of a payment.
    ApplyCapture,
    /// An order becomes a cached copy and is read from it.
    CopyOrder,
    /// The fingerprint of a request is made.
    Fingerprint,
    /// An access token is verified.
    VerifyToken,
    /// As many units of work as a batch may have go through the group commit.
    Batch,
}

impl HotPath {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 6] = [
        Self::PlaceOrder,
        Self::ApplyCapture,
        Self::CopyOrder,
        Self::Fingerprint,
        Self::VerifyToken,
        Self::Batch,
    ];

    /// The text of the name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::PlaceOrder => "place-order",
            Self::ApplyCapture => "apply-capture",
            Self::CopyOrder => "copy-order",
            Self::Fingerprint => "fingerprint",
            Self::VerifyToken => "verify-token",
            Self::Batch => "batch-64",
        }
    }

    /// The hot path with that name.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// Runs a hot path that many times, and nothing else.
pub(crate) fn run(name: &str, times: &str) -> BenchResult<()> {
    let (path, times) = (HotPath::parse(name).ok_or("this hot path is not known")?, times.parse::<u32>()?);
    match path {
        HotPath::PlaceOrder => place_orders(times),
        HotPath::ApplyCapture => apply_captures(times),
        HotPath::CopyOrder => copy_orders(times)?,
        HotPath::Fingerprint => (0..times).for_each(|_| {
            black_box(Sha256Digests.sha256_hex(black_box(CANONICAL).as_bytes()));
        }),
        HotPath::VerifyToken => verify_tokens(times)?,
        HotPath::Batch => commit_batches(times)?,
    }
    Ok(())
}

fn sample_order() -> Order {
    let (user, products) = (sample::user(), [sample::product(Some(1_000)), sample::product(Some(1_000))]);
    sample::order(&user, &products.each_ref().map(|it| (it, 1)))
}

fn place_orders(times: u32) {
    let (user, products) = (sample::user(), [sample::product(Some(1_000)), sample::product(Some(1_000))]);
    for _ in 0..times {
        let order = sample::order(&user, &products.each_ref().map(|it| (it, 1)));
        black_box(HistoryEntry::for_new_order(&order, ChangedBy::customer(user.key)));
    }
}

fn apply_captures(times: u32) {
    let payment = sample::transaction(&sample_order());
    let captured = PaymentEvent {
        id: EventId::new("payment.captured".to_owned()),
        kind: EventKind::Captured,
        target: EventTarget::Transaction(payment.id.clone()),
        order: Some(payment.order_number.clone()),
        reported: ReportedAmount::from(payment.amount),
        refund: None,
        dispute: None,
        references: EventReferences::default(),
        details: PaymentDetails::default(),
        at: sample::at(2),
    };
    for _ in 0..times {
        let mut paid = payment.clone();
        black_box(paid.apply_event(&captured, RefundKey::new(1), sample::at(3)));
    }
}

fn copy_orders(times: u32) -> BenchResult<()> {
    let order = sample_order();
    for _ in 0..times {
        let copy = serde_json::to_vec(black_box(&order))?;
        black_box(serde_json::from_slice::<Order>(&copy)?);
    }
    Ok(())
}

fn verify_tokens(times: u32) -> BenchResult<()> {
    let keys = SigningKeys::parse(SECRET).map_err(|it| it.to_string())?;
    let tokens = JwtTokens::new(&keys);
    let token = tokens.issue_access_token(&AccessClaims {
        user: UserId::new("user-1".to_owned()),
        session: SessionId::new("session-1".to_owned()),
        generation: 1,
        issued_at: sample::at(0),
        expires_at: sample::at(900),
    });
    for _ in 0..times {
        black_box(tokens.verify_access_token(black_box(&token), sample::at(1)).ok_or("a token was refused")?);
    }
    Ok(())
}

/// Commits nothing at once.
struct InstantStore;

#[async_trait]
impl Store for InstantStore {
    async fn commit(&self, _: UnitOfWork) -> Result<(), CommitError> {
        Ok(())
    }

    async fn commit_all(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        units.iter().map(|_| Ok(())).collect()
    }
}

fn commit_batches(times: u32) -> BenchResult<()> {
    // One thread, so that the order of the tasks is always the same.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let store =
            Arc::new(GroupCommit::new(Arc::new(InstantStore), Arc::new(()), Lanes { max: 1, items: 1 }));
        let work = UnitOfWork::new().with_write(sample::insert_order(&sample_order()));
        for _ in 0..times {
            let mut callers = JoinSet::new();
            for _ in 0..UNITS {
                let (store, work) = (Arc::clone(&store), work.clone());
                callers.spawn(async move { store.commit(work).await });
            }
            for committed in callers.join_all().await {
                committed.map_err(|it| it.to_string())?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hot_path_runs_under_its_name() {
        for path in HotPath::ALL {
            run(path.as_str(), "2").unwrap();
        }
        assert!(run("nothing", "2").is_err() && run("batch-64", "many").is_err());
    }
}
