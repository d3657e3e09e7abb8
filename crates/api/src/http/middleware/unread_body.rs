//! A body that nobody reads to its end.

use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    web::Bytes,
};
use futures_util::{StreamExt, stream::poll_fn};

/// Holds the body of a connection's latest request, also when its handler does not want it.
///
/// When a chunked body is dropped unread, the framework keeps the connection until the client has sent the rest, for
/// ever if it never does. Of a body that is still there when the answer goes out it waits a moment, and then closes.
#[derive(Default)]
pub struct UnreadBody(RefCell<Option<Rc<RefCell<Payload>>>>);

impl UnreadBody {
    /// Holds the body of a request, which reads it as before.
    pub(super) fn hold_payload(request: &mut ServiceRequest) {
        let payload = request.parts_mut().1.take();
        if matches!(payload, Payload::None) {
            return;
        }
        let payload = Rc::new(RefCell::new(payload));
        // Absent where there is no connection.
        if let Some(Self(latest)) = request.conn_data() {
            latest.replace(Some(payload.clone()));
        }
        request.set_payload(shared_payload(payload));
    }
}

/// The payload, read through what is shared.
fn shared_payload(shared: Rc<RefCell<Payload>>) -> Payload {
    let next = move |context: &mut Context<'_>| -> Poll<Option<Result<Bytes, PayloadError>>> {
        shared.borrow_mut().poll_next_unpin(context)
    };
    poll_fn(next).boxed_local().into()
}
