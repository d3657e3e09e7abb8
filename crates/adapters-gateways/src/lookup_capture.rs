//! Captures at gateways where the money is captured when the buyer pays.

use domain::payment::PaymentEvent;
use ports::{Answer, AttemptLog, Charge, Gateway, Lookup, LookupAnswer, LookupSubject, NoResponse};

/// Returns the answer to a capture of a payment that has nothing to capture: whether the buyer has paid, as a lookup
/// tells. Nothing else is sent.
///
/// # Errors
/// [`NoResponse`].
pub(crate) async fn capture_by_lookup(
    gateway: &dyn Gateway,
    charge: Charge,
    log: &AttemptLog,
) -> Result<Answer, NoResponse> {
    let lookup = Lookup { charge, subject: LookupSubject::Payment };
    let (reference, newest, next_action) = match gateway.look_up(lookup, log).await? {
        LookupAnswer::Found { reference, mut events, next_action, .. } => {
            (reference, events.pop(), next_action)
        }
        LookupAnswer::Unknown | LookupAnswer::CannotTell => (None, None::<PaymentEvent>, None),
    };
    Ok(newest.map_or(Answer::Accepted { reference, next_action }, Answer::from))
}
