//! The endpoints of webhooks and the deliveries to them.

use diesel::table;

table! {
    webhook_endpoints (id) {
        id -> BigInt,
        endpoint_id -> Text,
        url -> Text,
        types -> Text,
        description -> Nullable<Text>,
        disabled -> Bool,
        version -> BigInt,
        secret -> Text,
        old_secret -> Nullable<Text>,
        old_secret_until -> Nullable<crate::dialect::TimestampType>,
        feed_cursor -> BigInt,
        enabled_at -> crate::dialect::TimestampType,
        failing_since -> Nullable<crate::dialect::TimestampType>,
        created_at -> crate::dialect::TimestampType,
        updated_at -> crate::dialect::TimestampType,
    }
}

table! {
    webhook_deliveries (id) {
        id -> BigInt,
        delivery_id -> Text,
        endpoint_key -> BigInt,
        message_id -> Text,
        event_type -> Text,
        sequence -> Nullable<BigInt>,
        subject -> Nullable<Text>,
        status -> Text,
        attempts -> BigInt,
        next_attempt_at -> Nullable<crate::dialect::TimestampType>,
        first_attempt_at -> Nullable<crate::dialect::TimestampType>,
        attempt_began_at -> Nullable<crate::dialect::TimestampType>,
        duration_ms -> Nullable<BigInt>,
        http_status -> Nullable<BigInt>,
        answer -> Nullable<Text>,
        created_at -> crate::dialect::TimestampType,
    }
}
