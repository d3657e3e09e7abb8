//! The tables of the feed of events.

use diesel::table;

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
