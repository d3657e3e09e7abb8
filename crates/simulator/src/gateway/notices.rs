//! Delivering notices: each until it is acknowledged, some of them again after that.

use std::{collections::HashMap, net::Ipv4Addr, sync::Arc, time::Duration};

use application::callbacks::receive_notice;
use domain::{GatewayName, Network, payment::PaymentEvent};

use super::NAME;
use crate::{
    faults::Fault,
    lock::lock,
    model::check_port_error,
    world::{Label, World},
};

/// The header with the id of the event.
pub(crate) const ID_HEADER: &str = "id";

/// How often a notice is sent at most.
const TRIES_MAX: u32 = 400;
/// How long the gateway waits for an acknowledgement.
const WAIT: Duration = Duration::from_secs(10);

/// Sends a notice about each of these events.
pub(crate) fn send_notices(world: &Arc<World>, events: Vec<PaymentEvent>) {
    for event in events {
        let id = event.id.to_string();
        world.spawn(Label::outside("notice"), deliver_notice(Arc::clone(world), id));
    }
}

async fn deliver_notice(world: Arc<World>, id: String) {
    if world.strikes(Fault::NotifyLate) {
        world.pause(120_000).await;
    } else if !world.strikes(Fault::NotifyEarly) {
        world.pause(80).await;
    }
    let mut left =
        if world.strikes(Fault::NotifyAgain) { world.chance.below(8).saturating_add(1) } else { 0 };
    for _ in 0..TRIES_MAX {
        if !send_once(&world, &id).await {
            world.pause(5_000).await;
        } else if left == 0 {
            return;
        } else {
            left = left.saturating_sub(1);
            world.pause(3_000).await;
        }
    }
}

/// Sends it once to any instance; whether it was acknowledged.
async fn send_once(world: &Arc<World>, id: &str) -> bool {
    let (receiver, text) = (Arc::clone(world), id.to_owned());
    let outcome = world
        .request("notice", WAIT, |app| async move {
            let headers = HashMap::from([(ID_HEADER.to_owned(), text.clone())]);
            let network = Network::from_address(Ipv4Addr::LOCALHOST.into());
            let name = GatewayName::new(NAME.to_owned());
            let outcome = receive_notice(&app, &name, &headers, text.as_bytes(), network).await;
            receiver.trace(|| match &outcome {
                Ok(it) => format!("{text} {}", it.body),
                Err(error) => format!("{text} {error}"),
            });
            if let Err(application::callbacks::CallbackError::Failed(error)) = &outcome {
                check_port_error(&receiver, error);
            }
            outcome.is_ok()
        })
        .await;
    let is_acknowledged = outcome == Some(true);
    if is_acknowledged {
        lock(&world.model).acknowledged.insert(id.to_owned());
    }
    is_acknowledged
}
