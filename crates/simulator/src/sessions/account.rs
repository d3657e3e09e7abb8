//! What was asked of an account, and which of its sessions that ends.

use std::{collections::BTreeSet, time::Duration};

use super::session::KnownSession;

/// A change of an account or of all its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AccountCommand {
    /// The account is made, with its first password.
    Register,
    /// Another password; every other session ends.
    ChangePassword {
        /// The present password, as the client believes.
        from: String,
        /// The new one, which no other request names.
        to: String,
    },
    /// Every other session ends.
    EndOthers,
    /// An operator disables the account, and all its sessions end.
    Disable,
    /// An operator enables it again.
    Enable,
}

impl AccountCommand {
    /// The name of the step, for traces and coverage.
    pub(super) const fn step(&self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::ChangePassword { .. } => "new-password",
            Self::EndOthers => "end-others",
            Self::Disable => "disable",
            Self::Enable => "enable",
        }
    }
}

/// A request with a key, which is sent once or often.
#[derive(Debug, Clone)]
pub(super) struct AccountRequest {
    pub(super) command: AccountCommand,
    /// The idempotency key.
    pub(super) key: String,
    /// The sessions that have sent it; none for a registration and for an operator.
    pub(super) senders: BTreeSet<String>,
    /// When it was first sent.
    pub(super) sent_at: Duration,
    /// When it was first done, as far as anyone outside can know; `None` while that is open.
    pub(super) done_at: Option<Duration>,
    /// Whether its client has a reply, and sends it no more.
    pub(super) is_settled: bool,
}

/// An account, as its clients know it.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The name to log in with.
    pub(super) name: String,
    /// The public id; `None` until a client knows it.
    pub(super) id: Option<String>,
    /// The first password.
    pub(super) first_password: String,
    /// The password that its owner believes to be right.
    pub(super) password: String,
    /// All that was asked of it, in the order in which it was first sent.
    pub(super) requests: Vec<AccountRequest>,
}

impl Account {
    /// When the account certainly existed.
    pub(super) fn registered_at(&self) -> Option<Duration> {
        self.done(|it| matches!(it, AccountCommand::Register)).next()?.done_at
    }

    fn done(&self, fits: impl Fn(&AccountCommand) -> bool) -> impl Iterator<Item = &AccountRequest> {
        self.requests.iter().filter(move |it| it.done_at.is_some() && fits(&it.command))
    }

    /// When this password had certainly been replaced.
    pub(super) fn replaced_at(&self, password: &str) -> Option<Duration> {
        self.done(|it| replaces(it, password)).filter_map(|it| it.done_at).min()
    }

    /// Whether anyone has asked to replace this password.
    pub(super) fn may_be_replaced(&self, password: &str) -> bool {
        self.requests.iter().any(|it| replaces(&it.command, password))
    }

    /// Whether this password was certainly set before `at`.
    pub(super) fn was_set(&self, password: &str, at: Duration) -> bool {
        let mut changes = self.done(|it| sets(it, password));
        self.first_password == password || changes.any(|it| it.done_at <= Some(at))
    }

    /// A login with this password shows that it was set.
    pub(super) fn learn_password(&mut self, password: &str, at: Duration) {
        password.clone_into(&mut self.password);
        for request in self.requests.iter_mut().filter(|it| sets(&it.command, password)) {
            request.done_at.get_or_insert(at);
        }
    }

    /// Whether the account is certainly disabled for whatever is sent at `from` and answered at `to`.
    pub(super) fn is_disabled(&self, from: Duration, to: Duration) -> bool {
        let closed = self.done(|it| *it == AccountCommand::Disable).filter(|it| it.done_at <= Some(from));
        closed.into_iter().any(|it| !self.may_be_enabled(it.sent_at, to))
    }

    /// Whether the account may be disabled at some moment after `from`.
    pub(super) fn may_be_disabled(&self, from: Duration) -> bool {
        let is_undone = |closed: &AccountRequest| {
            let closed_at = closed.done_at;
            let opened = self.done(|it| *it == AccountCommand::Enable).filter(|it| it.done_at <= Some(from));
            opened.into_iter().any(|it| closed_at.is_some_and(|at| at <= it.sent_at))
        };
        self.requests.iter().any(|it| it.command == AccountCommand::Disable && !is_undone(it))
    }

    /// Whether the account may have been enabled by a request that was under way between these times.
    fn may_be_enabled(&self, from: Duration, to: Duration) -> bool {
        let mut opened = self.requests.iter().filter(|it| it.command == AccountCommand::Enable);
        opened.any(|it| it.sent_at <= to && it.done_at.is_none_or(|at| at > from))
    }

    /// From when a session is certainly over, because of what was asked of its account.
    pub(super) fn session_end(&self, id: &str, session: &KnownSession) -> Option<Duration> {
        let ended = self.requests.iter().filter_map(|it| {
            let is_older = session.answered_at <= it.sent_at;
            let spares = it.senders.contains(id);
            let ends = match &it.command {
                AccountCommand::Register | AccountCommand::Enable => false,
                // Whether it began before the change or after it: afterwards its password was wrong.
                AccountCommand::ChangePassword { from, .. } => {
                    !spares && (is_older || session.password == *from)
                }
                AccountCommand::EndOthers => !spares && is_older,
                AccountCommand::Disable => is_older || !self.may_be_enabled(it.sent_at, session.answered_at),
            };
            ends.then_some(it.done_at?.max(session.answered_at))
        });
        ended.min()
    }

    /// Whether anything that was asked of the account may have ended a session.
    pub(super) fn may_have_ended(&self, id: &str, session: &KnownSession) -> bool {
        let mut later = self.requests.iter().filter(|it| it.done_at.is_none_or(|at| at >= session.sent_at));
        later.any(|it| match it.command {
            AccountCommand::Register | AccountCommand::Enable => false,
            AccountCommand::Disable => true,
            // Of two sessions that sent one request, one may have ended the other.
            AccountCommand::ChangePassword { .. } | AccountCommand::EndOthers => {
                it.senders.len() > 1 || !it.senders.contains(id)
            }
        })
    }
}

fn replaces(command: &AccountCommand, password: &str) -> bool {
    matches!(command, AccountCommand::ChangePassword { from, .. } if from == password)
}

fn sets(command: &AccountCommand, password: &str) -> bool {
    matches!(command, AccountCommand::ChangePassword { to, .. } if to == password)
}
