//! Replies that this process knows, so that a repeated request is answered without a lock and without the database.

use std::{sync::Arc, time::Duration};

use domain::Timestamp;
use ports::{Cache, Claim, Fingerprint, IdempotencyKey, StoredReply};
use serde::{Deserialize, Serialize};

use super::CachedRows;

/// About how long a reply stays, 10 min: clients repeat a request within seconds.
const TTL: Duration = Duration::from_secs(600);
/// How long before its expiry a claim is no longer served from here. Instances prune by their own clocks, and a key
/// that is pruned may be used for another request.
const EXPIRY_MARGIN: Duration = Duration::from_secs(300);

/// Claims with their replies, in a cache that only this process can write to.
///
/// A reply is stored once and never changes, so an entry needs no confirmation: it is right until the claim may be
/// deleted. It is not taken from a cache that is shared with others, because a reply decides what a client believes.
#[derive(Clone)]
pub struct KnownReplies(CachedRows);

/// Ends the head of a cached reply; its body follows as it is.
const HEAD_END: u8 = b'\n';

/// A claim with the head of its reply, as it is cached. The key is compared again, so an entry never answers for another
/// key.
#[derive(Serialize, Deserialize)]
struct Entry {
    owner: Option<i64>,
    route: String,
    key: String,
    fingerprint: String,
    resource: String,
    status: u16,
    location: Option<String>,
    etag: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
}

impl KnownReplies {
    /// Keeps replies in `cache`, which must belong to this process alone.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>) -> Self {
        Self(CachedRows::new_private(cache))
    }

    /// The claim of that key with its reply, if this process has seen it and it cannot be deleted soon.
    pub(crate) async fn find(&self, key: &IdempotencyKey, now: Timestamp) -> Option<Claim> {
        let cached = self.0.get_parsed(&cache_key(key), parse_entry).await;
        let (entry, body) = cached.filter(|(it, _)| it.is_of(key))?;
        let expires_at = entry.expires_at.map(Timestamp::from_millis);
        let is_safe = expires_at.is_none_or(|it| now.saturating_add(EXPIRY_MARGIN) < it);
        is_safe.then(|| Claim {
            key: key.clone(),
            fingerprint: Fingerprint(entry.fingerprint),
            resource: entry.resource,
            reply: Some(StoredReply {
                status: entry.status,
                location: entry.location,
                etag: entry.etag,
                body,
            }),
            created_at: Timestamp::from_millis(entry.created_at),
            expires_at,
        })
    }

    /// Keeps a claim that is committed; one without a reply is not kept.
    pub(crate) async fn put(&self, claim: &Claim) {
        let Some(reply) = &claim.reply else { return };
        let entry = Entry {
            owner: claim.key.owner.map(domain::AuthorKey::get),
            route: claim.key.route.to_owned(),
            key: claim.key.key.clone(),
            fingerprint: claim.fingerprint.0.clone(),
            resource: claim.resource.clone(),
            status: reply.status,
            location: reply.location.clone(),
            etag: reply.etag.clone(),
            created_at: claim.created_at.as_millis(),
            expires_at: claim.expires_at.map(Timestamp::as_millis),
        };
        // An entry that cannot be serialised is not kept: the reply is read from the system of record.
        let Ok(mut bytes) = serde_json::to_vec(&entry) else { return };
        bytes.push(HEAD_END);
        bytes.extend_from_slice(reply.body.as_bytes());
        // The time of the claim is its version: a key that was pruned and used again has a newer one.
        self.0.put_bytes(&cache_key(&claim.key), claim.created_at.as_millis(), bytes, TTL).await;
    }
}

/// The head and the body. The body is JSON, and within another JSON text each of its quotes would be escaped, which takes
/// longer to read than all the rest.
fn parse_entry(cached: &[u8]) -> Option<(Entry, String)> {
    // JSON on one line has no such byte: it would be escaped.
    let end = cached.iter().position(|it| *it == HEAD_END)?;
    let (head, rest) = cached.split_at(end);
    let body = String::from_utf8(rest.get(1..)?.to_vec()).ok()?;
    Some((serde_json::from_slice(head).ok()?, body))
}

impl Entry {
    fn is_of(&self, key: &IdempotencyKey) -> bool {
        (self.owner, self.route.as_str(), &self.key)
            == (key.owner.map(domain::AuthorKey::get), key.route, &key.key)
    }
}

fn cache_key(IdempotencyKey { owner, route, key }: &IdempotencyKey) -> String {
    format!("reply:{}:{route}:{key}", owner.map_or(0, domain::AuthorKey::get))
}

#[cfg(test)]
mod tests;
