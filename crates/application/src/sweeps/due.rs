//! The one loop of all sweeps.

use ports::{Batch, Causes, Happening, PortError};

use crate::App;

/// How many things are read at once.
pub(super) const LIMIT: u32 = 100;
/// How many batches one call reads at most: so many behind what it cannot move.
pub(super) const BATCHES_MAX: u32 = 100;

/// Does `one` to everything that is due, until that was a batch full of things or there is no more; `true` when there may
/// be more. A thing is done (`true`), or has nothing to be done any more.
///
/// When the record or a gateway is away, nothing more is tried. What fails by itself (its row cannot be read, or this
/// program has a fault) stays due and is in nobody's way: the next batch begins behind it. Operators hear of the row by the
/// record's witness, of the fault by the log.
///
/// # Errors
/// [`PortError`], when `read` fails or something is away.
pub(super) async fn each_due<T>(
    app: &App,
    sweep: &'static str,
    read: impl AsyncFn(Batch) -> Result<Vec<T>, PortError>,
    one: impl AsyncFn(&T) -> Result<bool, PortError>,
) -> Result<bool, PortError> {
    let (mut done, mut skip) = (0_u32, 0_u32);
    let mut outcome = Ok(false);
    for _ in 0..BATCHES_MAX {
        let due = read(Batch { skip, limit: LIMIT }).await?;
        for thing in &due {
            match one(thing).await {
                Ok(true) => done = done.saturating_add(1),
                Ok(false) => skip = skip.saturating_add(1),
                Err(away @ PortError::Away(_)) => {
                    outcome = Err(away);
                    break;
                }
                Err(fault @ (PortError::Unreadable(_) | PortError::Bug(_))) => {
                    tracing::error!(sweep, fault = %Causes(&fault), "one thing could not be done");
                    skip = skip.saturating_add(1);
                }
            }
        }
        let full = u32::try_from(due.len()).unwrap_or(u32::MAX) >= LIMIT;
        if outcome.is_err() || !full {
            break;
        }
        if done >= LIMIT {
            outcome = Ok(true);
            break;
        }
    }
    if done > 0 {
        app.meter.record(Happening::Swept(sweep, u64::from(done)));
    }
    outcome
}

#[cfg(test)]
mod tests;
