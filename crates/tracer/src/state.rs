//! `tracestate`: what the systems of a trace tell each other. This service passes it on and reads nothing of it.

use std::sync::Arc;

/// Longest state that is passed on, in bytes: the length that every system must pass on.
const BYTES_MAX: usize = 512;
/// Most members of a state.
const MEMBERS_MAX: usize = 32;
/// Longest key and longest value, in bytes.
const PART_BYTES_MAX: usize = 256;

/// The state, if all of its members are valid; otherwise `None`, and the trace goes on without one.
pub(crate) fn parse_state(text: &str) -> Option<Arc<str>> {
    let members: Vec<_> = text.split(',').map(|it| it.trim_matches([' ', '\t'])).collect();
    let named = members.iter().filter(|it| !it.is_empty()).count();
    let is_valid = text.len() <= BYTES_MAX
        && (1..=MEMBERS_MAX).contains(&named)
        && members.iter().all(|it| it.is_empty() || is_member(it));
    is_valid.then(|| text.trim_matches([' ', '\t']).into())
}

fn is_member(member: &str) -> bool {
    member.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value))
}

fn is_key(key: &str) -> bool {
    let is_part = |it: u8| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    let starts_well = key.bytes().next().is_some_and(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
    starts_well && key.len() <= PART_BYTES_MAX && key.bytes().all(is_part)
}

fn is_value(value: &str) -> bool {
    let is_part = |it: u8| it == b' ' || (it.is_ascii_graphic() && !matches!(it, b',' | b'='));
    !value.is_empty() && value.len() <= PART_BYTES_MAX && value.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_passed_on_as_it_is() {
        for good in ["rojo=00f067aa0ba902b7", "congo=t61rcWkgMzE, rojo=1", "tenant@system=a b", "a=1,,b=2"] {
            assert_eq!(parse_state(good).as_deref(), Some(good), "{good}");
        }
    }

    #[test]
    fn a_state_that_breaks_a_rule_is_left_out() {
        let long = format!("a={}", "x".repeat(257));
        let many = vec!["a=1"; 33].join(",");
        for bad in ["", ",", "a", "A=1", "=1", "a=", "a=1=2", "a=\u{e4}", "a=1\r\nb: 2", &long, &many] {
            assert_eq!(parse_state(bad), None, "{bad}");
        }
    }
}
