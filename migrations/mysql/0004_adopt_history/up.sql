-- The history of each order: as the app wrote it, with what is missing at its two ends, so that it leads from PENDING
-- to the status. A row in the middle is never made up, and a row that says no move at all stays where it is.

-- What each order's history is made of, in the order of `place`. A table of its own, for the numbers come last. Nothing
-- reads it later.
CREATE TABLE IF NOT EXISTS express_path (
    orderId BIGINT NOT NULL,
    -- Of the app's rows the key; what comes before them is below zero, what comes after them above 4294967296.
    place BIGINT NOT NULL,
    -- The key of the app's row.
    id BIGINT NULL,
    fromStatus VARCHAR(20) NOT NULL,
    toStatus VARCHAR(20) NOT NULL,
    changedBy BIGINT NOT NULL,
    createdAt TIMESTAMP(3) NOT NULL,
    actor VARCHAR(20) NOT NULL,
    reason TEXT NULL,
    PRIMARY KEY (orderId, place)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

DELETE FROM express_path;

-- `actor` is who may make such a move today; the user who made it stays in `changedBy`.
INSERT INTO express_path (orderId, place, id, fromStatus, toStatus, changedBy, createdAt, actor, reason)
SELECT
    it.orderId, it.id, it.id, it.origin, it.goal, it.changedBy,
    COALESCE(IF(YEAR(it.createdAt) > 0, it.createdAt, NULL), o.createdAt),
    CASE
        WHEN it.goal = 'CLOSED' THEN 'SYSTEM'
        WHEN it.goal = 'REFUNDED' THEN 'GATEWAY'
        WHEN it.goal = 'PAID' AND it.origin <> 'REFUND_PENDING' THEN 'GATEWAY'
        WHEN it.goal IN ('PROCESSING', 'SHIPPED', 'DELIVERED') OR it.origin = 'REFUND_PENDING' THEN 'OPERATOR'
        WHEN it.goal = 'REFUND_PENDING' AND it.changedBy = 0 THEN 'GATEWAY'
        WHEN it.goal = 'REFUND_PENDING' AND it.origin IN ('SHIPPED', 'COMPLETED') THEN 'OPERATOR'
        WHEN it.changedBy = o.userId THEN 'CUSTOMER'
        WHEN it.changedBy = 0 AND it.goal <> 'CANCELLED' THEN 'SYSTEM'
        ELSE 'OPERATOR'
    END,
    NULL
FROM (
    SELECT
        id, orderId, changedBy, createdAt,
        CONVERT(UPPER(TRIM(fromStatus)) USING utf8mb4) COLLATE utf8mb4_bin AS origin,
        CONVERT(UPPER(TRIM(toStatus)) USING utf8mb4) COLLATE utf8mb4_bin AS goal
    FROM express_order_status_history
) AS it
JOIN orders AS o ON o.id = it.orderId
WHERE it.origin IN (
        '', 'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING',
        'REFUNDED', 'CLOSED'
    )
    AND it.goal IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )
    AND it.origin <> it.goal;

-- Beginnings and ends: the moves of today's table from nowhere to where an order's rows begin, and from where they end to
-- where the order stands; one move where there is no such path. At most seven hops; a database's own limit is a thousand.
INSERT INTO express_path (orderId, place, id, fromStatus, toStatus, changedBy, createdAt, actor, reason)
WITH RECURSIVE ends (orderId, leastPlace, mostPlace) AS (
    SELECT o.id, MIN(entry.place), MAX(entry.place)
    FROM orders AS o
    LEFT JOIN express_path AS entry ON entry.orderId = o.id
    WHERE o.id < 4294967296
    GROUP BY o.id
),
path (orderId, begins, goal, hop, fromStatus, toStatus) AS (
    SELECT
        o.id, 0, o.status, 0, CAST('' AS CHAR(20)) COLLATE utf8mb4_bin,
        CAST(COALESCE(final.toStatus, '') AS CHAR(20)) COLLATE utf8mb4_bin
    FROM ends
    JOIN orders AS o ON o.id = ends.orderId
    LEFT JOIN express_path AS final ON final.orderId = ends.orderId AND final.place = ends.mostPlace
    UNION ALL
    SELECT
        ends.orderId, 1, entry.fromStatus, 0, CAST('' AS CHAR(20)) COLLATE utf8mb4_bin,
        CAST('' AS CHAR(20)) COLLATE utf8mb4_bin
    FROM ends
    JOIN express_path AS entry
        ON entry.orderId = ends.orderId AND entry.place = ends.leastPlace AND entry.fromStatus <> ''
    UNION ALL
    SELECT
        orderId, begins, goal, hop + 1, toStatus,
        CAST(CASE
            WHEN toStatus = '' THEN 'PENDING'
            WHEN toStatus = 'PENDING' THEN IF(goal IN ('CANCELLED', 'CLOSED'), goal, 'PAID')
            WHEN toStatus = 'REFUND_PENDING' THEN IF(goal = 'CLOSED', 'REFUNDED', goal)
            WHEN goal = 'REFUNDED' AND toStatus IN ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED')
                THEN 'REFUND_PENDING'
            WHEN toStatus = 'PAID' AND goal IN ('SHIPPED', 'DELIVERED', 'COMPLETED', 'CLOSED') THEN 'PROCESSING'
            WHEN toStatus = 'PROCESSING' AND goal IN ('DELIVERED', 'COMPLETED', 'CLOSED') THEN 'SHIPPED'
            WHEN toStatus = 'SHIPPED' AND goal IN ('COMPLETED', 'CLOSED') THEN 'DELIVERED'
            WHEN toStatus = 'DELIVERED' AND goal = 'CLOSED' THEN 'COMPLETED'
            ELSE goal
        END AS CHAR(20)) COLLATE utf8mb4_bin
    FROM path
    WHERE toStatus <> goal AND hop < 12
)
SELECT
    path.orderId, path.hop + IF(path.begins = 1, -16, 4294967296), NULL, path.fromStatus, path.toStatus,
    IF(path.fromStatus = '', o.userId, 0),
    IF(
        path.begins = 1 OR path.fromStatus = '', o.createdAt,
        GREATEST(o.updatedAt, COALESCE(final.createdAt, o.updatedAt))
    ),
    CASE
        WHEN path.fromStatus = '' THEN 'CUSTOMER'
        WHEN path.toStatus = 'CLOSED' THEN 'SYSTEM'
        WHEN path.toStatus = 'REFUNDED' THEN 'GATEWAY'
        WHEN path.toStatus IN ('PAID', 'REFUND_PENDING') AND path.fromStatus <> 'REFUND_PENDING' THEN 'GATEWAY'
        ELSE 'OPERATOR'
    END,
    'Written when the order was adopted.'
FROM path
JOIN orders AS o ON o.id = path.orderId
JOIN ends ON ends.orderId = path.orderId
LEFT JOIN express_path AS final ON final.orderId = ends.orderId AND final.place = ends.mostPlace
WHERE path.hop > 0;

-- The numbers. The app's rows keep their keys; a stamp that goes backwards becomes that of the row before.
INSERT INTO order_status_history (
    id, orderId, sequence, fromStatus, toStatus, changedBy, createdAt, actor, reason
)
SELECT
    COALESCE(it.id, past.id + it.turn), it.orderId, it.sequence, it.fromStatus, it.toStatus, it.changedBy, it.stamp,
    it.actor, it.reason
FROM (
    SELECT
        path.id, path.orderId, path.fromStatus, path.toStatus, path.changedBy, path.actor, path.reason,
        ROW_NUMBER() OVER (ORDER BY path.orderId, path.place) AS turn,
        ROW_NUMBER() OVER (PARTITION BY path.orderId ORDER BY path.place) AS sequence,
        GREATEST(o.createdAt, MAX(path.createdAt) OVER (PARTITION BY path.orderId ORDER BY path.place)) AS stamp
    FROM express_path AS path
    JOIN orders AS o ON o.id = path.orderId
) AS it
CROSS JOIN (SELECT COALESCE(MAX(id), 0) AS id FROM express_order_status_history) AS past
WHERE NOT EXISTS (
    SELECT 1 FROM order_status_history AS taken WHERE taken.orderId = it.orderId AND taken.sequence = it.sequence
);

UPDATE orders
JOIN (
    SELECT orderId, MAX(sequence) AS last, MAX(createdAt) AS stamp FROM order_status_history GROUP BY orderId
) AS entry ON entry.orderId = orders.id
SET orders.version = entry.last,
    orders.revision = entry.last,
    orders.lastSequence = entry.last,
    orders.updatedAt = GREATEST(orders.updatedAt, entry.stamp)
WHERE orders.version = 1 AND orders.revision = 1 AND orders.id < 4294967296;

UPDATE orders
SET cameFrom = COALESCE((
    SELECT entry.fromStatus
    FROM order_status_history AS entry
    WHERE entry.orderId = orders.id
        AND entry.toStatus = 'REFUND_PENDING'
        AND entry.fromStatus IN ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED')
    ORDER BY entry.sequence DESC
    LIMIT 1
), 'PAID')
WHERE status = 'REFUND_PENDING' AND cameFrom IS NULL AND id < 4294967296;
