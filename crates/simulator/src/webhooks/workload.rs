//! What happens to endpoints in a history, and the rounds that send to them.

use std::{sync::Arc, time::Duration};

use application::webhooks::{list_active_endpoints, run_endpoint};
use ports::PortError;

use super::{
    book::KnownEndpoint,
    client::{EndpointCommand, send_hook_request},
};
use crate::{
    lock::lock,
    model::check_port_error,
    sweeps::start_numbering,
    world::{Label, World},
};

/// How often in a row an instance runs the rounds of all endpoints, and the pause in between.
const ROUNDS: u32 = 3;
const ROUND_PAUSE: Duration = Duration::from_secs(2);

/// Makes one step.
pub(crate) fn make_webhook_step(world: &Arc<World>) {
    let Some((number, endpoint)) = pick_endpoint(world) else { return };
    if endpoint.is_leaving {
        return send_hook_request(world, number, EndpointCommand::Delete, "");
    }
    let Some(id) = endpoint.id else { return send_hook_request(world, number, EndpointCommand::Make, "") };
    let command = match world.chance.below(24) {
        0 => EndpointCommand::Switch { disabled: true },
        1..3 => EndpointCommand::Switch { disabled: false },
        3..5 => match pick_delivery(world, &id) {
            Some(delivery) => EndpointCommand::SendAgain { delivery },
            None => return,
        },
        5 => EndpointCommand::Test,
        6..8 => EndpointCommand::Rotate,
        8 => EndpointCommand::Delete,
        _ => return start_some_rounds(world),
    };
    let key = format!("w{}", world.next_number());
    send_hook_request(world, number, command, &key);
}

/// One that is not deleted.
fn pick_endpoint(world: &World) -> Option<(usize, KnownEndpoint)> {
    let book = lock(&world.hooks);
    let live = book.endpoints.iter().enumerate().filter(|(_, it)| it.deleted_at.is_none());
    let live: Vec<_> = live.map(|(number, it)| (number, it.clone())).collect();
    world.chance.pick(&live).cloned()
}

fn pick_delivery(world: &World, endpoint: &str) -> Option<String> {
    let snapshot = world.record.snapshot();
    let endpoint = snapshot.webhook_endpoints.iter().find(|it| it.id.as_str() == endpoint)?;
    let own = snapshot.webhook_deliveries.iter().filter(|it| it.endpoint == endpoint.key);
    // A test is no event, and has no order to keep.
    let own: Vec<_> = own.filter(|it| it.sequence.is_some()).map(|it| it.id.to_string()).collect();
    world.chance.pick(&own).cloned()
}

fn start_some_rounds(world: &Arc<World>) {
    let live = world.live_instances();
    let Some((number, app)) = world.chance.pick(&live) else { return };
    start_numbering(world, *number, app);
    spawn_rounds(world, *number, app, ROUNDS);
}

/// Lets every instance send what is due, for as long as two rounds of sweeps are apart.
pub(crate) fn start_webhook_rounds(world: &Arc<World>) {
    for (number, app) in world.live_instances() {
        spawn_rounds(world, number, &app, 20);
    }
}

fn spawn_rounds(world: &Arc<World>, number: usize, app: &Arc<application::App>, rounds: u32) {
    let (observer, app) = (Arc::clone(world), Arc::clone(app));
    world.spawn(Label { instance: Some(number), step: "webhooks" }, async move {
        for _ in 0..rounds {
            if let Err(error) = run_all(&app).await {
                check_port_error(&observer, &error);
            }
            tokio::time::sleep(ROUND_PAUSE).await;
        }
    });
}

/// One round of every endpoint.
async fn run_all(app: &application::App) -> Result<(), PortError> {
    for id in list_active_endpoints(app).await? {
        run_endpoint(app, &id).await?;
    }
    Ok(())
}

/// Opens every endpoint that stays, as an operator does who reads the findings.
pub(crate) fn enable_endpoints(world: &Arc<World>) {
    let known: Vec<_> = {
        let book = lock(&world.hooks);
        let with_id = book.endpoints.iter().enumerate().filter(|(_, it)| it.id.is_some() && !it.is_leaving);
        with_id.map(|(number, _)| number).collect()
    };
    for number in known {
        let key = format!("w{}", world.next_number());
        send_hook_request(world, number, EndpointCommand::Switch { disabled: false }, &key);
    }
}
