//! API keys, which are joined with whatever has an author.

use diesel::{allow_tables_to_appear_in_same_query, table};

use super::{
    findings, order_status_history, orders, payment_requests, payment_transactions, product_changes,
    products, refunds, user,
};

table! {
    api_keys (id) {
        id -> BigInt,
        #[sql_name = "keyId"]
        key_id -> Text,
        digest -> Text,
        name -> Text,
        scopes -> Text,
        creator -> BigInt,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        #[sql_name = "expiresAt"]
        expires_at -> Nullable<BigInt>,
        revoked -> Bool,
        #[sql_name = "revokedAt"]
        revoked_at -> Nullable<crate::dialect::TimestampType>,
        #[sql_name = "lastUsedAt"]
        last_used_at -> Nullable<crate::dialect::TimestampType>,
    }
}

allow_tables_to_appear_in_same_query!(api_keys, user);
allow_tables_to_appear_in_same_query!(api_keys, findings);
allow_tables_to_appear_in_same_query!(api_keys, order_status_history);
allow_tables_to_appear_in_same_query!(api_keys, orders);
allow_tables_to_appear_in_same_query!(api_keys, payment_requests);
allow_tables_to_appear_in_same_query!(api_keys, payment_transactions);
allow_tables_to_appear_in_same_query!(api_keys, product_changes);
allow_tables_to_appear_in_same_query!(api_keys, products);
allow_tables_to_appear_in_same_query!(api_keys, refunds);
