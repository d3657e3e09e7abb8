//! Parameters that several operations share, described once.

use utoipa::IntoParams;

/// The key of an operation that requires one.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// Names this request: 1 to 255 visible ASCII characters, bare or quoted. The same key with the same
    /// request gets the first answer again.
    #[param(rename = "Idempotency-Key", example = "5d0c1f9a-7c55-4f0e-9d55-0b8a6f0e4c1d")]
    pub idempotency_key: String,
}

/// The key of an operation that does not require one.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct OptionalKeyHeader {
    /// Names this request: 1 to 255 visible ASCII characters, bare or quoted. The same key with the same
    /// request gets the first answer again, for at least 24 h.
    #[param(rename = "Idempotency-Key", example = "5d0c1f9a-7c55-4f0e-9d55-0b8a6f0e4c1d")]
    pub idempotency_key: Option<String>,
}

/// The condition that keeps a write from overwriting a version that the client has not seen.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatchHeader {
    /// The `ETag` of the version that the write is meant for; 412 if the resource has another one.
    #[param(rename = "If-Match", example = "\"1\"")]
    pub if_match: Option<String>,
}

/// The condition that keeps a write from replacing an existing resource.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfAbsentHeader {
    /// `*`: write only if the resource does not exist yet. Or the `ETag`s of versions that must not be
    /// overwritten.
    #[param(rename = "If-None-Match", example = "*")]
    pub if_none_match: Option<String>,
}

/// The condition that saves sending a version that the client has.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatchHeader {
    /// The `ETag` of the version that the client has; 304 if the resource still has it.
    #[param(rename = "If-None-Match", example = "\"1\"")]
    pub if_none_match: Option<String>,
}

/// The parameters of every list that is read in pages.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// The `nextCursor` of the previous page; without it, the first page.
    pub cursor: Option<String>,
    /// Largest number of elements on the page, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}
