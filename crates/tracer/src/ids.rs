//! The ids of traces and spans: random numbers that are not zero, written as lower-case hexadecimal digits.

use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::BuildHasher,
    num::NonZero,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// The id of a trace: 16 bytes, never all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZero<u128>);

/// The id of a span within its trace: 8 bytes, never all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZero<u64>);

impl TraceId {
    /// Makes a random id. It is no secret: it only has to differ from others.
    #[must_use]
    pub fn random() -> Self {
        let number = (u128::from(random_number()) << 64) | u128::from(random_number());
        Self(NonZero::new(number).unwrap_or(NonZero::<u128>::MAX))
    }

    /// Parses 32 lower-case hexadecimal digits; `None` for anything else, and for zero.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        is_lower_hex(text, 32).then(|| u128::from_str_radix(text, 16).ok().and_then(NonZero::new))?.map(Self)
    }

    /// The 16 bytes, most significant first.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }

    /// The low 56 bits, which are random also in ids of older systems (W3C Trace Context 2, random trace id).
    pub(crate) const fn random_bits(self) -> u128 {
        self.0.get() & ((1 << 56) - 1)
    }
}

impl SpanId {
    /// Makes a random id, as [`TraceId::random`] does.
    #[must_use]
    pub fn random() -> Self {
        Self(NonZero::new(random_number()).unwrap_or(NonZero::<u64>::MAX))
    }

    /// Parses 16 lower-case hexadecimal digits; `None` for anything else, and for zero.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        is_lower_hex(text, 16).then(|| u64::from_str_radix(text, 16).ok().and_then(NonZero::new))?.map(Self)
    }

    /// The 8 bytes, most significant first.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

/// Whether the text is this number of digits. A sign, which the parser of numbers takes, is none.
pub(crate) fn is_lower_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

/// A number that differs from all others of this process, and from those of other processes.
fn random_number() -> u64 {
    // A keyed hash of a counter: the keys are random in each process. It costs no system call, which a request
    // without spans should not pay for.
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    KEYS.hash_one(COUNT.fetch_add(1, Relaxed))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_and_are_read_as_they_are_written() {
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let (trace, span) = (TraceId::random(), SpanId::random());
            assert!(seen.insert(trace.to_bytes().to_vec()) && seen.insert(span.to_bytes().to_vec()));
            assert_eq!(TraceId::parse(&trace.to_string()), Some(trace));
            assert_eq!(SpanId::parse(&span.to_string()), Some(span));
        }
    }

    #[test]
    fn what_is_no_id_is_not_read() {
        for bad in ["", "0", "0000000000000000", "+00000000000000a", "00000000000000A1", "00f067aa0ba902b"] {
            assert_eq!(SpanId::parse(bad), None, "{bad}");
        }
    }
}
