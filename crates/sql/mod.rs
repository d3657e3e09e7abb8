//! Every query of the system of record, written once for all databases (ADR 0002).
//!
//! This folder is not a crate. Each SQL adapter compiles it as one of its modules and provides three others:
//! `crate::connection` (a connection, the database that runs work on it, and whether it accepts writes),
//! `crate::dialect` (how amounts and timestamps are stored, and how the driver words its errors) and
//! `crate::multi_row` (statements for many rows, where they save round trips).
//!
//! The rules that keep one text possible:
//!
//! - keys and times come from the ports: no `RETURNING`, no `NOW()`, no `LAST_INSERT_ID`;
//! - a guard is a predicate whose rows are counted: no `FOR UPDATE`, which SQLite does not have;
//! - a key that must be new is a plain `INSERT` and its unique violation: no `INSERT IGNORE`, no `REPLACE`.

pub(crate) mod cached_statement;
pub(crate) mod commit;
pub(crate) mod fault;
mod health;
mod index_hint;
mod observer;
mod prunable;
mod read;
pub(crate) mod row;
pub(crate) mod schema;
mod shelf;
pub(crate) mod value;
pub(crate) mod work;
