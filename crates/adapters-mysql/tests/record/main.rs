//! What only a server does: its schema, its faults, its statements, and the adoption of a database of the Express app.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod adopted_money;
mod adoption;
mod batches;
mod deadlocks;
mod express;
mod faults;
mod galera;
mod ground;
mod group;
mod guards;
mod likeness;
mod losses;
mod migration;
mod open;
mod orphans;
mod outage;
mod schema;
mod shop;
mod silence;
mod statements;
mod writers;
