//! What an instance does with a request about an account, and what its client learns of it.

use std::net::{IpAddr, Ipv4Addr};

use application::{
    App, IdempotentReply, IdempotentRequest, KeyError, UserCaller,
    auth::{
        LoginError, NewAccount, PasswordChange, PasswordError, RegisterError, RevokeError,
        accounts::{AccountError, AccountPatch, change_account},
        change_password, end_other_sessions, register_account,
    },
};
use domain::{AuthorKey, Network, UserId, UserKey};
use ports::{Fingerprint, IdempotencyKey, PortError, StoredReply};

use super::reply::SessionReply;
use crate::{
    client::caller_of,
    model::check_port_error,
    people::{OPERATOR, person},
    world::World,
};

/// The network that all clients are in.
pub(super) fn network() -> Network {
    Network::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

fn request_of(owner: Option<UserKey>, route: &'static str, key: &str) -> IdempotentRequest {
    let key = IdempotencyKey { owner: owner.map(AuthorKey::User), route, key: key.to_owned() };
    // Each key has one request.
    IdempotentRequest { fingerprint: Fingerprint(key.key.clone()), key, older: Vec::new() }
}

fn reply_of(body: String) -> StoredReply {
    StoredReply { status: 200, location: None, etag: None, body }
}

pub(super) async fn register(world: &World, app: &App, key: &str, new: NewAccount) -> SessionReply<String> {
    let request = request_of(None, "POST /v1/auth/register", key);
    let render = |it: &domain::User| reply_of(it.id.to_string());
    match register_account(app, Some(request), new, network(), render).await {
        Ok(reply) => read_reply(reply),
        Err(RegisterError::Taken(_)) => SessionReply::Refused,
        Err(RegisterError::Throttled(_) | RegisterError::Busy(_)) => SessionReply::Unknown,
        Err(RegisterError::Key(error)) => map_key_error(world, &error),
        Err(RegisterError::Failed(error)) => map_port_error(world, &error),
    }
}

pub(super) async fn switch_account(
    world: &World,
    app: &App,
    key: &str,
    id: Option<String>,
    disabled: bool,
) -> SessionReply<String> {
    let (Some(operator), Some(id)) = (caller_of(OPERATOR).into_operator(), id) else {
        return SessionReply::Unknown;
    };
    let request = request_of(Some(person(OPERATOR).key), "PATCH /v1/users/{userId}", key);
    let (id, patch) = (UserId::new(id), AccountPatch { disabled: Some(disabled), role: None });
    let render = |it: &ports::Account| reply_of(it.user.id.to_string());
    match change_account(app, &operator, Some(request), (&id, patch), network(), render).await {
        Ok(reply) => read_reply(reply),
        Err(AccountError::NotFound | AccountError::Erased | AccountError::LastOperator) => {
            SessionReply::Refused
        }
        Err(AccountError::Key(error)) => map_key_error(world, &error),
        Err(AccountError::Failed(error)) => map_port_error(world, &error),
    }
}

pub(super) async fn replace_password(
    world: &World,
    app: &App,
    key: &str,
    caller: &UserCaller,
    change: PasswordChange,
) -> SessionReply<String> {
    let request = request_of(Some(caller.user.key), "PUT /v1/me/password", key);
    let reply = reply_of("changed".to_owned());
    match change_password(app, caller, Some(request), change, reply).await {
        Ok(reply) => read_reply(reply),
        Err(PasswordError::Key(error)) => map_key_error(world, &error),
        Err(PasswordError::Login(error)) => map_login_error(world, &error),
    }
}

pub(super) async fn end_others(
    world: &World,
    app: &App,
    key: &str,
    caller: &UserCaller,
) -> SessionReply<String> {
    let request = request_of(Some(caller.user.key), "DELETE /v1/me/sessions", key);
    match end_other_sessions(app, caller, Some(request), reply_of("ended".to_owned())).await {
        Ok(reply) => read_reply(reply),
        Err(RevokeError::NotFound) => SessionReply::Refused,
        Err(RevokeError::Key(error)) => map_key_error(world, &error),
        Err(RevokeError::Failed(error)) => map_port_error(world, &error),
    }
}

fn read_reply(reply: IdempotentReply) -> SessionReply<String> {
    match reply {
        IdempotentReply::New(it) | IdempotentReply::Replay(it) => SessionReply::Done(it.body),
    }
}

pub(super) fn map_port_error<T>(world: &World, error: &PortError) -> SessionReply<T> {
    check_port_error(world, error);
    SessionReply::Unknown
}

pub(super) fn map_login_error<T>(world: &World, error: &LoginError) -> SessionReply<T> {
    match error {
        LoginError::Invalid | LoginError::CodeRequired | LoginError::CodeInvalid => SessionReply::Refused,
        LoginError::Throttled(_) | LoginError::Busy(_) => SessionReply::Unknown,
        LoginError::Failed(error) => map_port_error(world, error),
    }
}

fn map_key_error<T>(world: &World, error: &KeyError) -> SessionReply<T> {
    match error {
        KeyError::InProgress => SessionReply::Unknown,
        KeyError::Reused => {
            world.report_violation("a key was refused as used, which has one request".to_owned());
            SessionReply::Refused
        }
        KeyError::Failed(error) => map_port_error(world, error),
    }
}
