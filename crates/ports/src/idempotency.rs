//! The data that makes a request apply once although it is sent twice.
//!
//! A claim is a row that reserves an idempotency key *in the same commit* as the work of the request. A retry
//! finds it:
//!
//! ```text
//! no claim              the request is new: do the work, and commit it with Write::Claim
//! claim without reply   the work is begun: continue from `resource`, then Write::StoreReply
//! claim with reply      replay the stored reply byte for byte
//! other fingerprint     refuse: the key belongs to another request
//! ```

use std::fmt;

use domain::{AuthorKey, Timestamp};

/// A client's idempotency key within its scope: the user or API key, if there is one, and the route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey {
    /// The user or API key that sent it; `None` where there is no user yet, as at a registration.
    pub owner: Option<AuthorKey>,
    /// The route that it is used for, such as `POST /v1/orders/{orderNumber}/payments`.
    pub route: &'static str,
    /// The client's text: 1 to 255 visible ASCII characters, without quotes.
    pub key: String,
}

/// A digest of route, path and canonical JSON. Two requests with equal fingerprints are the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(pub String);

/// A reply as it was sent, stored to be replayed byte for byte.
///
/// `Debug` does not show the body: that of a payment can hold what lets its buyer pay.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// The HTTP status code. The ports do not interpret it.
    pub status: u16,
    /// The `Location` header: the URL of the created resource, if there is one.
    pub location: Option<String>,
    /// The `ETag` header, if the reply has one.
    pub etag: Option<String>,
    /// The JSON body, byte for byte as it was sent.
    pub body: String,
}

impl fmt::Debug for StoredReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, location, etag, body } = self;
        f.debug_struct("StoredReply")
            .field("status", status)
            .field("location", location)
            .field("etag", etag)
            .field("body", &format_args!("{} bytes", body.len()))
            .finish()
    }
}

/// A used idempotency key, the request that used it, and the reply once there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The key with its scope; unique among all claims.
    pub key: IdempotencyKey,
    /// The fingerprint of the request that used the key first.
    pub fingerprint: Fingerprint,
    /// The id of the resource that the request makes: an order number, a transaction or a refund. A retry
    /// finds it by this.
    // Without it a retry after a crash would have no way to find the payment it must not make twice.
    pub resource: String,
    /// The stored reply; `None` while the request runs, or when its process died before it replied.
    pub reply: Option<StoredReply>,
    /// The time of the first use, by the clock of the instance that claimed it.
    pub created_at: Timestamp,
    /// The time from which the claim may be deleted; `None` means never.
    pub expires_at: Option<Timestamp>,
}
