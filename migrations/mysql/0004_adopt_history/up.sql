-- The history of each order: as the app wrote it, with what is missing at its two ends, so that it leads from PENDING
-- to the status. A row in the middle is never made up, and a row that says no move at all stays where it is.

-- `actor` is who may make such a move today; the user who made it stays in `changedBy`.
INSERT INTO order_status_history (id, orderId, fromStatus, toStatus, changedBy, createdAt, actor, reason)
SELECT
    it.id, it.orderId, it.origin, it.goal, it.changedBy,
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
WHERE NOT EXISTS (SELECT 1 FROM order_status_history AS taken WHERE taken.id = it.id)
    AND it.origin IN (
        '', 'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING',
        'REFUNDED', 'CLOSED'
    )
    AND it.goal IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )
    AND it.origin <> it.goal;

-- Beginnings and ends: the moves of today's table from nowhere to where an order's rows begin, and from where they end to
-- where the order stands; one move where there is no such path. Beginnings come before all others, so their keys are
-- negative. At most seven hops; a database's own limit is a thousand.
INSERT INTO order_status_history (id, orderId, fromStatus, toStatus, changedBy, createdAt, actor, reason)
WITH RECURSIVE ends (orderId, leastId, mostId) AS (
    SELECT o.id, MIN(entry.id), MAX(entry.id)
    FROM orders AS o
    LEFT JOIN order_status_history AS entry ON entry.orderId = o.id
    WHERE o.id < 4294967296
    GROUP BY o.id
),
path (orderId, begins, goal, hop, fromStatus, toStatus) AS (
    SELECT
        o.id, 0, o.status, 0, CAST('' AS CHAR(20)) COLLATE utf8mb4_bin,
        CAST(COALESCE(final.toStatus, '') AS CHAR(20)) COLLATE utf8mb4_bin
    FROM ends
    JOIN orders AS o ON o.id = ends.orderId
    LEFT JOIN order_status_history AS final ON final.id = ends.mostId
    UNION ALL
    SELECT
        ends.orderId, 1, entry.fromStatus, 0, CAST('' AS CHAR(20)) COLLATE utf8mb4_bin,
        CAST('' AS CHAR(20)) COLLATE utf8mb4_bin
    FROM ends
    JOIN order_status_history AS entry ON entry.id = ends.leastId AND entry.fromStatus <> ''
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
    IF(
        path.begins = 1, path.hop - 16 * path.orderId,
        past.id + CAST(ROW_NUMBER() OVER (ORDER BY path.begins, path.orderId, path.hop) AS SIGNED)
    ),
    path.orderId, path.fromStatus, path.toStatus, IF(path.fromStatus = '', o.userId, 0),
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
LEFT JOIN order_status_history AS final ON final.id = ends.mostId
CROSS JOIN (
    SELECT GREATEST(
        COALESCE((SELECT MAX(id) FROM order_status_history WHERE id < 4294967296), 0),
        COALESCE((SELECT MAX(id) FROM express_order_status_history), 0),
        0
    ) AS id
) AS past
WHERE path.hop > 0;

UPDATE orders
SET version = (SELECT COUNT(*) FROM order_status_history AS entry WHERE entry.orderId = orders.id),
    revision = (SELECT COUNT(*) FROM order_status_history AS entry WHERE entry.orderId = orders.id)
WHERE version = 1 AND revision = 1 AND id < 4294967296;

UPDATE orders
SET cameFrom = COALESCE((
    SELECT entry.fromStatus
    FROM order_status_history AS entry
    WHERE entry.orderId = orders.id
        AND entry.toStatus = 'REFUND_PENDING'
        AND entry.fromStatus IN ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED')
    ORDER BY entry.id DESC
    LIMIT 1
), 'PAID')
WHERE status = 'REFUND_PENDING' AND cameFrom IS NULL AND id < 4294967296;
