//! The tables of what is to be done about accounts.

use diesel::table;

table! {
    mails (id) {
        id -> BigInt,
        kind -> Text,
        recipient -> Text,
        user_key -> BigInt,
        attempts -> BigInt,
        created_at -> crate::dialect::TimestampType,
        due_at -> crate::dialect::TimestampType,
        expires_at -> crate::dialect::TimestampType,
    }
}

table! {
    password_resets (user_key) {
        user_key -> BigInt,
        requested_at -> crate::dialect::TimestampType,
        expires_at -> crate::dialect::TimestampType,
        token_digest -> Nullable<Text>,
    }
}

table! {
    erasures (user_key) {
        user_key -> BigInt,
        erased_at -> crate::dialect::TimestampType,
        progress -> Text,
        finished -> Bool,
    }
}
