-- Payments: the facts from which the service finds the old status again. Their gateway is called `legacy`.

-- An amount that is missing is the captured one or the order's; a currency that is missing is the order's. Of several
-- live payments of an order the oldest that took money keeps other payments away; another that took money is surplus.
-- What has no order, a word that is none, or money that cannot be read or is finer than its currency stays where it is.
INSERT INTO payment_transactions (
    id, order_id, transaction_id, status, amount, currency, card_last4, card_brand, authorization_code, captured_amount,
    captured_at, failure_reason, response_code, created_at, updated_at, order_key, sequence, gateway, token,
    capture_method, authorized_at, failed_at, voided_at, surplus, displaced, asked, asked_amount, refunded_amount,
    disputed_amount, occupies_order, check_at, checks
)
SELECT
    it.id, it.order_id, it.transaction_id, IF(it.live AND it.turn > 1 AND it.word = 'CAPTURED', 'FAILED', it.word),
    it.amount, it.currency, it.card_last4, it.card_brand, it.authorization_code, it.taken,
    IF(it.taken IS NULL, NULL, COALESCE(
        IF(YEAR(it.captured_at) > 0, it.captured_at, NULL), IF(YEAR(it.updated_at) > 0, it.updated_at, NULL), it.ordered_at
    )),
    it.failure_reason, it.response_code, it.begun_at, it.changed_at, it.order_key, it.sequence, 'legacy', '',
    IF(it.word = 'AUTHORIZED', 'MANUAL', 'AUTOMATIC'),
    IF(it.word = 'FAILED', NULL, it.begun_at), IF(it.word = 'FAILED', it.changed_at, NULL),
    IF(it.word = 'VOIDED', it.changed_at, NULL),
    it.live AND it.turn > 1 AND it.word = 'CAPTURED', it.live AND it.turn > 1, NULL, NULL,
    IF(it.word = 'REFUNDED', it.taken, 0), IF(it.word = 'DISPUTED', it.taken, NULL), IF(it.live AND it.turn = 1, it.order_key, NULL), NULL, 0
FROM (
    SELECT
        money.*, money.word IN ('AUTHORIZED', 'CAPTURED', 'DISPUTED') AS live,
        ROW_NUMBER() OVER (
            PARTITION BY money.order_key, money.word IN ('AUTHORIZED', 'CAPTURED', 'DISPUTED')
            ORDER BY money.taken IS NULL, money.id
        ) AS turn,
        ROW_NUMBER() OVER (PARTITION BY money.order_key ORDER BY money.id) AS sequence,
        COALESCE(IF(YEAR(money.created_at) > 0, money.created_at, NULL), money.ordered_at) AS begun_at,
        COALESCE(
            IF(YEAR(money.updated_at) > 0, money.updated_at, NULL), IF(YEAR(money.created_at) > 0, money.created_at, NULL),
            money.ordered_at
        ) AS changed_at
    FROM (
        SELECT
            CAST(old.id AS SIGNED) AS id, old.order_id, old.transaction_id, old.card_last4, old.card_brand,
            old.authorization_code, old.captured_at, old.failure_reason, old.response_code, old.created_at,
            old.updated_at, o.id AS order_key, o.createdAt AS ordered_at,
            UPPER(TRIM(old.status)) AS word, known.code AS currency, known.decimals,
            COALESCE(old.amount, old.captured_amount, o.amount) AS amount,
            IF(
                UPPER(TRIM(old.status)) IN ('CAPTURED', 'REFUNDED', 'DISPUTED'),
                COALESCE(NULLIF(old.captured_amount, 0), old.amount, o.amount), NULL
            ) AS taken
        FROM express_payment_transactions AS old
        JOIN orders AS o ON o.orderNumber = CONVERT(old.order_id USING utf8mb4) COLLATE utf8mb4_bin
        JOIN express_currencies AS known ON known.code = COALESCE(
            NULLIF(UPPER(TRIM(CONVERT(old.currency USING utf8mb4))) COLLATE utf8mb4_bin, ''), o.currency
        )
        WHERE o.id < 4294967296
    ) AS money
    WHERE money.word IN ('AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED', 'DISPUTED', 'VOIDED')
        AND money.amount >= 0
        AND (money.taken IS NULL OR money.taken > 0)
        AND money.amount = TRUNCATE(money.amount, money.decimals)
        AND COALESCE(money.taken = TRUNCATE(money.taken, money.decimals), TRUE)
) AS it
WHERE NOT EXISTS (SELECT 1 FROM payment_transactions AS taken WHERE taken.id = it.id);

-- The app did not store who asked for a payment, so its request has the system as its author.
INSERT INTO payment_requests (transaction_key, kind, amount, requested_by, actor, requested_at)
SELECT it.id, 'PAYMENT', it.amount, 0, 'SYSTEM', it.created_at
FROM payment_transactions AS it
WHERE it.gateway = 'legacy' AND it.id < 4294967296
    AND NOT EXISTS (SELECT 1 FROM payment_requests AS taken WHERE taken.transaction_key = it.id);

-- What was refunded is back as a whole.
INSERT INTO refunds (
    id, transaction_key, gateway, sequence, refund_id, amount, status, succeeded_at, failed_at, withdrawn, requested_by, actor,
    reason, created_at, check_at, checks
)
SELECT
    it.id, it.id, it.gateway, 1, CONCAT('legacy-', it.id), it.captured_amount, 'SUCCEEDED', it.updated_at, NULL, 0, 0,
    'SYSTEM', NULL, it.updated_at, NULL, 0
FROM payment_transactions AS it
WHERE it.gateway = 'legacy' AND it.status = 'REFUNDED' AND it.id < 4294967296
    AND NOT EXISTS (SELECT 1 FROM refunds AS taken WHERE taken.id = it.id);

-- What was disputed is disputed as a whole.
INSERT INTO dispute_events (transaction_key, event_id, dispute_id, status, amount, occurred_at)
SELECT it.id, CONCAT('legacy-', it.id), NULL, 'OPEN', it.captured_amount, it.updated_at
FROM payment_transactions AS it
WHERE it.gateway = 'legacy' AND it.status = 'DISPUTED' AND it.id < 4294967296
    AND NOT EXISTS (SELECT 1 FROM dispute_events AS taken WHERE taken.transaction_key = it.id);

-- What an operator must look at.
INSERT INTO findings (
    id, finding_id, kind, gateway, event_id, transaction_id, order_number, detail, created_at, resolved_at, note
)
SELECT
    it.id, LOWER(HEX(RANDOM_BYTES(16))), 'late-capture', 'legacy', NULL, it.transaction_id, it.order_id,
    'Adopted: another payment of the order had taken money already. Nothing was given back.',
    CURRENT_TIMESTAMP(3), NULL, NULL
FROM payment_transactions AS it
WHERE it.gateway = 'legacy' AND it.surplus = 1 AND it.id < 4294967296
    AND NOT EXISTS (SELECT 1 FROM findings AS taken WHERE taken.id = it.id);

-- Money that was taken for an order which it did not pay: the app ended between two writes, or the order was cancelled. No
-- event of a gateway will come and settle it.
INSERT INTO findings (
    id, finding_id, kind, gateway, event_id, transaction_id, order_number, detail, created_at, resolved_at, note
)
SELECT
    it.id, LOWER(HEX(RANDOM_BYTES(16))), IF(o.status = 'PENDING', 'reconciliation', 'late-capture'), 'legacy', NULL,
    it.transaction_id, it.order_id,
    IF(
        o.status = 'PENDING',
        'Adopted: the payment took money, and its order is not paid. It keeps other payments of the order away, and the order does not expire. Give the money back at the gateway that took it, and cancel the order.',
        'Adopted: the payment took money, and its order ended without being paid. Nothing was given back. Give the money back at the gateway that took it.'
    ),
    CURRENT_TIMESTAMP(3), NULL, NULL
FROM payment_transactions AS it
JOIN orders AS o ON o.id = it.order_key
WHERE it.gateway = 'legacy' AND it.status IN ('CAPTURED', 'DISPUTED') AND it.id < 4294967296
    AND (
        o.status IN ('PENDING', 'CANCELLED')
        OR o.status = 'CLOSED' AND NOT EXISTS (
            SELECT 1 FROM order_status_history AS entry WHERE entry.orderId = o.id AND entry.toStatus = 'PAID'
        )
    )
    AND NOT EXISTS (SELECT 1 FROM findings AS taken WHERE taken.id = it.id);

INSERT INTO findings (
    id, finding_id, kind, gateway, event_id, transaction_id, order_number, detail, created_at, resolved_at, note
)
SELECT
    CAST(old.id AS SIGNED), LOWER(HEX(RANDOM_BYTES(16))), 'reconciliation', 'legacy', NULL, old.transaction_id,
    old.order_id,
    'Not adopted: the payment has no order, or its status or money cannot be read. It is kept in express_payment_transactions.',
    CURRENT_TIMESTAMP(3), NULL, NULL
FROM express_payment_transactions AS old
WHERE NOT EXISTS (SELECT 1 FROM payment_transactions AS taken WHERE taken.id = old.id)
    AND NOT EXISTS (SELECT 1 FROM findings AS told WHERE told.id = old.id);

INSERT INTO findings (
    id, finding_id, kind, gateway, event_id, transaction_id, order_number, detail, created_at, resolved_at, note
)
SELECT
    -old.id, LOWER(HEX(RANDOM_BYTES(16))), 'reconciliation', NULL, NULL, NULL, old.orderNumber,
    'Not adopted: the status or the amount of the order cannot be read. It is kept in express_orders.',
    CURRENT_TIMESTAMP(3), NULL, NULL
FROM express_orders AS old
WHERE NOT EXISTS (SELECT 1 FROM orders AS taken WHERE taken.id = old.id)
    AND NOT EXISTS (SELECT 1 FROM findings AS told WHERE told.id = -old.id);

-- One for all items and one for all rows of history, below the keys of the others.
INSERT INTO findings (
    id, finding_id, kind, gateway, event_id, transaction_id, order_number, detail, created_at, resolved_at, note
)
SELECT
    -4294967296, LOWER(HEX(RANDOM_BYTES(16))), 'reconciliation', NULL, NULL, NULL, NULL,
    CONCAT('Not adopted: items (', rest.kept, '): their orders were not, or their quantity or price cannot be read. They are kept in express_order_items.'),
    CURRENT_TIMESTAMP(3), NULL, NULL
FROM (
    SELECT COUNT(*) AS kept
    FROM express_order_items AS old
    WHERE NOT EXISTS (SELECT 1 FROM order_items AS taken WHERE taken.id = old.id)
) AS rest
WHERE rest.kept > 0 AND NOT EXISTS (SELECT 1 FROM findings AS told WHERE told.id = -4294967296);

INSERT INTO findings (
    id, finding_id, kind, gateway, event_id, transaction_id, order_number, detail, created_at, resolved_at, note
)
SELECT
    -4294967297, LOWER(HEX(RANDOM_BYTES(16))), 'reconciliation', NULL, NULL, NULL, NULL,
    CONCAT('Not adopted: rows of history (', rest.kept, '): their orders were not, or they name no move. They are kept in express_order_status_history.'),
    CURRENT_TIMESTAMP(3), NULL, NULL
FROM (
    SELECT COUNT(*) AS kept
    FROM express_order_status_history AS old
    WHERE NOT EXISTS (SELECT 1 FROM order_status_history AS taken WHERE taken.id = old.id)
) AS rest
WHERE rest.kept > 0 AND NOT EXISTS (SELECT 1 FROM findings AS told WHERE told.id = -4294967297);
