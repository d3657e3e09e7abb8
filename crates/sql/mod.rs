//! Every query of the record, once.
//!
//! This folder is no crate: each SQL adapter compiles it as a module of its own. It knows nothing of the adapter but
//! `crate::connection` (a connection, a database that lends one, and whether it takes writes) and `crate::dialect` (how amounts and moments are
//! stored). What keeps it one text: keys and times come from the ports; guards are predicates whose affected rows are
//! counted, and unique keys whose violation is matched; nothing is returned by a write, locked by a read or replaced.

mod along;
mod commit;
pub(crate) mod fault;
mod health;
mod kept;
mod read;
mod row;
mod schema;
pub(crate) mod value;
