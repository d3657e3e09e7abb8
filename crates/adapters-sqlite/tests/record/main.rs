//! What only the file does: its schema, its faults, and its backup.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod backup;
mod faults;
mod file;
mod orphans;
mod schema;
