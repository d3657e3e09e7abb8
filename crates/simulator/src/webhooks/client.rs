//! The requests of operators about endpoints.

use std::{future::Future, sync::Arc, time::Duration};

use application::{
    App, IdempotentReply, IdempotentRequest, IfMatch, KeyError, Operator,
    webhooks::{
        EndpointError, NewEndpoint, create_endpoint, delete_endpoint, patch_endpoint, redeliver,
        rotate_secret, send_test,
    },
};
use domain::{
    AuthorKey, DeliveryId, EndpointId, WebhookDelivery, WebhookEndpoint,
    webhook::{EndpointPatch, SigningSecret, WebhookUrl},
};
use ports::{Fingerprint, IdempotencyKey, StoredReply};

use super::book::{KnownEndpoint, WebhookModel};
use crate::{
    client::caller_of,
    faults::Fault,
    lock::lock,
    model::check_port_error,
    people::{OPERATOR, person},
    world::{Label, World},
};

/// How long an operator waits for a reply.
const WAIT: Duration = Duration::from_secs(30);

/// What an operator asks for.
#[derive(Debug, Clone)]
pub(super) enum EndpointCommand {
    /// The endpoint is made.
    Make,
    /// It is closed, or opened again.
    Switch {
        /// Whether it is closed.
        disabled: bool,
    },
    /// A delivery is sent once more.
    SendAgain {
        /// The public id of the delivery.
        delivery: String,
    },
    /// A message without an event is sent.
    Test,
    /// It gets another secret.
    Rotate,
    /// It is deleted.
    Delete,
}

/// What was known when a request was sent.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Duration,
    /// Whether every request to open the endpoint was answered.
    is_alone: bool,
}

/// Sends a request about an endpoint; with the same key it is the same request.
pub(super) fn send_hook_request(world: &Arc<World>, number: usize, command: EndpointCommand, key: &str) {
    let Some((endpoint, key)) = note_sending(world, number, &command, key) else { return };
    world.trace(|| format!("{command:?} of endpoint {number}"));
    let world = Arc::clone(world);
    let label = Label::outside("endpoint");
    let sent = Sent { at: world.elapsed(), is_alone: endpoint.openings == 0 };
    Arc::clone(&world).spawn(label, async move {
        let (server, asked) = (Arc::clone(&world), command.clone());
        let work = |app: Arc<App>| async move {
            let reply = perform_request(&server, &app, (number, &endpoint), &asked, &key).await;
            // The last number at this moment: the endpoint is there, and every later event belongs to it.
            let last = server.record.snapshot().feed_sequencer.first().map_or(0, |it| it.last.get());
            reply.map(|it| (it, last))
        };
        let reply = world.request(label.step, WAIT, work).await.flatten();
        world.set_label(label);
        if let Some((body, last)) = reply.filter(|_| !world.strikes(Fault::LoseReply)) {
            learn_reply(&world, number, (&command, sent), (body, last));
        }
    });
}

/// Notes what a request may change before it is sent, and returns the endpoint and the key of the request; `None` if it
/// cannot be sent.
fn note_sending(
    world: &World,
    number: usize,
    command: &EndpointCommand,
    key: &str,
) -> Option<(KnownEndpoint, String)> {
    let mut book = lock(&world.hooks);
    let endpoint = book.endpoints.get_mut(number)?;
    let mut key = key.to_owned();
    match command {
        EndpointCommand::Make => {}
        EndpointCommand::Switch { disabled: false } => {
            endpoint.openings = endpoint.openings.saturating_add(1);
            endpoint.opening_sent = Some(world.elapsed());
            endpoint.closed_at = None;
        }
        EndpointCommand::Switch { disabled: true } | EndpointCommand::Test => {
            endpoint.id.as_ref()?;
        }
        EndpointCommand::Rotate => {
            endpoint.id.as_ref()?;
            key = endpoint.secrets.send_rotation(&key, world.elapsed());
        }
        EndpointCommand::Delete => {
            endpoint.id.as_ref()?;
            endpoint.is_leaving = true;
            key = format!("delete {}", endpoint.key);
        }
        EndpointCommand::SendAgain { delivery } => {
            let all = world.record.snapshot().webhook_deliveries;
            let message = all.into_iter().find(|it| it.id.as_str() == delivery)?.message;
            endpoint.sent_again.insert(message.to_string());
        }
    }
    Some((endpoint.clone(), key))
}

fn learn_reply(
    world: &World,
    number: usize,
    (command, sent): (&EndpointCommand, Sent),
    (body, last): (String, i64),
) {
    let mut book = lock(&world.hooks);
    let Some(endpoint) = book.endpoints.get_mut(number) else { return };
    match command {
        EndpointCommand::Make => {
            let Some((id, secret)) = body.split_once(' ') else { return };
            if endpoint.id.is_none() {
                endpoint.id = Some(id.to_owned());
                endpoint.begins_after = last;
                endpoint.secrets.learn_secret(secret.to_owned(), world.elapsed());
            }
        }
        EndpointCommand::Rotate => endpoint.secrets.learn_secret(body, world.elapsed()),
        EndpointCommand::Delete => book.note_deletion(number, world.elapsed()),
        EndpointCommand::SendAgain { .. } | EndpointCommand::Test => {}
        EndpointCommand::Switch { disabled: false } => {
            endpoint.openings = endpoint.openings.saturating_sub(1)
        }
        EndpointCommand::Switch { disabled: true } => {
            // One that was under way at the same time may have come later, also if it was answered first.
            let is_last = sent.is_alone && endpoint.openings == 0 && endpoint.opening_sent < Some(sent.at);
            endpoint.closed_at = is_last.then(|| world.elapsed());
        }
    }
}

fn request_of(route: &'static str, key: &str) -> IdempotentRequest {
    let owner = Some(AuthorKey::User(person(OPERATOR).key));
    let key = IdempotencyKey { owner, route, key: key.to_owned() };
    // Each key has one request.
    IdempotentRequest { fingerprint: Fingerprint(key.key.clone()), key, older: Vec::new() }
}

fn reply_of(body: String) -> StoredReply {
    StoredReply { status: 200, location: None, etag: None, body }
}

/// The body of the reply; `None` if it is refused or unknown.
async fn perform_request(
    world: &World,
    app: &App,
    (number, endpoint): (usize, &KnownEndpoint),
    command: &EndpointCommand,
    key: &str,
) -> Option<String> {
    let operator = caller_of(OPERATOR).into_operator()?;
    let id = EndpointId::new(endpoint.id.clone().unwrap_or_default());
    match command {
        EndpointCommand::Make => {
            let url = WebhookUrl::new(WebhookModel::url_of(number));
            let new = NewEndpoint { url, types: endpoint.types.clone(), description: None };
            let request = request_of("POST /v1/webhook-endpoints", &endpoint.key);
            let render = |it: &WebhookEndpoint, secret: &SigningSecret| {
                reply_of(format!("{} {}", it.id, secret.expose_secret()))
            };
            read_outcome(world, number, create_endpoint(app, &operator, Some(request), new, render)).await
        }
        EndpointCommand::Rotate => {
            let request = request_of("POST /v1/webhook-endpoints/{id}/secret-rotation", key);
            let render =
                |_: &WebhookEndpoint, secret: &SigningSecret| reply_of(secret.expose_secret().to_owned());
            let asked = rotate_secret(app, &operator, Some(request), (&id, IfMatch::Absent), render);
            read_rotation(world, (number, key), asked.await).await
        }
        EndpointCommand::Delete => {
            let request = request_of("DELETE /v1/webhook-endpoints/{id}", key);
            let asked = delete_endpoint(
                app,
                &operator,
                Some(request),
                (&id, IfMatch::Absent),
                reply_of(String::new()),
            );
            read_outcome(world, number, asked).await
        }
        EndpointCommand::Switch { disabled } => {
            switch_endpoint(world, app, &operator, (number, &id, *disabled), key).await
        }
        EndpointCommand::SendAgain { delivery } => {
            let delivery = DeliveryId::new(delivery.clone());
            let request =
                request_of("POST /v1/webhook-endpoints/{id}/deliveries/{deliveryId}/redelivery", key);
            let render = |it: &WebhookDelivery| reply_of(it.id.to_string());
            read_outcome(world, number, redeliver(app, &operator, Some(request), (&id, &delivery), render))
                .await
        }
        EndpointCommand::Test => {
            let request = request_of("POST /v1/webhook-endpoints/{id}/test", key);
            let render = |it: &WebhookDelivery| reply_of(it.id.to_string());
            read_outcome(world, number, send_test(app, &operator, Some(request), &id, render)).await
        }
    }
}

async fn switch_endpoint(
    world: &World,
    app: &App,
    operator: &Operator,
    (number, id, disabled): (usize, &EndpointId, bool),
    key: &str,
) -> Option<String> {
    let patch = EndpointPatch { disabled: Some(disabled), ..EndpointPatch::default() };
    let request = request_of("PATCH /v1/webhook-endpoints/{id}", key);
    let render = |it: &WebhookEndpoint| reply_of(it.id.to_string());
    let patched = patch_endpoint(app, operator, Some(request), (id, patch, IfMatch::Absent), render);
    read_outcome(world, number, patched).await
}

/// The body of the reply to a rotation. One is refused while the secret before the present one signs.
async fn read_rotation(
    world: &World,
    (number, key): (usize, &str),
    asked: Result<IdempotentReply, EndpointError>,
) -> Option<String> {
    if matches!(asked, Err(EndpointError::OldSecretSigns)) {
        let mut book = lock(&world.hooks);
        let secrets = &mut book.endpoints.get_mut(number)?.secrets;
        secrets.forget_rotation(key);
        if secrets.may_refuse_rotation(world.elapsed()) {
            return None;
        }
    }
    read_outcome(world, number, std::future::ready(asked)).await
}

async fn read_outcome(
    world: &World,
    number: usize,
    asked: impl Future<Output = Result<IdempotentReply, EndpointError>>,
) -> Option<String> {
    let asked = asked.await;
    let is_leaving = lock(&world.hooks).endpoints.get(number).is_some_and(|it| it.is_leaving);
    match asked {
        Ok(IdempotentReply::New(it) | IdempotentReply::Replay(it)) => Some(it.body),
        Err(EndpointError::Failed(error) | EndpointError::Key(KeyError::Failed(error))) => {
            check_port_error(world, &error);
            None
        }
        Err(EndpointError::Key(KeyError::InProgress) | EndpointError::Disabled) => None,
        Err(EndpointError::NotFound) if is_leaving => None,
        Err(
            error @ (EndpointError::Key(KeyError::Reused)
            | EndpointError::NotFound
            | EndpointError::PreconditionFailed
            | EndpointError::Url(_)
            | EndpointError::TooMany
            | EndpointError::OldSecretSigns
            | EndpointError::EventGone),
        ) => {
            world.report_violation(format!("a request about an endpoint was refused: {error}"));
            None
        }
    }
}
