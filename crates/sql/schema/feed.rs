//! The tables of the feed of events.

use diesel::{allow_tables_to_appear_in_same_query, table};

use super::erasures;

table! {
    feed_events (id) {
        id -> BigInt,
        event_id -> Text,
        sequence -> Nullable<BigInt>,
        kind -> Text,
        subject_kind -> Text,
        subject -> Text,
        owner -> Nullable<BigInt>,
        data -> Text,
        created_at -> crate::dialect::TimestampType,
        trace_parent -> Nullable<Text>,
    }
}

table! {
    feed_sequencer (id) {
        id -> BigInt,
        next_sequence -> BigInt,
        pruned_to -> BigInt,
        rounds -> BigInt,
    }
}

allow_tables_to_appear_in_same_query!(feed_events, feed_sequencer, erasures);
