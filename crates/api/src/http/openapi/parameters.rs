//! Parameters that several operations have, said once.

use utoipa::IntoParams;

/// The header that makes a request happen once.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// Names this request: 1 to 255 visible ASCII characters, bare or quoted. The same key with the same request gets the
    /// first answer again.
    #[param(rename = "Idempotency-Key", example = "5d0c1f9a-7c55-4f0e-9d55-0b8a6f0e4c1d")]
    pub idempotency_key: String,
}

/// The same for a request that may do without.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct OptionalKeyHeader {
    /// Names this request: 1 to 255 visible ASCII characters, bare or quoted. The same key with the same request gets the
    /// first answer again, for at least 24 h.
    #[param(rename = "Idempotency-Key", example = "5d0c1f9a-7c55-4f0e-9d55-0b8a6f0e4c1d")]
    pub idempotency_key: Option<String>,
}

/// The header that keeps a write from overwriting what the client has not seen.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatchHeader {
    /// The `ETag` of the version that the write is meant for.
    #[param(rename = "If-Match", example = "\"1\"")]
    pub if_match: Option<String>,
}

/// The header that keeps a write from replacing what is there.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfAbsentHeader {
    /// `*`: write only what is not there yet. Or the `ETag`s of versions that must not be overwritten.
    #[param(rename = "If-None-Match", example = "*")]
    pub if_none_match: Option<String>,
}

/// The header that saves sending what the client has.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatchHeader {
    /// The `ETag` of the version that the client has.
    #[param(rename = "If-None-Match", example = "\"1\"")]
    pub if_none_match: Option<String>,
}

/// The parameters of every list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// The `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}
