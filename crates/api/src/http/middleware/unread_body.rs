//! Keeps a request's body alive that its handler does not read to the end.

use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::Version,
    web::Bytes,
};
use futures_util::{StreamExt, stream::poll_fn};

/// Holds the body of a connection's latest request, also when its handler does not read it.
///
/// When a chunked body is dropped unread, the HTTP library keeps the connection open until the client has
/// sent the rest, forever if it never does. For a body that still exists when the answer goes out it waits
/// shortly and then closes the connection.
#[derive(Default)]
// `Rc` and `RefCell` suffice: a connection and all of its requests stay on one thread.
pub struct UnreadBody(RefCell<Option<Rc<RefCell<Payload>>>>);

impl UnreadBody {
    /// Puts the body of a request into the connection's slot; the request goes on to read it through a shared
    /// handle.
    pub(super) fn hold_payload(request: &mut ServiceRequest) {
        // Over HTTP/2 a body that is dropped resets its own stream. Held here, it would go on to take frames.
        if request.version() == Version::HTTP_2 {
            return;
        }
        let payload = request.parts_mut().1.take();
        if matches!(payload, Payload::None) {
            return;
        }
        let payload = Rc::new(RefCell::new(payload));
        // Only a request of a test has no connection, and then there is nothing to keep open.
        if let Some(Self(latest)) = request.conn_data() {
            latest.replace(Some(payload.clone()));
        }
        request.set_payload(shared_payload(payload));
    }
}

/// A payload that reads from the shared one.
fn shared_payload(shared: Rc<RefCell<Payload>>) -> Payload {
    let next = move |context: &mut Context<'_>| -> Poll<Option<Result<Bytes, PayloadError>>> {
        // Borrowed for one poll only, so the connection can drop its handle at any time in between.
        shared.borrow_mut().poll_next_unpin(context)
    };
    poll_fn(next).boxed_local().into()
}
