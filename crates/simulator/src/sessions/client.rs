//! Sends the requests of clients about accounts and sessions, as the HTTP layer does.

use std::{fmt::Debug, future::Future, sync::Arc, time::Duration};

use application::{
    App, Caller, UserCaller,
    auth::{
        LoginRequest, NewAccount, PasswordChange, RefreshError, authenticate, login, logout, refresh_session,
    },
};
use domain::{Email, Password, Username, session::SessionOrigin};

use super::{
    account::AccountCommand,
    book::SessionBook,
    judge::Fault,
    perform::{
        end_others, map_login_error, map_port_error, network, register, replace_password, switch_account,
    },
    reply::{Answer, RefreshReply, SessionReply},
    session::Pair,
};
use crate::{
    faults::Fault as Strike,
    lock::lock,
    model::check_port_error,
    world::{Label, World},
};

/// How long a client waits for a reply.
const WAIT: Duration = Duration::from_secs(30);

/// Sends a request, and lets the book judge the answer. One that no instance finished says nothing.
fn send_and_judge<T, F>(
    world: &Arc<World>,
    step: &'static str,
    work: impl FnOnce(Arc<World>, Arc<App>) -> F + Send + 'static,
    note: impl FnOnce(&mut SessionBook, &World, Answer<T>) -> Fault + Send + 'static,
) where
    T: Debug + Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let label = Label::outside(step);
    let world = Arc::clone(world);
    Arc::clone(&world).spawn(label, async move {
        let server = Arc::clone(&world);
        let timed = |app: Arc<App>| {
            let outcome = work(Arc::clone(&server), app);
            async move {
                let outcome = outcome.await;
                server.trace(|| format!("-> {outcome:?}"));
                (outcome, server.elapsed())
            }
        };
        let Some((outcome, done_at)) = world.request(step, WAIT, timed).await else { return };
        world.set_label(label);
        let answer = Answer { outcome, done_at, is_lost: world.strikes(Strike::LoseReply) };
        let fault = note(&mut lock(&world.sessions), &world, answer);
        if let Some(fault) = fault {
            world.report_violation(fault);
        }
    });
}

pub(super) fn send_login(world: &Arc<World>, number: usize, password: &str) {
    let Some(account) = lock(&world.sessions).accounts.get(number).cloned() else { return };
    let (sent_at, password) = (world.elapsed(), password.to_owned());
    world.trace(|| format!("login of {} with {password}", account.name));
    let known = password.clone();
    let work = |server: Arc<World>, app: Arc<App>| async move {
        let origin = SessionOrigin { network: network(), user_agent: None };
        let request = LoginRequest { login: account.name, password, code: None, origin };
        match login(&app, request).await {
            Ok(pair) => SessionReply::Done(Pair { access: pair.access, refresh: pair.refresh }),
            Err(error) => map_login_error(&server, &error),
        }
    };
    send_and_judge(world, "login", work, move |book, _, answer| {
        book.note_login(number, &known, sent_at, answer)
    });
}

pub(super) fn send_refresh(world: &Arc<World>, id: &str, generation: i64) {
    let sent_at = world.elapsed();
    let begun = {
        let mut book = lock(&world.sessions);
        let Some(session) = book.sessions.get_mut(id) else { return };
        let Some((pair, _)) = session.pairs.get(&generation).cloned() else { return };
        (pair.refresh, session.begin_exchange(generation, sent_at))
    };
    let (token, first_sent) = begun;
    world.trace(|| format!("refresh with {token}"));
    let work = |server: Arc<World>, app: Arc<App>| async move {
        match refresh_session(&app, &token, network()).await {
            Ok(pair) => RefreshReply::Pair(Pair { access: pair.access, refresh: pair.refresh }),
            Err(RefreshError::Invalid) => RefreshReply::Invalid,
            Err(RefreshError::Reused) => RefreshReply::Reused,
            Err(RefreshError::Failed(error)) => {
                check_port_error(&server, &error);
                RefreshReply::Unknown
            }
        }
    };
    let id = id.to_owned();
    send_and_judge(world, "refresh", work, move |book, world, answer| {
        book.note_refresh(world, (&id, generation), (sent_at, first_sent), answer)
    });
}

/// The access token of a generation of a session.
fn access_token(world: &World, id: &str, generation: i64) -> Option<String> {
    let book = lock(&world.sessions);
    Some(book.sessions.get(id)?.pairs.get(&generation)?.0.access.clone())
}

/// The user that an access token stands for; or why there is none.
async fn find_caller<T>(world: &World, app: &App, token: &str) -> Result<UserCaller, SessionReply<T>> {
    match authenticate(app, token).await {
        Ok(caller) => caller.and_then(Caller::into_user).ok_or(SessionReply::Unauthenticated),
        Err(error) => Err(map_port_error(world, &error)),
    }
}

/// Shows an access token, and asks for nothing.
pub(super) fn send_access(world: &Arc<World>, id: &str, generation: i64) {
    let Some(token) = access_token(world, id, generation) else { return };
    let sent_at = world.elapsed();
    world.trace(|| format!("show {token}"));
    let work = |server: Arc<World>, app: Arc<App>| async move {
        let caller: Result<_, SessionReply<String>> = find_caller(&server, &app, &token).await;
        caller.map_or_else(|it| it, |it| SessionReply::Done(it.user.id.to_string()))
    };
    let id = id.to_owned();
    send_and_judge(
        world,
        "show",
        work,
        move |book, world, answer: Answer<SessionReply<String>>| match answer.outcome {
            SessionReply::Unknown => None,
            SessionReply::Refused | SessionReply::Unauthenticated => {
                book.note_access(world, (&id, generation), sent_at, false)
            }
            SessionReply::Done(user) if !book.is_user_of(&id, &user) => {
                Some(format!("a token of session {id} was taken for one of {user}"))
            }
            SessionReply::Done(_) => book.note_access(world, (&id, generation), sent_at, true),
        },
    );
}

pub(super) fn send_logout(world: &Arc<World>, id: &str, generation: i64) {
    let Some(token) = access_token(world, id, generation) else { return };
    let sent_at = world.elapsed();
    if let Some(session) = lock(&world.sessions).sessions.get_mut(id) {
        session.end_is_sent = true;
    }
    world.trace(|| format!("logout with {token}"));
    let work = |server: Arc<World>, app: Arc<App>| async move {
        let caller = match find_caller(&server, &app, &token).await {
            Ok(caller) => caller,
            Err(reply) => return reply,
        };
        match logout(&app, &caller).await {
            Ok(()) => SessionReply::Done(()),
            Err(error) => map_port_error(&server, &error),
        }
    };
    let id = id.to_owned();
    send_and_judge(world, "logout", work, move |book, world, answer| {
        book.note_logout(world, (&id, generation), sent_at, &answer)
    });
}

/// Sends a request about an account; one that a user makes, by a session.
pub(super) fn send_account_request(
    world: &Arc<World>,
    number: usize,
    (command, key): (&AccountCommand, &str),
    session: Option<(String, i64)>,
) {
    let sent_at = world.elapsed();
    let account = {
        let mut book = lock(&world.sessions);
        book.begin_request((number, command, key), session.as_ref().map(|it| it.0.as_str()), sent_at);
        book.accounts.get(number).cloned()
    };
    let Some(account) = account else { return };
    let token = session.as_ref().and_then(|(id, generation)| access_token(world, id, *generation));
    world.trace(|| format!("{command:?} of {} by {session:?}", account.name));
    let (step, key, command) = (command.step(), key.to_owned(), command.clone());
    let sent_key = key.clone();
    let work = |server: Arc<World>, app: Arc<App>| async move {
        match command {
            AccountCommand::Register => {
                let new = NewAccount {
                    username: Username::new(account.name.clone()),
                    email: Email::new(format!("{}@example.com", account.name)),
                    password: Password::new(account.first_password),
                };
                register(&server, &app, &sent_key, new).await
            }
            AccountCommand::Disable => switch_account(&server, &app, &sent_key, account.id, true).await,
            AccountCommand::Enable => switch_account(&server, &app, &sent_key, account.id, false).await,
            AccountCommand::ChangePassword { from, to } => {
                let caller = match find_caller(&server, &app, &token.unwrap_or_default()).await {
                    Ok(caller) => caller,
                    Err(reply) => return reply,
                };
                let change = PasswordChange { current: from, new: Password::new(to), network: network() };
                replace_password(&server, &app, &sent_key, &caller, change).await
            }
            AccountCommand::EndOthers => {
                let caller = match find_caller(&server, &app, &token.unwrap_or_default()).await {
                    Ok(caller) => caller,
                    Err(reply) => return reply,
                };
                end_others(&server, &app, &sent_key, &caller).await
            }
        }
    };
    send_and_judge(world, step, work, move |book, world, answer| {
        let of = session.as_ref().map(|(id, generation)| (id.as_str(), *generation));
        book.note_account_reply(world, (number, &key), of, sent_at, answer)
    });
}
