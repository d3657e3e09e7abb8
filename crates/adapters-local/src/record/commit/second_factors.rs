use domain::SecondFactor;
use ports::{Credentials, SecondFactorWrite};

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::tables::Tables;

pub(super) fn apply_factor_write(tables: &mut Tables, write: SecondFactorWrite) -> Written {
    match write {
        SecondFactorWrite::RequireNone(key) => {
            let has_none = |row: &Credentials| row.user.second_factor_at.is_none();
            update_guarded(&mut tables.users, &key, has_none, |_| ())
        }
        SecondFactorWrite::Set { user, read } => {
            let is_as_read = |row: &Credentials| row.user.changed_at == read;
            update_guarded(&mut tables.users, &user.key, is_as_read, |row| {
                row.user.second_factor_at = user.second_factor_at;
                row.user.changed_at = user.changed_at;
            })
        }
        SecondFactorWrite::Enrol(factor) => {
            if tables.second_factors.get(&factor.user).is_some_and(|it| it.confirmed_at.is_some()) {
                return Err(Abort::Stale);
            }
            tables.second_factors.remove(&factor.user);
            Ok(tables.second_factors.insert(factor)?)
        }
        SecondFactorWrite::Replace(next) => {
            let is_before = |row: &SecondFactor| {
                row.revision.saturating_add(1) == next.revision && row.sealed_secret == next.sealed_secret
            };
            update_guarded(&mut tables.second_factors, &next.user, is_before, |row| {
                row.confirmed_at = next.confirmed_at;
                row.last_step = next.last_step;
                row.recovery_digests.clone_from(&next.recovery_digests);
                row.revision = next.revision;
            })
        }
        SecondFactorWrite::Drop(user) => {
            tables.second_factors.remove(&user);
            Ok(())
        }
    }
}
