use ports::{Claim, IdempotencyKey, StoredReply};

use super::abort::{Abort, Written};
use crate::record::{table::Duplicate, tables::Tables};

pub(super) fn insert_claim(tables: &mut Tables, claim: Claim) -> Written {
    let key = claim.key.clone();
    tables.claims.insert(claim).map_err(|Duplicate| Abort::Claim(key))
}

pub(super) fn store_reply(tables: &mut Tables, key: IdempotencyKey, reply: StoredReply) -> Written {
    let unanswered = tables.claims.get(&key).is_some_and(|it| it.reply.is_none());
    if !unanswered {
        return Err(Abort::Claim(key));
    }
    Ok(tables.claims.update(&key, |claim| claim.reply = Some(reply))?)
}
