//! What happens to accounts and sessions in a history, step by step.

use std::sync::Arc;

use super::{
    account::{AccountCommand, AccountRequest},
    client::{send_access, send_account_request, send_login, send_logout, send_refresh},
};
use crate::{instance::start_revocation_loops, lock::lock, world::World};

/// Makes one step. Instances look for ended sessions while there are such steps, and for seconds after the last one.
pub(crate) fn make_session_step(world: &Arc<World>) {
    start_revocation_loops(world);
    match world.chance.below(100) {
        0..20 => log_in(world),
        20..50 => refresh_newest(world),
        50..60 => refresh_older(world),
        60..78 => show_token(world),
        78..86 => log_out(world),
        86..91 => change_password(world),
        91..95 => switch_account(world),
        95..97 => end_others(world),
        _ => repeat_request(world),
    }
}

fn new_key(world: &World) -> String {
    format!("s{}", world.next_number())
}

/// Logs in to an account, after it is registered; mostly with the password that its owner believes to be right.
fn log_in(world: &Arc<World>) {
    let picked = world.chance.pick(&lock(&world.sessions).accounts).cloned();
    let number = picked.as_ref().and_then(|it| position_of(world, &it.name));
    let (Some(account), Some(number)) = (picked, number) else { return };
    if account.id.is_none() {
        let begun = account.requests.first();
        let key = begun.map_or_else(|| new_key(world), |it| it.key.clone());
        return send_account_request(world, number, (&AccountCommand::Register, &key), None);
    }
    let mut passwords = vec![account.first_password];
    for request in account.requests {
        if let AccountCommand::ChangePassword { to, .. } = request.command {
            passwords.push(to);
        }
    }
    let any = world.chance.pick(&passwords).cloned().unwrap_or_default();
    let password = if world.chance.below(4) == 0 { any } else { account.password };
    send_login(world, number, &password);
}

fn position_of(world: &World, name: &str) -> Option<usize> {
    lock(&world.sessions).accounts.iter().position(|it| it.name == name)
}

/// A session with its newest generation: mostly one of the latest, so that requests compete.
fn pick_session(world: &World) -> Option<(String, i64)> {
    let book = lock(&world.sessions);
    let latest = book.order.len().saturating_sub(2);
    let latest = book.order.get(latest..).unwrap_or_default();
    let from = if world.chance.below(3) == 0 { &book.order } else { latest };
    let id = world.chance.pick(from)?;
    Some((id.clone(), book.sessions.get(id)?.newest()))
}

fn refresh_newest(world: &Arc<World>) {
    let Some((id, generation)) = pick_session(world) else { return };
    send_refresh(world, &id, generation);
    // Another tab of the same browser.
    if world.chance.below(4) == 0 {
        send_refresh(world, &id, generation);
    }
}

/// A retry that comes late, or a thief with a copy.
fn refresh_older(world: &Arc<World>) {
    let Some((id, newest)) = pick_session(world) else { return };
    let known: Vec<_> = {
        let book = lock(&world.sessions);
        book.sessions.get(&id).into_iter().flat_map(|it| it.pairs.keys().copied()).collect()
    };
    let older: Vec<_> = known.into_iter().filter(|it| *it < newest).collect();
    if let Some(generation) = world.chance.pick(&older) {
        send_refresh(world, &id, *generation);
    }
}

fn show_token(world: &Arc<World>) {
    if let Some((id, generation)) = pick_session(world) {
        send_access(world, &id, generation);
    }
}

fn log_out(world: &Arc<World>) {
    let Some((id, generation)) = pick_session(world) else { return };
    send_logout(world, &id, generation);
    // In the same moment a tab refreshes.
    if world.chance.below(3) == 0 {
        send_refresh(world, &id, generation);
    }
}

fn change_password(world: &Arc<World>) {
    let Some((id, generation)) = pick_session(world) else { return };
    let Some(number) = account_of(world, &id) else { return };
    let from = lock(&world.sessions).accounts.get(number).map(|it| it.password.clone()).unwrap_or_default();
    let key = new_key(world);
    let command = AccountCommand::ChangePassword { from: from.clone(), to: format!("password {key}") };
    send_account_request(world, number, (&command, &key), Some((id, generation)));
    // In the same moment another device logs in.
    if world.chance.below(2) == 0 {
        send_login(world, number, &from);
    }
}

fn switch_account(world: &Arc<World>) {
    let known = {
        let book = lock(&world.sessions);
        let with_id = book.accounts.iter().enumerate().filter(|(_, it)| it.id.is_some());
        let known: Vec<_> = with_id.map(|(number, it)| (number, it.password.clone())).collect();
        world.chance.pick(&known).cloned()
    };
    let Some((number, password)) = known else { return };
    let command = if world.chance.below(2) == 0 { AccountCommand::Disable } else { AccountCommand::Enable };
    send_account_request(world, number, (&command, &new_key(world)), None);
    if world.chance.below(2) == 0 {
        send_login(world, number, &password);
    }
}

fn end_others(world: &Arc<World>) {
    let Some((id, generation)) = pick_session(world) else { return };
    let Some(number) = account_of(world, &id) else { return };
    send_account_request(
        world,
        number,
        (&AccountCommand::EndOthers, &new_key(world)),
        Some((id, generation)),
    );
}

fn account_of(world: &World, id: &str) -> Option<usize> {
    lock(&world.sessions).sessions.get(id).map(|it| it.account)
}

/// Sends a request once more that has no reply yet; by any session of its account.
fn repeat_request(world: &Arc<World>) {
    let open = lock(&world.sessions).list_unsettled();
    let Some((number, request)) = world.chance.pick(&open).cloned() else { return };
    let AccountRequest { command, key, .. } = request;
    let session = match &command {
        AccountCommand::Register | AccountCommand::Disable | AccountCommand::Enable => None,
        AccountCommand::ChangePassword { .. } | AccountCommand::EndOthers => {
            let Some(session) = newest_session_of(world, number) else { return };
            Some(session)
        }
    };
    send_account_request(world, number, (&command, &key), session);
}

fn newest_session_of(world: &World, number: usize) -> Option<(String, i64)> {
    let book = lock(&world.sessions);
    let id =
        book.order.iter().rev().find(|it| book.sessions.get(*it).is_some_and(|it| it.account == number))?;
    Some((id.clone(), book.sessions.get(id)?.newest()))
}
