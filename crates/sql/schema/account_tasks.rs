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
    second_factors (user_key) {
        user_key -> BigInt,
        sealed_secret -> Text,
        created_at -> crate::dialect::TimestampType,
        confirmed_at -> Nullable<crate::dialect::TimestampType>,
        last_step -> BigInt,
        recovery_digests -> Text,
        revision -> BigInt,
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
