//! What goes wrong in a simulated world, and how often.

use std::collections::BTreeMap;

/// Generates the faults from one table: name, chances in ten thousand at each place where it may strike, and what it is.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $chances:literal, $text:literal;)*) => {
        /// Something that may go wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// Every fault, in the order of the table.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            /// In how many of ten thousand cases it strikes.
            pub(crate) const fn chances(self) -> u64 {
                match self { $(Self::$name => $chances,)* }
            }

            /// What it is, for traces and reports.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

faults! {
    /// The database takes seconds.
    SlowCommit = 300, "slow commit";
    /// The database cannot be reached: nothing is written.
    RefuseCommit = 150, "commit refused";
    /// The commit happens, and its answer is lost.
    LoseCommitAnswer = 200, "commit answer lost";
    /// The caller gives up at once, and the commit happens later.
    CommitAfterGivingUp = 150, "commit after giving up";
    /// A read finds no database.
    RefuseRead = 40, "read refused";
    /// The row of an order or a payment cannot be read for up to an hour.
    UnreadableRow = 6000, "row unreadable";
    /// The lock service is unavailable.
    LoseLockService = 300, "lock service away";
    /// A second caller gets a lock that is held.
    GrantLockTwice = 400, "lock granted twice";
    /// The lease of a lock ends at once.
    ExpireLockEarly = 400, "lock expired early";
    /// A cache returns what it held before.
    ReturnOldEntry = 1500, "cache returned an old entry";
    /// A cache has lost an entry.
    DropEntry = 500, "cache dropped an entry";
    /// A cache is unavailable.
    LoseCache = 200, "cache away";
    /// A cache stores an entry late.
    DelayEntry = 500, "cache stored late";
    /// A request does not reach the gateway.
    LoseGatewayRequest = 300, "gateway not reached";
    /// The gateway does the work, and its answer is lost.
    LoseGatewayAnswer = 600, "gateway answer lost";
    /// The gateway does the work and never answers.
    HangGateway = 100, "gateway hung";
    /// A notice comes before the answer to the call that caused it.
    NotifyEarly = 3000, "notice early";
    /// A notice comes minutes late.
    NotifyLate = 1500, "notice late";
    /// A notice comes up to eight times.
    NotifyAgain = 2000, "notice repeated";
    /// The hasher has no place for another password.
    BusyHasher = 200, "hasher busy";
    /// The news of an ended session reaches no instance.
    LoseBroadcast = 3000, "broadcast lost";
    /// A message does not reach its receiver.
    LoseWebhook = 700, "webhook lost";
    /// The receiver has a message, and its answer is lost.
    LoseWebhookAnswer = 700, "webhook answer lost";
    /// The receiver fails.
    RefuseWebhook = 700, "webhook refused";
    /// The receiver says that it is no longer there.
    LoseReceiver = 50, "receiver gone";
    /// The receiver takes seconds.
    SlowReceiver = 500, "receiver slow";
    /// A reply is lost on the way to the client.
    LoseReply = 500, "reply lost";
    /// An instance dies at an await, and starts again later.
    Crash = 12, "crash";
    /// The clock of an instance is set.
    SetClock = 9000, "clock set";
}

/// How often which fault met which step.
pub(crate) type Coverage = BTreeMap<(Fault, &'static str), u64>;
