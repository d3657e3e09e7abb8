//! What makes a request that is sent twice happen once.

use domain::{Timestamp, UserKey};

/// A client's idempotency key within its scope: the user, if there is one, and the route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey {
    /// Whose key it is; `None` where there is no user yet, as at a registration.
    pub user: Option<UserKey>,
    /// For which route, as `POST /v1/orders/{orderNumber}/payments`.
    pub route: &'static str,
    /// The key, 1-255 visible ASCII characters, without quotes.
    pub key: String,
}

/// The digest of route, path and canonical JSON: two requests with one are the same request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(pub String);

/// An answer as it was given, to be given again byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// The HTTP status. Opaque here.
    pub status: u16,
    /// Where what was made is to be found.
    pub location: Option<String>,
    /// Its entity tag.
    pub etag: Option<String>,
    /// The body.
    pub body: String,
}

/// An idempotency key that has been used: what for, and the answer once there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The key.
    pub key: IdempotencyKey,
    /// The request that used it.
    pub fingerprint: Fingerprint,
    /// The id of what the request made, by which a retry finds it: an order number, a transaction or a refund.
    pub resource: String,
    /// The answer; `None` while the request runs, or when its process died.
    pub reply: Option<StoredReply>,
    /// When it was first used.
    pub created_at: Timestamp,
    /// When it may be forgotten; `None` is never.
    pub expires_at: Option<Timestamp>,
}
