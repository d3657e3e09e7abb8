//! Outgoing webhooks: operators manage endpoints, and a background task for each endpoint sends it the events of the
//! feed (ADR 0026).
//!
//! ```text
//! feed ─► fan_out_events    reads events behind the endpoint's cursor; one commit stores the deliveries and moves it
//!      ─► deliver_due       claims due deliveries (a commit), sends them, notes each answer (a commit)
//! ```
//!
//! The promises, whatever dies and on however many instances:
//!
//! - **At least once.** A delivery is stored in the commit that moves the cursor, and is `PENDING` until an answer is
//!   noted. If the process dies between sending and noting, the lease runs out and the same message is sent again.
//! - **In order for each subject.** A delivery waits until the earlier ones of its order are over.
//! - **Independent.** Each endpoint has a task, and a bounded number of its deliveries run at once, so one that is slow
//!   or gone delays no other.

mod body;
mod deliver;
mod deliveries;
mod endpoints;
mod fan_out;
mod gaps;
mod run;
mod secrets;
mod signal;

pub use body::MessageRenderer;
pub use deliveries::{list_deliveries, redeliver, send_test};
pub use endpoints::{
    ENDPOINTS_MAX, EndpointError, NewEndpoint, create_endpoint, delete_endpoint, find_endpoint,
    list_endpoints, patch_endpoint, rotate_secret,
};
pub(crate) use gaps::drop_old_deliveries;
pub use run::{BACKLOG_MAX, EndpointRun, list_active_endpoints, report_backlog, run_endpoint};
pub use signal::WebhookSignal;

#[cfg(test)]
mod tests;
