//! What pages and the files under `deploy/` say is held against the code.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]

mod commit;
mod deployed;
mod documented;
mod integrating;
