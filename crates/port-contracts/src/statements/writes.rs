use domain::{
    Actor, ChangedBy, Progress, Text, Version,
    order::StockLine,
    payment::{Disposition, DisputeStatus, ReferenceOwner, Request, RequestKind},
    product::Restock,
};
use ports::{CommitError, Prunable, UnitOfWork, Write};

use super::{FILLERS, Played, Scene};
use crate::{Backend, sample};

/// Most rows that are forgotten at once.
const ROWS_MAX: u32 = 10;

/// Commits; a guard may refuse.
async fn commit(backend: &Backend, played: &mut Played, work: UnitOfWork) {
    for write in work.clone().in_lock_order() {
        let text = format!("{write:?}");
        let name = text.split(['(', ' ', '{']).next().unwrap_or_default();
        played.insert(format!("Write::{name}"));
    }
    let outcome = backend.store.commit(work).await;
    assert!(!matches!(outcome, Err(CommitError::Failed(_))), "{outcome:?}");
}

impl Scene {
    pub(super) async fn write(&self, backend: &Backend, played: &mut Played) {
        let units = [self.accounts(), self.catalogue(), self.sales(), self.money(), Self::pruning()].concat();
        for writes in units {
            commit(backend, played, UnitOfWork::new().with_all(writes)).await;
        }
        let progress = UnitOfWork::new().progress(Progress::of(self.order.clone()));
        commit(backend, played, progress).await;
    }

    fn accounts(&self) -> Vec<Vec<Write>> {
        let (user, hash) = (&self.user, sample::hash("first"));
        let (rotated, mut next) = (sample::session(user), sample::session(user));
        next.generation = rotated.generation + 1;
        let revoke = |except| Write::RevokeSessions { user: user.key, except, at: sample::at(2) };
        vec![
            vec![Write::InsertUser(sample::user(), hash.clone())],
            // Taken.
            vec![Write::InsertUser(user.clone(), hash.clone())],
            vec![Write::RequirePassword(user.key, hash.clone())],
            vec![Write::UpdateUser { user: user.with_disabled(true, sample::at(1)), read: None }],
            vec![Write::ChangePassword { user: user.key, from: hash.clone(), to: hash }],
            vec![Write::InsertSession(rotated.clone(), sample::network())],
            vec![Write::RotateSession { read: Box::new(rotated), next: Box::new(next) }],
            vec![Write::RevokeSession { user: user.key, session: self.session.key, at: sample::at(1) }],
            vec![revoke(Some(self.session.key))],
            vec![revoke(None)],
            vec![Write::Answer { key: self.claim.key.clone(), reply: sample::reply() }],
            // Used.
            vec![Write::Claim(self.claim.clone())],
        ]
    }

    fn catalogue(&self) -> Vec<Vec<Write>> {
        let (kept, set) = (sample::product(Some(5)), sample::product(Some(5)));
        let product = self.product.id.clone();
        vec![
            vec![sample::made(&kept), sample::made(&set)],
            vec![sample::revised(&kept, Restock::Keep)],
            vec![sample::revised(&set, Restock::Set(Some(7)))],
            vec![sample::replaced(&kept, Version::FIRST, Restock::Keep)],
            vec![Write::AdjustStock { product, by: 1, change: sample::change(&self.user) }],
        ]
    }

    fn sales(&self) -> Vec<Vec<Write>> {
        let product = &self.product;
        let order = sample::order(&self.user, &[(product, 1)]);
        let mut untracked = self.changed.clone();
        untracked.stock = None;
        let line = StockLine { product: product.id.clone(), quantity: 1 };
        vec![
            vec![sample::placed(&order), sample::sold(product, 1), sample::sold(&untracked, 1)],
            // Lacking.
            vec![sample::sold(product, 1_000_000)],
            vec![Write::ReturnStock(line)],
        ]
    }

    fn money(&self) -> Vec<Vec<Write>> {
        let transaction = &self.transaction;
        let mut disputed = transaction.clone();
        let mut record = sample::taken(transaction.amount);
        record.disputes = vec![sample::dispute(DisputeStatus::Open, transaction.amount, 5)];
        disputed.facts = sample::facts(record);
        let event = &self.event;
        let (from, to) = (Disposition::Parked, Disposition::Overdue);
        let by = ChangedBy { actor: Actor::Operator, user: Some(self.user.key) };
        let (id, note, at) = (self.finding.id.clone(), Text::new("x"), sample::at(5));
        let resolved = Write::ResolveFinding { id, note, by, at };
        let (kind, amount) = (RequestKind::Capture, transaction.amount);
        let request =
            Request { transaction: transaction.key, kind, amount, requested_by: by, requested_at: at };
        let once = || vec![Write::InsertFindingOnce(sample::finding(), "orders:1".to_owned())];
        let order = sample::order(&self.user, &[(&self.product, 1)]);
        vec![
            vec![Write::UpdateTransaction(Box::new(disputed.clone()))],
            vec![Write::Postpone(Box::new(disputed))],
            vec![sample::placed(&order), Write::InsertTransaction(Box::new(sample::transaction(&order)))],
            vec![Write::InsertEvent(sample::event("sandbox", None))],
            // A duplicate.
            vec![Write::InsertEvent(event.clone())],
            vec![Write::MoveEvent { key: event.key, from, to }],
            vec![Write::InsertFinding(sample::finding())],
            vec![resolved],
            vec![Write::InsertRequest(request)],
            vec![sample::learnt(transaction, ReferenceOwner::Payment, "played")],
            // Another one of a thing that has one.
            vec![sample::learnt(transaction, ReferenceOwner::Payment, "played-2")],
            once(),
            // Open already.
            once(),
            vec![Write::Probe(at)],
            vec![Write::Probe(at)],
        ]
    }

    fn pruning() -> Vec<Vec<Write>> {
        let late = sample::at(i64::from(FILLERS) * 1_000);
        [Prunable::Claims, Prunable::Sessions].map(|it| vec![Write::Prune(it, late, ROWS_MAX)]).to_vec()
    }
}
