//! The tables, with the names that they have in the database. `user`, `orders`, `order_items`,
//! `order_status_history` and `payment_transactions` come from the Express app.

mod account_tasks;
mod catalogue;
mod feed;
mod keys;
mod webhooks;

use diesel::{allow_tables_to_appear_in_same_query, table};

pub(crate) use self::{
    account_tasks::{erasures, mails, password_resets, second_factors},
    catalogue::{product_changes, products},
    feed::{feed_events, feed_sequencer},
    keys::api_keys,
    webhooks::{webhook_deliveries, webhook_endpoints},
};

table! {
    user (id) {
        id -> BigInt,
        username -> Text,
        password -> Text,
        email -> Text,
        created_at -> crate::dialect::TimestampType,
        #[sql_name = "publicId"]
        public_id -> Text,
        #[sql_name = "usernameFolded"]
        username_folded -> Text,
        #[sql_name = "emailFolded"]
        email_folded -> Text,
        role -> Text,
        #[sql_name = "hashCost"]
        hash_cost -> BigInt,
        disabled -> Bool,
        changed_at -> Nullable<crate::dialect::TimestampType>,
        last_login_at -> Nullable<crate::dialect::TimestampType>,
        guards -> BigInt,
        second_factor_at -> Nullable<crate::dialect::TimestampType>,
        email_verified_at -> Nullable<crate::dialect::TimestampType>,
        email_revision -> BigInt,
    }
}

table! {
    orders (id) {
        id -> BigInt,
        #[sql_name = "userId"]
        user_id -> BigInt,
        #[sql_name = "orderNumber"]
        order_number -> Text,
        status -> Text,
        amount -> crate::dialect::AmountType,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        #[sql_name = "updatedAt"]
        updated_at -> crate::dialect::TimestampType,
        currency -> Text,
        version -> BigInt,
        revision -> BigInt,
        #[sql_name = "lastSequence"]
        last_sequence -> BigInt,
        #[sql_name = "cameFrom"]
        came_from -> Nullable<Text>,
        #[sql_name = "expiresAt"]
        expires_at -> crate::dialect::TimestampType,
        #[sql_name = "statusChangedAt"]
        status_changed_at -> crate::dialect::TimestampType,
    }
}

table! {
    order_details (order_id) {
        #[sql_name = "orderId"]
        order_id -> BigInt,
        #[sql_name = "userId"]
        user_id -> BigInt,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        reference -> Nullable<Text>,
        metadata -> Nullable<Text>,
        contact -> Nullable<Text>,
        #[sql_name = "shippingAddress"]
        shipping_address -> Nullable<Text>,
        tracking -> Nullable<Text>,
    }
}

table! {
    order_items (id) {
        id -> BigInt,
        #[sql_name = "orderId"]
        order_id -> BigInt,
        #[sql_name = "productId"]
        product_id -> Text,
        quantity -> BigInt,
        price -> crate::dialect::AmountType,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        #[sql_name = "updatedAt"]
        updated_at -> crate::dialect::TimestampType,
        name -> Text,
        #[sql_name = "holdsStock"]
        holds_stock -> Bool,
        position -> BigInt,
        restocked -> BigInt,
    }
}

table! {
    order_status_history (id) {
        id -> BigInt,
        #[sql_name = "orderId"]
        order_id -> BigInt,
        sequence -> BigInt,
        #[sql_name = "fromStatus"]
        from_status -> Text,
        #[sql_name = "toStatus"]
        to_status -> Text,
        #[sql_name = "changedBy"]
        changed_by -> BigInt,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        actor -> Text,
        reason -> Nullable<Text>,
    }
}

table! {
    payment_transactions (id) {
        id -> BigInt,
        order_id -> Text,
        transaction_id -> Text,
        status -> Text,
        amount -> crate::dialect::AmountType,
        currency -> Text,
        card_last4 -> Nullable<Text>,
        card_brand -> Nullable<Text>,
        authorization_code -> Nullable<Text>,
        captured_amount -> Nullable<crate::dialect::AmountType>,
        captured_at -> Nullable<crate::dialect::TimestampType>,
        failure_reason -> Nullable<Text>,
        response_code -> Nullable<Text>,
        created_at -> crate::dialect::TimestampType,
        updated_at -> crate::dialect::TimestampType,
        order_key -> BigInt,
        sequence -> BigInt,
        gateway -> Text,
        token -> Text,
        capture_method -> Text,
        authorized_at -> Nullable<crate::dialect::TimestampType>,
        failed_at -> Nullable<crate::dialect::TimestampType>,
        voided_at -> Nullable<crate::dialect::TimestampType>,
        surplus -> Bool,
        displaced -> Bool,
        asked -> Nullable<Text>,
        asked_amount -> Nullable<crate::dialect::AmountType>,
        refunded_amount -> crate::dialect::AmountType,
        disputed_amount -> Nullable<crate::dialect::AmountType>,
        occupies_order -> Nullable<BigInt>,
        check_at -> Nullable<crate::dialect::TimestampType>,
        checks -> BigInt,
    }
}

table! {
    refunds (id) {
        id -> BigInt,
        transaction_key -> BigInt,
        gateway -> Text,
        sequence -> BigInt,
        refund_id -> Text,
        amount -> crate::dialect::AmountType,
        status -> Text,
        succeeded_at -> Nullable<crate::dialect::TimestampType>,
        failed_at -> Nullable<crate::dialect::TimestampType>,
        withdrawn -> Bool,
        requested_by -> BigInt,
        actor -> Text,
        reason -> Nullable<Text>,
        created_at -> crate::dialect::TimestampType,
        check_at -> Nullable<crate::dialect::TimestampType>,
        checks -> BigInt,
        items -> Nullable<Text>,
        metadata -> Nullable<Text>,
    }
}

table! {
    payment_requests (id) {
        id -> BigInt,
        transaction_key -> BigInt,
        kind -> Text,
        amount -> crate::dialect::AmountType,
        requested_by -> BigInt,
        actor -> Text,
        requested_at -> crate::dialect::TimestampType,
    }
}

table! {
    gateway_references (id) {
        id -> BigInt,
        gateway -> Text,
        kind -> Text,
        reference -> Text,
        transaction_key -> BigInt,
        owner -> Text,
        learnt_at -> crate::dialect::TimestampType,
    }
}

table! {
    payment_next_actions (transaction_key) {
        transaction_key -> BigInt,
        content -> Text,
    }
}

table! {
    payment_metadata (transaction_key) {
        transaction_key -> BigInt,
        content -> Text,
    }
}

table! {
    gateway_attempts (id) {
        id -> BigInt,
        attempt_id -> Text,
        transaction_key -> BigInt,
        refund_id -> Nullable<Text>,
        operation -> Text,
        request -> Text,
        outcome -> Text,
        http_status -> Nullable<BigInt>,
        answer -> Text,
        started_at -> crate::dialect::TimestampType,
        duration_ms -> BigInt,
    }
}

table! {
    dispute_events (id) {
        id -> BigInt,
        transaction_key -> BigInt,
        event_id -> Text,
        dispute_id -> Nullable<Text>,
        status -> Text,
        amount -> crate::dialect::AmountType,
        occurred_at -> crate::dialect::TimestampType,
    }
}

table! {
    payment_events (id) {
        id -> BigInt,
        gateway -> Text,
        event_id -> Text,
        kind -> Nullable<Text>,
        transaction_id -> Nullable<Text>,
        reference_kind -> Nullable<Text>,
        reference -> Nullable<Text>,
        raw -> Text,
        disposition -> Text,
        received_at -> crate::dialect::TimestampType,
    }
}

table! {
    findings (id) {
        id -> BigInt,
        finding_id -> Text,
        kind -> Text,
        gateway -> Nullable<Text>,
        event_id -> Nullable<Text>,
        transaction_id -> Nullable<Text>,
        order_number -> Nullable<Text>,
        detail -> Text,
        created_at -> crate::dialect::TimestampType,
        resolved_at -> Nullable<crate::dialect::TimestampType>,
        note -> Nullable<Text>,
        resolved -> Bool,
        subject -> Nullable<Text>,
        resolved_by -> Nullable<BigInt>,
        resolved_actor -> Nullable<Text>,
    }
}

table! {
    commit_probe (id) {
        id -> BigInt,
        probed_at -> crate::dialect::TimestampType,
        filling -> Text,
    }
}

table! {
    sessions (id) {
        id -> BigInt,
        #[sql_name = "sessionId"]
        session_id -> Text,
        #[sql_name = "userId"]
        user_id -> BigInt,
        generation -> BigInt,
        #[sql_name = "rotatedAt"]
        rotated_at -> crate::dialect::TimestampType,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        #[sql_name = "expiresAt"]
        expires_at -> crate::dialect::TimestampType,
        #[sql_name = "revokedAt"]
        revoked_at -> Nullable<crate::dialect::TimestampType>,
        spent -> Text,
        network -> Text,
        #[sql_name = "userAgent"]
        user_agent -> Text,
    }
}

table! {
    open_order_counts (user_id, product_id) {
        #[sql_name = "userId"]
        user_id -> BigInt,
        #[sql_name = "productId"]
        product_id -> Text,
        total -> BigInt,
        placed -> BigInt,
    }
}

table! {
    idempotency_claims (id) {
        id -> BigInt,
        #[sql_name = "userId"]
        user_id -> BigInt,
        route -> Text,
        #[sql_name = "idempotencyKey"]
        idempotency_key -> Text,
        fingerprint -> Text,
        resource -> Text,
        #[sql_name = "replyStatus"]
        reply_status -> Nullable<Integer>,
        #[sql_name = "replyLocation"]
        reply_location -> Nullable<Text>,
        #[sql_name = "replyEtag"]
        reply_etag -> Nullable<Text>,
        #[sql_name = "replyBody"]
        reply_body -> Nullable<Text>,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::TimestampType,
        #[sql_name = "expiresAt"]
        expires_at -> Nullable<crate::dialect::TimestampType>,
    }
}

allow_tables_to_appear_in_same_query!(order_details, orders, payment_transactions);
allow_tables_to_appear_in_same_query!(order_status_history, orders, user);
allow_tables_to_appear_in_same_query!(payment_events, payment_transactions);
allow_tables_to_appear_in_same_query!(product_changes, products, user);
allow_tables_to_appear_in_same_query!(refunds, payment_transactions);
allow_tables_to_appear_in_same_query!(payment_requests, payment_transactions, user);
allow_tables_to_appear_in_same_query!(findings, user);
allow_tables_to_appear_in_same_query!(open_order_counts, user);
allow_tables_to_appear_in_same_query!(refunds, user);
allow_tables_to_appear_in_same_query!(dispute_events, payment_transactions);
allow_tables_to_appear_in_same_query!(gateway_references, payment_transactions);
allow_tables_to_appear_in_same_query!(payment_metadata, payment_next_actions, payment_transactions);
allow_tables_to_appear_in_same_query!(gateway_references, payment_events);
allow_tables_to_appear_in_same_query!(order_details, user);
allow_tables_to_appear_in_same_query!(erasures, orders);
allow_tables_to_appear_in_same_query!(webhook_deliveries, webhook_endpoints);
