//! Disputes: what the holder of a card claims back through the bank, in full or in part, once or several times.
//!
//! What is kept are the gateway's words. Which disputes there are, and where each stands, follows from all of them in the
//! order of the gateway's times, so that the order of arrival does not matter.

use std::cmp::Ordering;

use crate::{DisputeId, EventId, Money, Timestamp};

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisputeStatus {
    /// It is open: the money is withheld until it is decided.
    Open,
    /// The shop keeps the money.
    Won,
    /// The holder of the card has the money.
    Lost,
}

impl DisputeStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Open, Self::Won, Self::Lost];

    /// The name in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Won => "WON",
            Self::Lost => "LOST",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// One word of the gateway about a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeEvent {
    /// The event that says it; each counts once.
    pub event: EventId,
    /// The gateway's id of the dispute, if it gives one.
    pub dispute: Option<DisputeId>,
    /// What became of the dispute.
    pub status: DisputeStatus,
    /// How much it is about.
    pub amount: Money,
    /// The gateway's time.
    pub at: Timestamp,
}

impl DisputeEvent {
    /// The order in which words count: by the gateway's time, and of one moment what opens a dispute first. Otherwise words
    /// of one moment count as they arrived, so a sort by this must be stable.
    #[must_use]
    pub fn compare_by_time(&self, other: &Self) -> Ordering {
        let closes = |it: &Self| it.status != DisputeStatus::Open;
        (self.at, closes(self)).cmp(&(other.at, closes(other)))
    }
}

/// A dispute, as all words about it give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The gateway's id, or that of the event that began it.
    pub id: DisputeId,
    /// The last word.
    pub status: DisputeStatus,
    /// How much the last word is about; it may be more than was captured.
    pub amount: Money,
    /// The gateway's time of the last word.
    pub at: Timestamp,
    named: bool,
    lost: bool,
    reversed: bool,
    corrected: bool,
}

impl Dispute {
    fn from_event(event: &DisputeEvent) -> Self {
        let id = event.dispute.clone().unwrap_or_else(|| DisputeId::new(event.event.as_str().to_owned()));
        let (status, amount, at) = (event.status, event.amount, event.at);
        Self {
            id,
            status,
            amount,
            at,
            named: event.dispute.is_some(),
            lost: status == DisputeStatus::Lost,
            reversed: false,
            corrected: false,
        }
    }

    fn is_open(&self) -> bool {
        self.status == DisputeStatus::Open
    }

    fn update_from(&mut self, event: &DisputeEvent) {
        if let Some(id) = &event.dispute {
            (self.id, self.named) = (id.clone(), true);
        }
        self.lost |= event.status == DisputeStatus::Lost;
        self.reversed |= self.lost && event.status == DisputeStatus::Won;
        self.corrected |= self.amount != event.amount;
        (self.status, self.amount, self.at) = (event.status, event.amount, event.at);
    }

    /// Whether it was won after it had been lost: the money came back.
    #[must_use]
    pub const fn has_reversal(&self) -> bool {
        self.reversed
    }

    /// Whether two words about it name two amounts.
    #[must_use]
    pub const fn has_amount_change(&self) -> bool {
        self.corrected
    }
}

/// The disputes of one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disputes {
    all: Vec<Dispute>,
    ambiguous_events: usize,
}

impl Disputes {
    /// Reads words that are in the order of [`DisputeEvent::compare_by_time`].
    pub(super) fn from_events<'a>(events: impl IntoIterator<Item = &'a DisputeEvent>) -> Self {
        let mut disputes = Self::default();
        for event in events {
            disputes.add_event(event);
        }
        disputes
    }

    /// Every dispute, the one whose word came last at the end.
    #[must_use]
    pub fn as_slice(&self) -> &[Dispute] {
        &self.all
    }

    /// How many words name no dispute and may be about several.
    #[must_use]
    pub const fn count_ambiguous(&self) -> usize {
        self.ambiguous_events
    }

    /// How many are open.
    #[must_use]
    pub fn count_open(&self) -> usize {
        self.all.iter().filter(|it| it.is_open()).count()
    }

    fn find_by_id(&self, id: &DisputeId) -> Option<usize> {
        self.all.iter().position(|it| it.named && it.id == *id)
    }

    /// The only open dispute, if the gateway has not named it.
    fn find_only_anonymous(&self) -> Option<usize> {
        let open = self.all.iter().position(Dispute::is_open).filter(|_| self.count_open() == 1);
        open.filter(|at| self.all.get(*at).is_some_and(|it| !it.named))
    }

    fn add_event(&mut self, event: &DisputeEvent) {
        let known = match (&event.dispute, event.status) {
            (Some(id), DisputeStatus::Open) => self.find_by_id(id),
            // The gateway may name a dispute only when it ends.
            (Some(id), DisputeStatus::Won | DisputeStatus::Lost) => {
                self.find_by_id(id).or(self.find_only_anonymous())
            }
            // Without an id the event itself is the dispute that it opens.
            (None, DisputeStatus::Open) => None,
            (None, DisputeStatus::Won | DisputeStatus::Lost) => match self.count_open() {
                0 => self.all.len().checked_sub(1),
                1 => self.all.iter().position(Dispute::is_open),
                _ => {
                    self.ambiguous_events += 1;
                    return;
                }
            },
        };
        let mut dispute = match known {
            Some(at) => self.all.remove(at),
            None => return self.all.push(Dispute::from_event(event)),
        };
        dispute.update_from(event);
        self.all.push(dispute);
    }
}
