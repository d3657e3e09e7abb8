//! Disputes: money that a cardholder claims back through the bank, in full or in part, once or several times.
//!
//! The gateway's reports are stored, not the disputes. Which disputes there are, and the status of each,
//! follows from all reports in the order of the gateway's times, so that the order of arrival does not matter
//! (ADR 0010).

use std::cmp::Ordering;

use crate::{DisputeId, EventId, Money, Timestamp};

/// The status of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisputeStatus {
    /// The bank withholds the money until it decides.
    Open,
    /// Decided for the shop, which keeps the money.
    Won,
    /// Decided for the cardholder, who has the money.
    Lost,
}

impl DisputeStatus {
    /// Every status, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Open, Self::Won, Self::Lost];

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Won => "WON",
            Self::Lost => "LOST",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A report of the gateway about a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeEvent {
    /// The id of the event that reports it; each counts once.
    pub event: EventId,
    /// The gateway's id of the dispute; `None` if the event does not name it.
    pub dispute: Option<DisputeId>,
    /// The status of the dispute after this report.
    pub status: DisputeStatus,
    /// The disputed amount; it may be more than was captured.
    pub amount: Money,
    /// The time of the report, by the gateway's clock.
    pub at: Timestamp,
}

impl DisputeEvent {
    /// The id of the dispute that it opens if it names none.
    fn own_dispute(&self) -> DisputeId {
        DisputeId::new(self.event.as_str().to_owned())
    }

    /// The order in which reports count: by the gateway's time, and at one time the opening of a dispute
    /// first. Other reports of one time count in order of arrival, so a sort by this must be stable.
    #[must_use]
    pub fn compare_by_time(&self, other: &Self) -> Ordering {
        let closes = |it: &Self| it.status != DisputeStatus::Open;
        (self.at, closes(self)).cmp(&(other.at, closes(other)))
    }
}

/// A dispute, as it follows from all reports about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The gateway's id, or that of the event that opened it.
    pub id: DisputeId,
    /// The status after the latest report.
    pub status: DisputeStatus,
    /// The amount of the latest report; it may be more than was captured.
    pub amount: Money,
    /// The gateway's time of the latest report.
    pub at: Timestamp,
    // The id that the opening event gave it, while the gateway may have named it since.
    opened_as: Option<DisputeId>,
    named: bool,
    lost: bool,
    reversed: bool,
    corrected: bool,
}

impl Dispute {
    fn from_event(event: &DisputeEvent) -> Self {
        let opened_as = event.dispute.is_none().then(|| event.own_dispute());
        let id = event.dispute.clone().unwrap_or_else(|| event.own_dispute());
        let (status, amount, at) = (event.status, event.amount, event.at);
        Self {
            id,
            status,
            amount,
            at,
            opened_as,
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
        let name = event.dispute.as_ref().filter(|it| self.opened_as.as_ref() != Some(it));
        if let Some(name) = name {
            (self.id, self.named) = (name.clone(), true);
        }
        self.lost |= event.status == DisputeStatus::Lost;
        self.reversed |= self.lost && event.status == DisputeStatus::Won;
        self.corrected |= self.amount != event.amount;
        (self.status, self.amount, self.at) = (event.status, event.amount, event.at);
    }

    /// Whether it was won after it had been lost, so that the money came back.
    #[must_use]
    pub const fn has_reversal(&self) -> bool {
        self.reversed
    }

    /// Whether two reports about it name different amounts.
    #[must_use]
    pub const fn has_amount_change(&self) -> bool {
        self.corrected
    }
}

/// The disputes of one transaction, computed from all reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disputes {
    all: Vec<Dispute>,
    ambiguous_events: usize,
}

impl Disputes {
    /// Computes the disputes from reports in the order of [`DisputeEvent::compare_by_time`].
    pub(super) fn from_events<'a>(events: impl IntoIterator<Item = &'a DisputeEvent>) -> Self {
        let mut disputes = Self::default();
        for event in events {
            disputes.add_event(event);
        }
        disputes
    }

    /// Every dispute, the one with the latest report at the end.
    #[must_use]
    pub fn as_slice(&self) -> &[Dispute] {
        &self.all
    }

    /// The number of reports that name no dispute and may be about several.
    #[must_use]
    pub const fn count_ambiguous(&self) -> usize {
        self.ambiguous_events
    }

    /// The number of disputes that are open.
    #[must_use]
    pub fn count_open(&self) -> usize {
        self.all.iter().filter(|it| it.is_open()).count()
    }

    fn find_by_id(&self, id: &DisputeId) -> Option<usize> {
        self.all.iter().position(|it| it.id == *id || it.opened_as.as_ref() == Some(id))
    }

    /// The only open dispute, if the gateway has not named it.
    fn find_only_anonymous(&self) -> Option<usize> {
        let open = self.all.iter().position(Dispute::is_open).filter(|_| self.count_open() == 1);
        open.filter(|at| self.all.get(*at).is_some_and(|it| !it.named))
    }

    fn add_event(&mut self, event: &DisputeEvent) {
        let known = match (&event.dispute, event.status) {
            (Some(id), DisputeStatus::Open) => self.find_by_id(id),
            // A gateway may name a dispute only when it ends. The only open one then gets the name.
            (Some(id), DisputeStatus::Won | DisputeStatus::Lost) => {
                self.find_by_id(id).or(self.find_only_anonymous())
            }
            // Without an id the event is a dispute of its own: a second one may open after the first was won. One with its
            // id is known only if an earlier report names that.
            (None, DisputeStatus::Open) => self.find_by_id(&event.own_dispute()),
            (None, DisputeStatus::Won | DisputeStatus::Lost) => match self.count_open() {
                // Nothing is open: the report corrects the end of the latest dispute, such as a loss that is
                // won on appeal.
                0 => self.all.len().checked_sub(1),
                1 => self.all.iter().position(Dispute::is_open),
                _ => {
                    // To guess would free the wrong money. The report is counted instead, which raises a
                    // finding for an operator.
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
        // It moves to the end, because a later report without a name is about the latest dispute.
        self.all.push(dispute);
    }
}
