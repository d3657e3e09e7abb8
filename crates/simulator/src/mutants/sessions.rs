//! Planted faults of sessions.

use adapters_local::record::{SessionRow, Snapshot};
use domain::{Session, SessionId};
use ports::{RevokedSession, UnitOfWork, Write};

use super::{Mutant, commits::change_record};
use crate::world::World;

/// The sessions that an instance finds revoked.
pub(crate) fn plant_revocations(world: &World, revoked: Vec<RevokedSession>) -> Vec<RevokedSession> {
    if world.has_mutant(Mutant::RevocationsAreNotRead) { Vec::new() } else { revoked }
}

/// The generation that a genuine refresh token is taken for.
pub(crate) fn plant_generation(world: &World, session: &SessionId, generation: i64) -> i64 {
    if !world.has_mutant(Mutant::SpentTokensStayGood) {
        return generation;
    }
    let sessions = world.record.snapshot().sessions;
    sessions.into_iter().find(|it| it.session.id == *session).map_or(generation, |it| it.session.generation)
}

/// Makes the record agree with whatever session was read.
pub(super) fn forget_generations(world: &World, work: &UnitOfWork) {
    for write in work.writes() {
        if let Write::RotateSession { read, .. } = write {
            change_session(world, read, |it| *it = Session { revoked_at: it.revoked_at, ..(**read).clone() });
        }
    }
}

/// Removes the times at which the refresh tokens of a session were spent, once they are stored.
pub(super) fn forget_spent_times(world: &World, work: &UnitOfWork) {
    for write in work.writes() {
        if let Write::RotateSession { read, .. } = write {
            change_session(world, read, |it| it.spent.clear());
        }
    }
}

fn change_session(world: &World, of: &Session, change: impl Fn(&mut Session)) {
    change_record(world, |it: &mut Snapshot| {
        let own = |row: &&mut SessionRow| row.session.key == of.key;
        it.sessions.iter_mut().filter(own).for_each(|row| change(&mut row.session));
    });
}
