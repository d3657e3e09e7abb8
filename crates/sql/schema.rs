//! The tables. Names are those of the record; the first five tables are older than this service.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    user (id) {
        id -> BigInt,
        username -> Text,
        password -> Text,
        email -> Text,
        created_at -> crate::dialect::Moment,
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
        changed_at -> Nullable<crate::dialect::Moment>,
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
        amount -> crate::dialect::Amount,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::Moment,
        #[sql_name = "updatedAt"]
        updated_at -> crate::dialect::Moment,
        currency -> Text,
        version -> BigInt,
        revision -> BigInt,
        #[sql_name = "lastSequence"]
        last_sequence -> BigInt,
        #[sql_name = "cameFrom"]
        came_from -> Nullable<Text>,
        #[sql_name = "expiresAt"]
        expires_at -> crate::dialect::Moment,
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
        price -> crate::dialect::Amount,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::Moment,
        #[sql_name = "updatedAt"]
        updated_at -> crate::dialect::Moment,
        name -> Text,
        #[sql_name = "holdsStock"]
        holds_stock -> Bool,
        position -> BigInt,
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
        created_at -> crate::dialect::Moment,
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
        amount -> crate::dialect::Amount,
        currency -> Text,
        card_last4 -> Nullable<Text>,
        card_brand -> Nullable<Text>,
        authorization_code -> Nullable<Text>,
        captured_amount -> Nullable<crate::dialect::Amount>,
        captured_at -> Nullable<crate::dialect::Moment>,
        failure_reason -> Nullable<Text>,
        response_code -> Nullable<Text>,
        created_at -> crate::dialect::Moment,
        updated_at -> crate::dialect::Moment,
        order_key -> BigInt,
        sequence -> BigInt,
        gateway -> Text,
        token -> Text,
        capture_method -> Text,
        authorized_at -> Nullable<crate::dialect::Moment>,
        failed_at -> Nullable<crate::dialect::Moment>,
        voided_at -> Nullable<crate::dialect::Moment>,
        surplus -> Bool,
        displaced -> Bool,
        asked -> Nullable<Text>,
        asked_amount -> Nullable<crate::dialect::Amount>,
        refunded_amount -> crate::dialect::Amount,
        disputed_amount -> Nullable<crate::dialect::Amount>,
        occupies_order -> Nullable<BigInt>,
        check_at -> Nullable<crate::dialect::Moment>,
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
        amount -> crate::dialect::Amount,
        status -> Text,
        succeeded_at -> Nullable<crate::dialect::Moment>,
        failed_at -> Nullable<crate::dialect::Moment>,
        withdrawn -> Bool,
        requested_by -> BigInt,
        actor -> Text,
        reason -> Nullable<Text>,
        created_at -> crate::dialect::Moment,
        check_at -> Nullable<crate::dialect::Moment>,
        checks -> BigInt,
    }
}

table! {
    payment_requests (id) {
        id -> BigInt,
        transaction_key -> BigInt,
        kind -> Text,
        amount -> crate::dialect::Amount,
        requested_by -> BigInt,
        actor -> Text,
        requested_at -> crate::dialect::Moment,
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
        learnt_at -> crate::dialect::Moment,
    }
}

table! {
    dispute_events (id) {
        id -> BigInt,
        transaction_key -> BigInt,
        event_id -> Text,
        dispute_id -> Nullable<Text>,
        status -> Text,
        amount -> crate::dialect::Amount,
        occurred_at -> crate::dialect::Moment,
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
        received_at -> crate::dialect::Moment,
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
        created_at -> crate::dialect::Moment,
        resolved_at -> Nullable<crate::dialect::Moment>,
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
        probed_at -> crate::dialect::Moment,
        filling -> Text,
    }
}

table! {
    products (id) {
        id -> BigInt,
        #[sql_name = "productId"]
        product_id -> Text,
        name -> Text,
        price -> crate::dialect::Amount,
        currency -> Text,
        stock -> Nullable<BigInt>,
        active -> Bool,
        version -> BigInt,
        moves -> BigInt,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::Moment,
        #[sql_name = "updatedAt"]
        updated_at -> crate::dialect::Moment,
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
        price -> crate::dialect::Amount,
        currency -> Text,
        active -> Bool,
        stock -> Text,
        quantity -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        #[sql_name = "changedBy"]
        changed_by -> BigInt,
        actor -> Text,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::Moment,
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
        rotated_at -> crate::dialect::Moment,
        #[sql_name = "createdAt"]
        created_at -> crate::dialect::Moment,
        #[sql_name = "expiresAt"]
        expires_at -> crate::dialect::Moment,
        #[sql_name = "revokedAt"]
        revoked_at -> Nullable<crate::dialect::Moment>,
        spent -> Text,
        network -> Text,
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
        created_at -> crate::dialect::Moment,
        #[sql_name = "expiresAt"]
        expires_at -> Nullable<crate::dialect::Moment>,
    }
}

allow_tables_to_appear_in_same_query!(orders, payment_transactions);
allow_tables_to_appear_in_same_query!(order_status_history, user);
allow_tables_to_appear_in_same_query!(payment_events, payment_transactions);
allow_tables_to_appear_in_same_query!(product_changes, products, user);
allow_tables_to_appear_in_same_query!(refunds, payment_transactions);
allow_tables_to_appear_in_same_query!(payment_requests, payment_transactions, user);
allow_tables_to_appear_in_same_query!(findings, user);
allow_tables_to_appear_in_same_query!(dispute_events, payment_transactions);
allow_tables_to_appear_in_same_query!(gateway_references, payment_transactions);
allow_tables_to_appear_in_same_query!(gateway_references, payment_events);
