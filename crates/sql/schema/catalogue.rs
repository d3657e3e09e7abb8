//! The tables of products and of their changes.

use diesel::table;

table! {
    products (id) {
        id -> BigInt,
        #[sql_name = "productId"]
        product_id -> Text,
        name -> Text,
        price -> crate::dialect::AmountType,
        currency -> Text,
        stock -> Nullable<BigInt>,
        active -> Bool,
        version -> BigInt,
        moves -> BigInt,
        held -> BigInt,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        #[sql_name = "updatedAt"]
        updated_at -> crate::dialect::TimestampType,
    }
}

table! {
    product_changes (id) {
        id -> BigInt,
        #[sql_name = "changeId"]
        change_id -> Text,
        #[sql_name = "productKey"]
        product_key -> BigInt,
        version -> BigInt,
        price -> crate::dialect::AmountType,
        currency -> Text,
        active -> Bool,
        stock -> Text,
        quantity -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        #[sql_name = "changedBy"]
        changed_by -> BigInt,
        actor -> Text,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
    }
}
