//! What all tests share: a server, clients that check every answer, and the shop's everyday errands.

mod client;
mod collector;
mod contract;
mod diary;
mod invariants;
mod notice;
mod people;
mod place;
mod poll;
mod raw;
mod receiver;
mod reply;
mod server;
mod shop;

use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use client::{Client, Request};
pub(crate) use collector::Collector;
pub(crate) use diary::{Asked, Diary};
pub(crate) use invariants::Shelf;
pub(crate) use notice::{Notice, SECRET, sign};
pub(crate) use people::{PASSWORD, Person, is_dead};
pub(crate) use place::{Place, QUIET};
pub(crate) use poll::{PATIENCE, eventually, now};
pub(crate) use raw::raw;
pub(crate) use receiver::{Answer, Arrival, Receiver};
pub(crate) use reply::Reply;
pub(crate) use server::{Server, shared};
pub(crate) use shop::{field, gateway, item};

/// A name that no other test of this run has.
pub(crate) fn unique(kind: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{kind}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
