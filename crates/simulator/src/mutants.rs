//! Planted faults. Each breaks one thing that the guarantees rest on, behind the ports of the simulation and never in the
//! product, to show that the checks would find it.

mod commits;
mod sessions;
mod webhooks;

use domain::{
    OrderKey, Transaction,
    payment::{EventKind, PaymentEvent},
};
use ports::{Claim, IdempotencyKey, OrderHead, ParsedNotice, PaymentCase};

use crate::{lock::lock, world::World};

pub(crate) use commits::commit_unit;
pub(crate) use sessions::{plant_generation, plant_revocations};
pub(crate) use webhooks::plant_due_deliveries;

/// Generates the planted faults from one table: name, and the promise that it breaks.
macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A planted fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Mutant {
            $($(#[$doc])* $name,)*
        }

        impl Mutant {
            /// Every one, in the order of the table.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// The promise that it breaks, for the report.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

mutants! {
    KeyIsNotUnique = "the unique key of a claim is gone";
    ClaimIsForgotten = "a claim is not stored";
    ClaimComesLater = "a claim is stored in a commit of its own, after the work";
    KeyHasNoOwner = "a reply is replayed from another user's key";
    RepliesChange = "a stored reply is not replayed byte for byte";
    RepliesAreNotStored = "the reply of a payment is not stored with its result";
    RepliesArePrunedEarly = "stored replies are deleted before their time";
    RevisionIsNotCompared = "the revision of an order is not compared";
    EventInTwoCommits = "a notice is stored in one commit and applied in another";
    EventIsNotStored = "a notice is applied and acknowledged, and not stored";
    CapturesAreIgnored = "a notice of a capture is stored and ignored";
    StockIsNotTaken = "an order takes no stock";
    StockIsNotReturned = "a cancelled order returns no stock";
    StockIsReturnedTwice = "a cancelled order returns its stock twice";
    StockMayBeNegative = "stock is taken without its guard";
    UnpaidStayCounted = "an order that is no longer unpaid stays counted";
    AnsweredBeforeCommit = "a commit is answered and then lost";
    FailureIsSuccess = "a commit that never arrived is taken for done";
    AnotherOutcome = "a refused unit gets the outcome of another unit of its batch";
    HalfAUnit = "only the first half of a unit is committed";
    HistoryIsSkipped = "a change of a status writes no history";
    HistoryIsRewritten = "an old entry of a history is changed";
    TimesGoBack = "the times of a history go backwards with a clock";
    VersionGoesBack = "an order goes back to an older version";
    PaymentIsNotWritten = "an order changes without its payment";
    OrderIsNotWritten = "a payment changes without its order";
    PaymentsLagBehind = "payments are read from a copy that is one commit behind";
    RefundsAreNotSummed = "the sum of refunds is not compared with what was captured";
    AuthorIsNotStored = "the author of a payment or capture is not stored";
    FindingsAreDropped = "findings are not stored";
    EventsAreDropped = "a change has no event in the feed";
    EventsGetNoNumbers = "the sweep that numbers events is off";
    CachedOrderIsNotValidated = "a cached order is shown without being confirmed";
    GatewayForgetsKeys = "the gateway forgets idempotency keys at once";
    ParkedStayParked = "the sweeps that apply or report parked events are off";
    OrdersNeverExpire = "the sweep that closes unpaid orders is off";
    OrdersNeverComplete = "the sweep that completes delivered orders is off";
    OrdersNeverClose = "the sweep that closes finished orders is off";
    HoldsNeverEnd = "the sweep that releases uncaptured payments is off";
    NothingIsLookedUp = "the sweep that looks payments up is off";
    LogoutIsNotStored = "a logout is not stored";
    OthersStayLive = "a new password or a disabled account ends no session";
    RevocationsAreNotRead = "instances do not read which sessions ended elsewhere";
    GenerationIsNotCompared = "a session is not compared when its refresh token is exchanged";
    PasswordIsNotRequired = "a session begins although its password was replaced meanwhile";
    SpentTokensStayGood = "a spent refresh token counts as the newest one";
    SpentTimesAreForgotten = "the times at which refresh tokens were spent are not stored";
    NotedBeforeSent = "a webhook is noted as delivered before it is sent";
    CursorSkipsEvent = "the cursor of an endpoint moves past an event without a delivery";
    CursorMovesAlone = "the cursor of an endpoint moves in a commit before that of its deliveries";
    SilenceIsSuccess = "a webhook without an answer counts as delivered";
    FollowersDoNotWait = "a webhook does not wait for earlier ones about the same subject";
    DeletionIsNotStored = "the deletion of an endpoint is not stored";
    OldSecretIsDropped = "a rotation does not keep the secret before it";
    OldSecretSignsOn = "the secret before a rotation signs forever";
}

/// The head of an order as it is read to confirm a cached one.
pub(crate) fn plant_head(world: &World, head: OrderHead) -> OrderHead {
    if !world.has_mutant(Mutant::CachedOrderIsNotValidated) {
        return head;
    }
    *lock(&world.first_heads).entry(head.key.get()).or_insert(head)
}

/// The transactions of an order as they are read to decide on.
pub(crate) fn plant_transactions(world: &World, order: OrderKey, now: Vec<Transaction>) -> Vec<Transaction> {
    if !world.has_mutant(Mutant::PaymentsLagBehind) {
        return now;
    }
    lock(&world.lagging).iter().filter(|it| it.order == order).cloned().collect()
}

/// An order with its payments as a use case reads them.
pub(crate) fn plant_case(world: &World, mut case: PaymentCase) -> PaymentCase {
    case.transactions = plant_transactions(world, case.order.key, case.transactions);
    if world.has_mutant(Mutant::RefundsAreNotSummed) {
        for refund in case.transactions.iter_mut().flat_map(|it| &mut it.refunds) {
            // As if it had been withdrawn: it no longer counts.
            refund.facts = domain::payment::RefundFacts { withdrawn: true, ..Default::default() };
        }
    }
    case
}

/// The claim that is found for a key.
pub(crate) fn plant_claim(world: &World, key: &IdempotencyKey, claim: Option<Claim>) -> Option<Claim> {
    if claim.is_none() && world.has_mutant(Mutant::KeyHasNoOwner) {
        let claims = world.record.snapshot().claims;
        let foreign = claims.into_iter().find(|it| it.key.key == key.key && it.key.route == key.route);
        return foreign.map(|it| Claim { key: key.clone(), ..it });
    }
    let mut claim = claim?;
    if world.has_mutant(Mutant::RepliesChange)
        && let Some(reply) = &mut claim.reply
    {
        reply.body.push(' ');
    }
    Some(claim)
}

/// What a notice is read as.
pub(crate) fn plant_notice(world: &World, event: PaymentEvent) -> ParsedNotice {
    if event.kind == EventKind::Captured && world.has_mutant(Mutant::CapturesAreIgnored) {
        return ParsedNotice::Irrelevant { kind: event.kind.as_str().to_owned() };
    }
    ParsedNotice::Event(Box::new(event))
}
