//! Which node of a cluster has which keys.
//!
//! A cluster divides all keys among 16384 slots, by a checksum of the key, or of the part of it between the first `{` and
//! the next `}`: keys with the same part are together. Each node has ranges of slots.

use crc16::{State, XMODEM};
use redis::{FromRedisValue, Value};

/// The number of slots of every cluster.
pub(crate) const SLOTS: u16 = 16_384;

/// The address of a node: host and port.
pub(crate) type NodeAddress = (String, u16);

/// The slot of a key, which is below [`SLOTS`].
pub(crate) fn slot_of(key: &str) -> u16 {
    State::<XMODEM>::calculate(hashed_part(key).as_bytes()) & (SLOTS - 1)
}

/// The part of a key that decides where it is.
fn hashed_part(key: &str) -> &str {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    tag.filter(|it| !it.is_empty()).unwrap_or(key)
}

/// The master of each slot, as one node of the cluster knew it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SlotMap {
    /// First and last slot with their master, in ascending order.
    ranges: Vec<(u16, u16, NodeAddress)>,
}

impl SlotMap {
    /// Reads the answer to `CLUSTER SLOTS`. A node that does not say its host is at the host that was asked.
    pub(crate) fn parse(answer: &Value, asked_host: &str) -> Self {
        let Value::Array(ranges) = answer else { return Self::default() };
        let mut ranges: Vec<_> = ranges.iter().filter_map(|it| parse_range(it, asked_host)).collect();
        ranges.sort();
        Self { ranges }
    }

    /// The master of a slot; `None` when the cluster has none, or none is known.
    pub(crate) fn find_master(&self, slot: u16) -> Option<&NodeAddress> {
        let next = self.ranges.partition_point(|(first, ..)| *first <= slot);
        let (_, last, master) = self.ranges.get(next.checked_sub(1)?)?;
        (slot <= *last).then_some(master)
    }

    /// Every master, each once.
    pub(crate) fn masters(&self) -> Vec<&NodeAddress> {
        let mut masters: Vec<_> = self.ranges.iter().map(|(.., master)| master).collect();
        masters.sort();
        masters.dedup();
        masters
    }

    /// Whether every slot has a master.
    pub(crate) fn is_complete(&self) -> bool {
        let mut next = 0;
        for (first, last, _) in &self.ranges {
            if *first > next {
                return false;
            }
            next = next.max(last.saturating_add(1));
        }
        next >= SLOTS
    }
}

fn parse_range(range: &Value, asked_host: &str) -> Option<(u16, u16, NodeAddress)> {
    let Value::Array(parts) = range else { return None };
    // After the master come its replicas, which are not used: they may lag.
    let [first, last, Value::Array(master), ..] = parts.as_slice() else { return None };
    let [host, port, ..] = master.as_slice() else { return None };
    let host = Option::<String>::from_redis_value_ref(host).ok()?.unwrap_or_default();
    let number = |it| u16::from_redis_value_ref(it).ok();
    let (first, last, port) = (number(first)?, number(last)?, number(port)?);
    Some((first, last, (known_host(&host, asked_host)?, port)))
}

/// The host as it can be connected to; `None` when the node does not know its own.
pub(crate) fn known_host(host: &str, asked_host: &str) -> Option<String> {
    match host {
        "?" => None,
        "" | "0.0.0.0" | "::" => Some(asked_host.to_owned()),
        host => Some(host.to_owned()),
    }
}

/// The address in a redirection, `host:port`; an empty host is that of the node that redirects.
pub(crate) fn parse_redirection(target: &str, asked_host: &str) -> Option<NodeAddress> {
    let (host, port) = target.rsplit_once(':')?;
    Some((known_host(host, asked_host)?, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: Option<&str>, port: i64) -> Value {
        let host = host.map_or(Value::Nil, |it| Value::BulkString(it.into()));
        Value::Array(vec![host, Value::Int(port), Value::BulkString("id".into())])
    }

    fn range(first: i64, last: i64, nodes: Vec<Value>) -> Value {
        Value::Array([Value::Int(first), Value::Int(last)].into_iter().chain(nodes).collect())
    }

    #[test]
    fn keys_have_the_slots_of_the_specification() {
        // The checksum of this text is in the specification of Redis Cluster.
        assert_eq!(slot_of("123456789"), 0x31C3);
        for (one, other, together) in [
            ("{user1000}.following", "{user1000}.followers", true),
            ("foo{}{bar}", "foo{}{bar}x", false),
            ("foo{{bar}}zap", "{bar", true),
            ("foo{bar}{zap}", "bar", true),
            ("{open", "{open2", false),
        ] {
            assert_eq!(slot_of(one) == slot_of(other), together, "{one} {other}");
        }
    }

    #[test]
    fn each_slot_has_the_master_that_comes_first() {
        let answer = Value::Array(vec![
            range(8_192, 16_383, vec![node(Some("b"), 2), node(Some("a"), 1)]),
            range(0, 99, vec![node(None, 1), node(Some("b"), 2)]),
            range(101, 8_191, vec![node(Some(""), 1)]),
        ]);
        let map = SlotMap::parse(&answer, "asked");
        let (one, other) = (("asked".to_owned(), 1), ("b".to_owned(), 2));
        for (slot, master) in
            [(0, Some(&one)), (99, Some(&one)), (100, None), (101, Some(&one)), (8_192, Some(&other))]
        {
            assert_eq!(map.find_master(slot), master, "{slot}");
        }
        assert_eq!(map.masters(), [&one, &other]);
        assert!(!map.is_complete());
    }

    #[test]
    fn a_map_is_complete_when_no_slot_is_left_out() {
        let of = |ranges: &[(i64, i64)]| {
            let ranges = ranges.iter().map(|(first, last)| range(*first, *last, vec![node(Some("a"), 1)]));
            SlotMap::parse(&Value::Array(ranges.collect()), "asked").is_complete()
        };
        assert!(of(&[(0, 16_383)]) && of(&[(5_000, 16_383), (0, 4_999)]));
        for partial in [&[][..], &[(1, 16_383)], &[(0, 16_382)], &[(0, 99), (101, 16_383)]] {
            assert!(!of(partial), "{partial:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_an_empty_map() {
        let unknown = Value::Array(vec![range(0, 16_383, vec![node(Some("?"), 1)])]);
        for answer in [Value::Nil, Value::Okay, Value::Array(vec![Value::Int(1)]), unknown] {
            assert_eq!(SlotMap::parse(&answer, "asked"), SlotMap::default());
        }
    }

    #[test]
    fn a_redirection_names_a_node() {
        for (target, expected) in [
            ("a:1", Some(("a", 1))),
            (":1", Some(("asked", 1))),
            ("::1:7000", Some(("::1", 7_000))),
            ("?:1", None),
            ("a", None),
            ("a:b", None),
        ] {
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(parse_redirection(target, "asked"), expected, "{target}");
        }
    }
}
