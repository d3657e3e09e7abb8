//! What values can be. Rules never repeat the value.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    ops::RangeInclusive,
    time::Duration,
};

use adapters_crypto::SigningKeys;
use application::auth::revocations::CLOCKS_APART_MAX;
use ipnet::IpNet;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::durations::parse_duration;

/// Longest duration; what lies beyond it is a slip of the pen, and moments that far away no MySQL can store.
const DURATION_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// Most threads that answer requests.
const WORKERS_MAX: usize = 512;

type Parsed<T> = Result<T, String>;

pub(super) fn address(text: &str) -> Parsed<SocketAddr> {
    text.parse().map_err(|_| "must be an address and a port, such as 127.0.0.1:8080".into())
}

pub(super) fn redis_url(text: &str) -> Parsed<SecretString> {
    let rule = "must be redis://host:port, with user:password@ before or /database after it if need be";
    let is_number = |it: &str| it.is_empty() || it.parse::<u16>().is_ok();
    let sound = |it: &Url| {
        it.scheme() == "redis"
            && it.has_host()
            && is_number(it.path().trim_start_matches('/'))
            && is_plain(it)
    };
    Url::parse(text).ok().filter(sound).map(|_| text.into()).ok_or_else(|| rule.into())
}

pub(super) fn memcached_url(text: &str) -> Parsed<String> {
    let sound = |it: &Url| {
        it.scheme() == "memcache" && it.has_host() && is_anonymous(it) && it.path().is_empty() && is_plain(it)
    };
    let url = Url::parse(text).ok().filter(sound);
    url.map(|_| text.to_owned()).ok_or_else(|| "must be memcache://host:port".into())
}

/// Without options, and with a port that is none or some.
fn is_plain(url: &Url) -> bool {
    url.query().is_none() && url.fragment().is_none() && url.port() != Some(0)
}

fn is_anonymous(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

/// Above zero.
pub(super) fn duration(text: &str) -> Parsed<Duration> {
    let duration = parse_duration(text).and_then(|it| Duration::try_from(it).ok());
    let within = |it: &Duration| !it.is_zero() && *it <= DURATION_MAX;
    duration
        .filter(within)
        .ok_or_else(|| "must be a duration above zero and of at most 3650d, such as 500ms, 30m or 7d".into())
}

/// A duration with or without a sign, no longer than clocks may be apart, in milliseconds.
pub(super) fn clock_offset(text: &str) -> Parsed<i64> {
    if text == "0" {
        return Ok(0);
    }
    let offset = parse_duration(text).filter(|it| it.unsigned_abs() <= CLOCKS_APART_MAX);
    let millis = offset.and_then(|it| i64::try_from(it.as_millis()).ok());
    millis.ok_or_else(|| "must be 0 or a duration of at most 10s with a sign, such as +50ms or -8s".into())
}

/// Of at least a second: tokens count in whole ones.
pub(super) fn whole_seconds(text: &str) -> Parsed<Duration> {
    let duration = duration(text)?;
    let whole = duration.subsec_nanos() == 0;
    if whole { Ok(duration) } else { Err("must be a duration in whole seconds, such as 15m".into()) }
}

pub(super) fn within(range: RangeInclusive<u32>) -> impl Fn(&str) -> Parsed<u32> {
    move |text| {
        let number = text.parse().ok().filter(|it| range.contains(it));
        number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
    }
}

pub(super) fn workers(text: &str) -> Parsed<NonZeroUsize> {
    let number = text.parse().ok().filter(|it: &NonZeroUsize| it.get() <= WORKERS_MAX);
    number.ok_or_else(|| format!("must be a whole number from 1 to {WORKERS_MAX}"))
}

/// One a core, as far as that goes.
pub(super) fn cores() -> NonZeroUsize {
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    NonZeroUsize::new(WORKERS_MAX).map_or(cores, |most| cores.min(most))
}

/// Addresses or networks with commas between them.
pub(super) fn networks(text: &str) -> Parsed<Vec<IpNet>> {
    let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let parse = |it: &str| it.parse().ok().or_else(|| it.parse::<IpAddr>().ok().map(IpNet::from));
    let all: Option<Vec<_>> = parts.map(parse).collect();
    all.ok_or_else(|| "must be networks with commas between them, such as 10.0.0.0/8,fd00::/8".into())
}

/// Scheme, host and port of an HTTP service, without a slash at the end.
pub(super) fn base_url(text: &str) -> Parsed<String> {
    let sound = |it: &Url| it.has_host() && is_anonymous(it) && it.path() == "/" && is_plain(it);
    match Url::parse(text).ok().filter(sound) {
        Some(url) if url.scheme() == "http" => Ok(url.as_str().trim_end_matches('/').to_owned()),
        Some(url) if url.scheme() == "https" => {
            Err("must be http://: the sandbox brings its notices without TLS, so name an address within"
                .into())
        }
        Some(_) | None => Err("must be http://, host and port, such as http://10.0.0.5:8080".into()),
    }
}

pub(super) fn jwt_secret(text: &str) -> Parsed<SecretString> {
    SigningKeys::parse(text).map_err(|it| it.to_string())?;
    Ok(text.into())
}

/// What may be told of a parser's message: its first line, which says where. The next one repeats what stands there.
pub(super) fn place(message: &str) -> String {
    let first = message.lines().next().filter(|it| it.starts_with("TOML parse error at "));
    first.unwrap_or("it is no TOML").to_owned()
}

pub(super) fn log(text: &str) -> Parsed<String> {
    let filter = EnvFilter::try_new(text);
    filter.map(|_| text.to_owned()).map_err(|_| "must be a filter, such as info or info,api=debug".into())
}
