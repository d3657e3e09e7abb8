//! Which replies about accounts and sessions the contract allows, after everything that is known.

use std::{collections::BTreeMap, time::Duration};

use super::{
    account::{Account, AccountCommand},
    book::SessionBook,
    reply::{Answer, RefreshReply, SessionReply},
    session::{KnownSession, Pair},
};
use crate::world::World;

/// A sentence about a violation; `None` if the reply is allowed.
pub(super) type Fault = Option<String>;

/// How long a spent refresh token still gets the present pair.
const RETRY_WINDOW: Duration = Duration::from_secs(10);
/// After that time an access token of an ended session is refused everywhere.
const REVOCATION_TIME: Duration = Duration::from_secs(1);
/// By how much the clocks of instances may differ for that to hold.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(10);
/// How long an access token is certainly good, if clocks differ by no more than that.
const ACCESS_TIME_MIN: Duration = Duration::from_secs(14 * 60);
/// The most spent tokens that a session remembers, of those that are younger than its window.
const SPENT_MAX: usize = 128;

impl SessionBook {
    /// Judges a login that was sent at `sent_at`, and learns the session.
    pub(super) fn note_login(
        &mut self,
        number: usize,
        password: &str,
        sent_at: Duration,
        answer: Answer<SessionReply<Pair>>,
    ) -> Fault {
        let account = self.accounts.get(number)?;
        let now = answer.done_at;
        match answer.outcome {
            SessionReply::Unknown | SessionReply::Unauthenticated => None,
            SessionReply::Refused => {
                let exists = account.registered_at().is_some_and(|at| at <= sent_at);
                let is_right = account.was_set(password, sent_at) && !account.may_be_replaced(password);
                (exists && is_right && !account.may_be_disabled(sent_at))
                    .then(|| format!("the right password of {} was refused", account.name))
            }
            SessionReply::Done(_) if account.is_disabled(sent_at, now) => {
                Some(format!("a session of {} began while the account was disabled", account.name))
            }
            SessionReply::Done(_) if account.replaced_at(password).is_some_and(|at| at <= sent_at) => {
                Some(format!("a session of {} began with a password that was replaced", account.name))
            }
            SessionReply::Done(pair) => self.learn_session(number, password, (sent_at, now), pair),
        }
    }

    fn learn_session(
        &mut self,
        number: usize,
        password: &str,
        (sent_at, answered_at): (Duration, Duration),
        pair: Pair,
    ) -> Fault {
        self.accounts.get_mut(number)?.learn_password(password, answered_at);
        let Some((id, 1)) = parse_refresh_token(&pair.refresh) else {
            return Some(format!("a login gave {}", pair.refresh));
        };
        let mut session = KnownSession {
            account: number,
            password: password.to_owned(),
            sent_at,
            answered_at,
            pairs: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            spent_at: BTreeMap::new(),
            end_is_sent: false,
            ended_at: None,
        };
        session.learn_pair(1, pair, answered_at);
        self.order.push(id.clone());
        self.sessions.insert(id.clone(), session).map(|_| format!("two logins began one session {id}"))
    }

    /// Judges the exchange of a refresh token that was sent at `sent_at`, and for the first time at `first_sent`.
    pub(super) fn note_refresh(
        &mut self,
        world: &World,
        (id, generation): (&str, i64),
        (sent_at, first_sent): (Duration, Duration),
        answer: Answer<RefreshReply>,
    ) -> Fault {
        let began = self.sessions.get(id)?.sent_at;
        let skew = world.clock_skew_since(began);
        let ended_at = self.ended_at(id);
        let session = self.sessions.get_mut(id)?;
        // However the clocks differ, this request was not late.
        let is_in_time = answer.done_at.saturating_add(skew) <= first_sent.saturating_add(RETRY_WINDOW);
        if is_in_time && answer.outcome != RefreshReply::Unknown {
            session.close_exchange(generation);
        }
        match answer.outcome {
            RefreshReply::Unknown => None,
            RefreshReply::Pair(_) if ended_at.is_some_and(|at| at < sent_at) => {
                Some(format!("session {id} was refreshed after its end"))
            }
            RefreshReply::Pair(pair) => {
                let spent_at = session.spent_at.get(&generation);
                let is_late = spent_at.is_some_and(|at| sent_at > *at + RETRY_WINDOW + skew);
                if is_late {
                    return Some(format!("token {generation} of session {id} was good after it was spent"));
                }
                learn_exchange(session, (id, generation), pair, (answer.done_at, answer.is_lost))
            }
            RefreshReply::Reused => {
                session.ended_at.get_or_insert(answer.done_at);
                let has_forgotten = session.exchanges_since(first_sent) >= SPENT_MAX;
                (is_in_time && !has_forgotten)
                    .then(|| format!("the good token {generation} of session {id} was taken for stolen"))
            }
            RefreshReply::Invalid => (!self.may_have_ended(id))
                .then(|| format!("the good token {generation} of session {id} was refused")),
        }
    }

    /// Judges whether an access token was accepted, which was sent at `sent_at`.
    pub(super) fn note_access(
        &self,
        world: &World,
        (id, generation): (&str, i64),
        sent_at: Duration,
        is_accepted: bool,
    ) -> Fault {
        let session = self.sessions.get(id)?;
        if world.clock_skew_since(session.sent_at) > CLOCK_SKEW_MAX {
            return None;
        }
        if is_accepted {
            let is_over = self.ended_at(id).is_some_and(|at| at + REVOCATION_TIME < sent_at);
            return is_over
                .then(|| format!("an access token of session {id} was good a second after its end"));
        }
        let (_, made_after) = session.pairs.get(&generation)?;
        let is_young = world.elapsed() < *made_after + ACCESS_TIME_MIN;
        (is_young && !self.may_have_ended(id))
            .then(|| format!("a good access token of session {id} was refused"))
    }

    /// Judges a logout.
    pub(super) fn note_logout(
        &mut self,
        world: &World,
        of: (&str, i64),
        sent_at: Duration,
        answer: &Answer<SessionReply<()>>,
    ) -> Fault {
        let is_accepted = match answer.outcome {
            SessionReply::Unknown => return None,
            SessionReply::Refused => return Some(format!("the logout of session {} was refused", of.0)),
            SessionReply::Unauthenticated => false,
            SessionReply::Done(()) => true,
        };
        let fault = self.note_access(world, of, sent_at, is_accepted);
        if is_accepted {
            self.sessions.get_mut(of.0)?.ended_at.get_or_insert(answer.done_at);
        }
        fault
    }

    /// Judges the reply to a request about an account, which `of` sent if a session did.
    pub(super) fn note_account_reply(
        &mut self,
        world: &World,
        (number, key): (usize, &str),
        of: Option<(&str, i64)>,
        sent_at: Duration,
        answer: Answer<SessionReply<String>>,
    ) -> Fault {
        let is_accepted = match answer.outcome {
            SessionReply::Unknown => return None,
            SessionReply::Unauthenticated => false,
            SessionReply::Refused | SessionReply::Done(_) => true,
        };
        if let Some(fault) = of.and_then(|of| self.note_access(world, of, sent_at, is_accepted)) {
            return Some(fault);
        }
        let account = self.accounts.get_mut(number)?;
        let command = account.requests.iter().find(|it| it.key == key)?.command.clone();
        match answer.outcome {
            SessionReply::Refused => {
                let fault = judge_refusal(account, &command, sent_at);
                settle_request(account, key);
                fault
            }
            SessionReply::Done(body) => {
                let request = account.requests.iter_mut().find(|it| it.key == key)?;
                request.done_at.get_or_insert(answer.done_at);
                if answer.is_lost {
                    return None;
                }
                settle_request(account, key);
                learn_account(account, &command, body)
            }
            SessionReply::Unknown | SessionReply::Unauthenticated => None,
        }
    }
}

fn settle_request(account: &mut Account, key: &str) {
    for it in account.requests.iter_mut().filter(|it| it.key == key) {
        it.is_settled = true;
    }
}

/// Whether a request may be refused: only a change whose present password another one may have replaced, or whose account
/// an operator may have closed.
fn judge_refusal(account: &Account, command: &AccountCommand, sent_at: Duration) -> Fault {
    let name = &account.name;
    match command {
        AccountCommand::ChangePassword { from, .. } => {
            let asked = account.requests.iter().filter(
                |it| matches!(&it.command, AccountCommand::ChangePassword { from: other, .. } if other == from),
            );
            let may_be_closed =
                account.requests.iter().any(|it| matches!(it.command, AccountCommand::Disable));
            (asked.count() < 2 && account.was_set(from, sent_at) && !may_be_closed)
                .then(|| format!("{name} could not change the right password"))
        }
        AccountCommand::Register
        | AccountCommand::EndOthers
        | AccountCommand::Disable
        | AccountCommand::Enable => Some(format!("{} of {name} was refused", command.step())),
    }
}

fn learn_account(account: &mut Account, command: &AccountCommand, body: String) -> Fault {
    match command {
        AccountCommand::Register => {
            let known = account.id.get_or_insert_with(|| body.clone());
            (*known != body).then(|| format!("two registrations of {}: {known} and {body}", account.name))
        }
        AccountCommand::ChangePassword { to, .. } => {
            to.clone_into(&mut account.password);
            None
        }
        AccountCommand::EndOthers | AccountCommand::Disable | AccountCommand::Enable => None,
    }
}

/// Learns the pair of an exchange, if it reached its client.
fn learn_exchange(
    session: &mut KnownSession,
    (id, generation): (&str, i64),
    pair: Pair,
    (now, is_lost): (Duration, bool),
) -> Fault {
    let next = parse_refresh_token(&pair.refresh).filter(|it| it.0 == id && it.1 > generation);
    let Some((_, next)) = next else {
        return Some(format!("token {generation} of session {id} was exchanged for {}", pair.refresh));
    };
    if is_lost {
        return None;
    }
    let is_same = session.learn_pair(next, pair, now);
    (!is_same).then(|| format!("generation {next} of session {id} has two pairs"))
}

/// Session and generation of a refresh token, as simulated tokens show them.
fn parse_refresh_token(token: &str) -> Option<(String, i64)> {
    let (id, generation) = token.strip_prefix("refresh/")?.split_once('/')?;
    Some((id.to_owned(), generation.parse().ok()?))
}
