//! The parsers of values. Each returns the rule that a value breaks and never repeats the value.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use adapters_crypto::SigningKeys;
use application::{OperatorTotp, auth::revocations::CLOCK_SKEW_MAX};
use ipnet::IpNet;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::durations::parse_signed_duration;
use crate::log::LogFormat;

/// Longest duration. More is a mistake in the unit, and MySQL could not store the times that follow from it:
/// its last one is in 2038.
const DURATION_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// The largest `gateway_concurrency`.
const CONCURRENCY_MAX: usize = 10_000;
/// Most worker threads that can be set.
const WORKERS_MAX: usize = 512;

type ParseResult<T> = Result<T, String>;

pub(super) fn parse_address(text: &str) -> ParseResult<SocketAddr> {
    text.parse().map_err(|_| "must be an address and a port, such as 127.0.0.1:8080".into())
}

/// The path of a file, which is read at the start.
pub(super) fn parse_path(text: &str) -> ParseResult<PathBuf> {
    if text.is_empty() { Err("must be the path of a file".to_owned()) } else { Ok(text.into()) }
}

/// Whether the URL has no query, no fragment, an ASCII host and not the port 0, which is no port to connect
/// to.
fn is_plain(url: &Url) -> bool {
    // With a scheme that is not `http`, the parser encodes all other characters of a host with `%`. No such
    // name can be resolved.
    let is_ascii = url.host_str().is_none_or(|it| !it.contains('%'));
    is_ascii && url.query().is_none() && url.fragment().is_none() && url.port() != Some(0)
}

// Where a password has no use it is refused, because such a URL is shown and logged as it is.
fn is_anonymous(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

/// A duration above zero, of at most ten years.
pub(crate) fn parse_duration(text: &str) -> ParseResult<Duration> {
    let duration = parse_signed_duration(text).and_then(|it| Duration::try_from(it).ok());
    let within = |it: &Duration| !it.is_zero() && *it <= DURATION_MAX;
    duration
        .filter(within)
        .ok_or_else(|| "must be a duration above zero and of at most 3650d, such as 500ms, 30m or 7d".into())
}

/// A duration with or without a sign, in milliseconds, within the difference that clocks of instances may
/// have.
pub(super) fn parse_clock_offset(text: &str) -> ParseResult<i64> {
    if text == "0" {
        return Ok(0);
    }
    let offset = parse_signed_duration(text).filter(|it| it.unsigned_abs() <= CLOCK_SKEW_MAX);
    let millis = offset.and_then(|it| i64::try_from(it.as_millis()).ok());
    millis.ok_or_else(|| "must be 0 or a duration of at most 10s with a sign, such as +50ms or -8s".into())
}

/// A duration in whole seconds, because tokens state their times in seconds.
pub(super) fn parse_whole_seconds(text: &str) -> ParseResult<Duration> {
    let duration = parse_duration(text)?;
    let whole = duration.subsec_nanos() == 0;
    if whole { Ok(duration) } else { Err("must be a duration in whole seconds, such as 15m".into()) }
}

pub(super) fn range_parser(range: RangeInclusive<u32>) -> impl Fn(&str) -> ParseResult<u32> {
    move |text| {
        let number = text.parse().ok().filter(|it| range.contains(it));
        number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

/// Parses the number of calls to one gateway at once, from 1 to [`CONCURRENCY_MAX`].
pub(super) fn concurrency(text: &str) -> ParseResult<usize> {
    let number = text.parse().ok().filter(|it| (1..=CONCURRENCY_MAX).contains(it));
    number.ok_or_else(|| format!("must be a whole number from 1 to {CONCURRENCY_MAX}"))
}

pub(super) fn parse_workers(text: &str) -> ParseResult<NonZeroUsize> {
    let number = text.parse().ok().filter(|it: &NonZeroUsize| it.get() <= WORKERS_MAX);
    number.ok_or_else(|| format!("must be a whole number from 1 to {WORKERS_MAX}"))
}

/// One worker per core, within the most that can be set; one when the number of cores is unknown.
pub(super) fn core_count() -> NonZeroUsize {
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(WORKERS_MAX).map_or(cores, |most| cores.min(most))
}

/// Whether operators need a second factor.
pub(super) fn parse_operator_totp(text: &str) -> ParseResult<OperatorTotp> {
    let known = [OperatorTotp::Optional, OperatorTotp::Required];
    let found = known.into_iter().find(|it| it.as_str() == text);
    found.ok_or_else(|| "must be optional or required".into())
}

/// Addresses or networks with commas between them.
pub(super) fn parse_networks(text: &str) -> ParseResult<Vec<IpNet>> {
    let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let parse = |it: &str| it.parse().ok().or_else(|| it.parse::<IpAddr>().ok().map(IpNet::from));
    let all: Option<Vec<_>> = parts.map(parse).collect();
    all.ok_or_else(|| "must be networks with commas between them, such as 10.0.0.0/8,fd00::/8".into())
}

/// Scheme, host and port of an HTTP service, without a slash at the end.
pub(super) fn parse_base_url(text: &str) -> ParseResult<String> {
    let is_http = |it: &Url| matches!(it.scheme(), "http" | "https");
    let sound =
        |it: &Url| is_http(it) && it.has_host() && is_anonymous(it) && it.path() == "/" && is_plain(it);
    let url = Url::parse(text).ok().filter(sound);
    url.map(|it| it.as_str().trim_end_matches('/').to_owned())
        .ok_or_else(|| "must be http:// or https://, host and port, such as https://shop.example".into())
}

/// The address of a gateway's API, as it is written. The gateway checks the rest when it is opened.
pub(super) fn parse_api_base(text: &str) -> ParseResult<String> {
    let url = Url::parse(text).ok().filter(|it| it.has_host() && is_anonymous(it) && is_plain(it));
    url.map(|_| text.to_owned())
        .ok_or_else(|| "must be https://host[:port][/path], or http:// to an address of this machine".into())
}

/// On or off.
pub(super) fn parse_switch(text: &str) -> ParseResult<bool> {
    text.parse().map_err(|_| "must be true or false".into())
}

pub(super) fn parse_jwt_secret(text: &str) -> ParseResult<SecretString> {
    SigningKeys::parse(text).map_err(|it| it.to_string())?;
    Ok(text.into())
}

/// The part of a parser's message that may be shown: its first line, with the place of the fault. The next
/// line repeats the text of the file, which may be a secret.
pub(super) fn error_location(message: &str) -> String {
    let first = message.lines().next().filter(|it| it.starts_with("TOML parse error at "));
    first.unwrap_or("it is no TOML").to_owned()
}

pub(super) fn parse_log_filter(text: &str) -> ParseResult<String> {
    let filter = EnvFilter::try_new(text);
    filter.map(|_| text.to_owned()).map_err(|_| "must be a filter, such as info or info,api=debug".into())
}

pub(super) fn parse_log_format(text: &str) -> ParseResult<LogFormat> {
    LogFormat::parse(text).ok_or_else(|| "must be auto, json or text".into())
}
