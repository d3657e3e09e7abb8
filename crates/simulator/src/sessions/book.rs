//! What was sent and done about sessions. Between both nothing is known, so both are allowed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    account::{Account, AccountCommand, AccountRequest},
    session::KnownSession,
};

/// How many accounts a world may have beside its first people.
const ACCOUNTS: usize = 3;

/// All accounts and sessions of a world.
pub(crate) struct SessionBook {
    pub(super) accounts: Vec<Account>,
    pub(super) sessions: BTreeMap<String, KnownSession>,
    /// The ids of the sessions, in the order in which clients learnt of them.
    pub(super) order: Vec<String>,
}

impl Default for SessionBook {
    fn default() -> Self {
        let account = |number| Account {
            name: format!("guest{number}"),
            id: None,
            first_password: format!("password of guest{number}"),
            password: format!("password of guest{number}"),
            requests: Vec::new(),
        };
        Self { accounts: (0..ACCOUNTS).map(account).collect(), sessions: BTreeMap::new(), order: Vec::new() }
    }
}

impl SessionBook {
    /// The number of sessions that clients learnt of.
    pub(crate) const fn count_sessions(&self) -> usize {
        self.order.len()
    }

    /// From when a session is certainly over.
    pub(super) fn ended_at(&self, id: &str) -> Option<Duration> {
        let session = self.sessions.get(id)?;
        let account = self.accounts.get(session.account)?;
        [session.ended_at, account.session_end(id, session)].into_iter().flatten().min()
    }

    /// Whether a session may be over. That of no client always may.
    pub(super) fn may_have_ended(&self, id: &str) -> bool {
        let Some(session) = self.sessions.get(id) else { return true };
        let by_account = |it: &Account| it.may_have_ended(id, session);
        session.end_is_sent
            || session.may_be_reused()
            || self.accounts.get(session.account).is_none_or(by_account)
    }

    /// Whether a session belongs to the user with that public id.
    pub(super) fn is_user_of(&self, id: &str, user: &str) -> bool {
        let account = self.sessions.get(id).and_then(|it| self.accounts.get(it.account));
        account.is_some_and(|it| it.id.as_deref() == Some(user))
    }

    /// Notes that a request about an account is sent, by a session if it has one.
    pub(super) fn begin_request(
        &mut self,
        (account, command, key): (usize, &AccountCommand, &str),
        session: Option<&str>,
        now: Duration,
    ) {
        let Some(account) = self.accounts.get_mut(account) else { return };
        if !account.requests.iter().any(|it| it.key == key) {
            account.requests.push(AccountRequest {
                command: command.clone(),
                key: key.to_owned(),
                senders: BTreeSet::new(),
                sent_at: now,
                done_at: None,
                is_settled: false,
            });
        }
        let known = account.requests.iter_mut().find(|it| it.key == key);
        if let (Some(known), Some(session)) = (known, session) {
            known.senders.insert(session.to_owned());
        }
    }

    /// The requests about accounts that have no reply yet, with the position of the account.
    pub(super) fn list_unsettled(&self) -> Vec<(usize, AccountRequest)> {
        let of_account = |(number, it): (usize, &Account)| {
            let open = it.requests.iter().filter(|it| !it.is_settled).cloned();
            open.map(|it| (number, it)).collect::<Vec<_>>()
        };
        self.accounts.iter().enumerate().flat_map(of_account).collect()
    }
}
