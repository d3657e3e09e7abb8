//! The end of a history: without faults every account is open, its right password begins a session, and a logout ends it.

use std::{sync::Arc, time::Duration};

use super::{
    account::{Account, AccountCommand},
    client::{send_access, send_account_request, send_login, send_logout, send_refresh},
};
use crate::{executor::Executor, instance::start_revocation_loops, lock::lock, world::World};

/// Longer than any request takes without faults.
const PAUSE: Duration = Duration::from_secs(5);
/// Rounds in which each open request is sent again.
const ROUNDS: u32 = 4;

/// Lets every client come to its end. Whatever is refused that must not be is found by the book.
pub(crate) async fn finish_sessions(world: &Arc<World>, executor: &mut Executor) {
    let count = lock(&world.sessions).accounts.len();
    for number in 0..count {
        finish_account(world, executor, number).await;
    }
}

async fn finish_account(world: &Arc<World>, executor: &mut Executor, number: usize) {
    let find_account = || lock(&world.sessions).accounts.get(number).cloned();
    let Some(account) = find_account().filter(|it| it.id.is_some()) else { return };
    let key = format!("open{number}");
    for _ in 0..ROUNDS {
        send_account_request(world, number, (&AccountCommand::Enable, &key), None);
        executor.run_for(PAUSE).await;
    }
    let before = lock(&world.sessions).order.len();
    for password in candidates(&account) {
        send_login(world, number, &password);
        executor.run_for(PAUSE).await;
    }
    if world.violation().is_some() {
        return;
    }
    let begun = lock(&world.sessions).order.get(before..).unwrap_or_default().to_vec();
    let Some(id) = begun.first() else {
        return world.report_violation(format!("without faults no password of {} is right", account.name));
    };
    send_refresh(world, id, 1);
    executor.run_for(PAUSE).await;
    start_revocation_loops(world);
    executor.run_for(PAUSE).await;
    send_logout(world, id, 2);
    // Longer than an access token of an ended session is good, and shorter than the loops run.
    start_revocation_loops(world);
    executor.run_for(Duration::from_secs(2)).await;
    for _ in 0..ROUNDS {
        send_access(world, id, 2);
        send_refresh(world, id, 2);
    }
    executor.run_for(PAUSE).await;
    if lock(&world.sessions).ended_at(id).is_none() {
        world.report_violation(format!("without faults session {id} cannot be ended"));
    }
}

/// The passwords that may be right: the one that is known, and those of changes without a reply.
fn candidates(account: &Account) -> Vec<String> {
    let open = account.requests.iter().filter_map(|it| match &it.command {
        AccountCommand::ChangePassword { to, .. } if account.replaced_at(to).is_none() => Some(to.clone()),
        AccountCommand::ChangePassword { .. }
        | AccountCommand::Register
        | AccountCommand::EndOthers
        | AccountCommand::Disable
        | AccountCommand::Enable => None,
    });
    let mut all: Vec<_> = open.chain([account.first_password.clone(), account.password.clone()]).collect();
    all.sort();
    all.dedup();
    all
}
