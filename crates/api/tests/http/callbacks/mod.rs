//! The gateway's notices, row by row.

mod cards;
mod effects;
mod findings;
mod identity;
mod money;
mod references;
mod signatures;
