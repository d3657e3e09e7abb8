-- Orders and what was bought.

-- The currencies of the domain, historic ones too, with their decimals. Nothing reads them later.
CREATE TABLE IF NOT EXISTS express_currencies (
    code CHAR(3) NOT NULL PRIMARY KEY,
    decimals INT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

DELETE FROM express_currencies;

INSERT INTO express_currencies (code, decimals) VALUES
    ('ADP', 0), ('AED', 2), ('AFA', 2), ('AFN', 2), ('ALK', 2), ('ALL', 2), ('AMD', 2), ('ANG', 2), ('AOA', 2),
    ('AOK', 2), ('AON', 2), ('AOR', 2), ('ARA', 2), ('ARP', 2), ('ARS', 2), ('ARY', 2), ('ATS', 2), ('AUD', 2),
    ('AWG', 2), ('AYM', 2), ('AZM', 2), ('AZN', 2), ('BAD', 2), ('BAM', 2), ('BBD', 2), ('BDT', 2), ('BEC', 0),
    ('BEF', 0), ('BEL', 0), ('BGJ', 2), ('BGK', 2), ('BGL', 2), ('BGN', 2), ('BHD', 3), ('BIF', 0), ('BMD', 2),
    ('BND', 2), ('BOB', 2), ('BOP', 2), ('BOV', 2), ('BRB', 2), ('BRC', 2), ('BRE', 2), ('BRL', 2), ('BRN', 2),
    ('BRR', 2), ('BSD', 2), ('BTN', 2), ('BUK', 2), ('BWP', 2), ('BYB', 0), ('BYN', 2), ('BYR', 0), ('BZD', 2),
    ('CAD', 2), ('CDF', 2), ('CHC', 2), ('CHE', 2), ('CHF', 2), ('CHW', 2), ('CLF', 4), ('CLP', 0), ('CNX', 2),
    ('CNY', 2), ('COP', 2), ('COU', 2), ('CRC', 2), ('CSD', 2), ('CSJ', 2), ('CSK', 2), ('CUC', 2), ('CUP', 2),
    ('CVE', 2), ('CYP', 2), ('CZK', 2), ('DDM', 2), ('DEM', 2), ('DJF', 0), ('DKK', 2), ('DOP', 2), ('DZD', 2),
    ('ECS', 2), ('ECV', 2), ('EEK', 2), ('EGP', 2), ('EQE', 2), ('ERN', 2), ('ESA', 0), ('ESB', 0), ('ESP', 0),
    ('ETB', 2), ('EUR', 2), ('FIM', 2), ('FJD', 2), ('FKP', 2), ('FRF', 2), ('GBP', 2), ('GEK', 2), ('GEL', 2),
    ('GHC', 2), ('GHP', 2), ('GHS', 2), ('GIP', 2), ('GMD', 2), ('GNE', 2), ('GNF', 0), ('GNS', 2), ('GQE', 2),
    ('GRD', 0), ('GTQ', 2), ('GWE', 2), ('GWP', 2), ('GYD', 2), ('HKD', 2), ('HNL', 2), ('HRD', 2), ('HRK', 2),
    ('HTG', 2), ('HUF', 2), ('IDR', 2), ('IEP', 2), ('ILP', 2), ('ILR', 2), ('ILS', 2), ('INR', 2), ('IQD', 3),
    ('IRR', 2), ('ISJ', 2), ('ISK', 0), ('ITL', 0), ('JMD', 2), ('JOD', 3), ('JPY', 0), ('KES', 2), ('KGS', 2),
    ('KHR', 2), ('KMF', 0), ('KPW', 2), ('KRW', 0), ('KWD', 3), ('KYD', 2), ('KZT', 2), ('LAJ', 2), ('LAK', 2),
    ('LBP', 2), ('LKR', 2), ('LRD', 2), ('LSL', 2), ('LSM', 2), ('LTL', 2), ('LTT', 2), ('LUC', 0), ('LUF', 0),
    ('LUL', 0), ('LVL', 2), ('LVR', 2), ('LYD', 3), ('MAD', 2), ('MAF', 2), ('MDL', 2), ('MGA', 2), ('MGF', 0),
    ('MKD', 2), ('MLF', 2), ('MMK', 2), ('MNT', 2), ('MOP', 2), ('MRO', 2), ('MRU', 2), ('MTL', 2), ('MTP', 2),
    ('MUR', 2), ('MVQ', 2), ('MVR', 2), ('MWK', 2), ('MXN', 2), ('MXP', 2), ('MXV', 2), ('MYR', 2), ('MZE', 2),
    ('MZM', 2), ('MZN', 2), ('NAD', 2), ('NGN', 2), ('NIC', 2), ('NIO', 2), ('NLG', 2), ('NOK', 2), ('NPR', 2),
    ('NZD', 2), ('OMR', 3), ('PAB', 2), ('PEH', 2), ('PEI', 2), ('PEN', 2), ('PES', 2), ('PGK', 2), ('PHP', 2),
    ('PKR', 2), ('PLN', 2), ('PLZ', 2), ('PTE', 0), ('PYG', 0), ('QAR', 2), ('RHD', 2), ('ROK', 2), ('ROL', 2),
    ('RON', 2), ('RSD', 2), ('RUB', 2), ('RUR', 2), ('RWF', 0), ('SAR', 2), ('SBD', 2), ('SCR', 2), ('SDD', 2),
    ('SDG', 2), ('SDP', 2), ('SEK', 2), ('SGD', 2), ('SHP', 2), ('SIT', 2), ('SKK', 2), ('SLE', 2), ('SLL', 2),
    ('SOS', 2), ('SRD', 2), ('SRG', 2), ('SSP', 2), ('STD', 2), ('STN', 2), ('SUR', 2), ('SVC', 2), ('SYP', 2),
    ('SZL', 2), ('THB', 2), ('TJR', 2), ('TJS', 2), ('TMM', 2), ('TMT', 2), ('TND', 3), ('TOP', 2), ('TPE', 0),
    ('TRL', 0), ('TRY', 2), ('TTD', 2), ('TWD', 2), ('TZS', 2), ('UAH', 2), ('UAK', 2), ('UGS', 2), ('UGW', 2),
    ('UGX', 0), ('USD', 2), ('USN', 2), ('USS', 2), ('UYI', 0), ('UYN', 2), ('UYP', 2), ('UYU', 2), ('UYW', 4),
    ('UZS', 2), ('VEB', 2), ('VED', 2), ('VEF', 2), ('VES', 2), ('VNC', 2), ('VND', 0), ('VUV', 0), ('WST', 2),
    ('XAD', 2), ('XAF', 0), ('XAG', 4), ('XAU', 4), ('XBA', 4), ('XBB', 4), ('XBC', 4), ('XBD', 4), ('XCD', 2),
    ('XCG', 2), ('XDR', 4), ('XEU', 2), ('XFO', 4), ('XFU', 4), ('XOF', 0), ('XPD', 4), ('XPF', 0), ('XPT', 4),
    ('XRE', 4), ('XSU', 4), ('XTS', 4), ('XUA', 4), ('XXX', 4), ('YDD', 2), ('YER', 2), ('YUD', 2), ('YUM', 2),
    ('YUN', 2), ('ZAL', 2), ('ZAR', 2), ('ZMK', 2), ('ZMW', 2), ('ZRN', 2), ('ZRZ', 2), ('ZWC', 2), ('ZWD', 2),
    ('ZWG', 2), ('ZWL', 2), ('ZWN', 2), ('ZWR', 2);

-- The one currency that all payments of an order agree on. A table of its own, for its key.
CREATE TABLE IF NOT EXISTS express_order_currencies (
    number VARCHAR(255) NOT NULL PRIMARY KEY,
    code CHAR(3) NOT NULL,
    decimals INT NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

DELETE FROM express_order_currencies;

INSERT INTO express_order_currencies (number, code, decimals)
SELECT CONVERT(payment.order_id USING utf8mb4) COLLATE utf8mb4_bin, MIN(known.code), MIN(known.decimals)
FROM express_payment_transactions AS payment
JOIN express_currencies AS known
    ON known.code = UPPER(TRIM(CONVERT(payment.currency USING utf8mb4))) COLLATE utf8mb4_bin
GROUP BY CONVERT(payment.order_id USING utf8mb4) COLLATE utf8mb4_bin
HAVING COUNT(DISTINCT known.code) = 1;

-- An old order has no currency. It gets the one that all its payments agree on, if its amounts can be of that currency,
-- and else CNY. What was not paid yet gets thirty days.
-- The time limits of its status count from its last change. Its counters follow with the history.
-- An order of a status that is none, or of an amount that is negative or finer than its currency, stays where it is, with
-- all that belongs to it.
INSERT INTO orders (
    id, userId, orderNumber, status, amount, createdAt, updatedAt, currency, version, revision, lastSequence, cameFrom,
    expiresAt, statusChangedAt
)
SELECT
    old.id, old.userId, old.orderNumber, UPPER(TRIM(old.status)), old.amount,
    COALESCE(
        IF(YEAR(old.createdAt) > 0, old.createdAt, NULL), IF(YEAR(old.updatedAt) > 0, old.updatedAt, NULL),
        CURRENT_TIMESTAMP(3)
    ),
    COALESCE(
        IF(YEAR(old.updatedAt) > 0, old.updatedAt, NULL), IF(YEAR(old.createdAt) > 0, old.createdAt, NULL),
        CURRENT_TIMESTAMP(3)
    ),
    COALESCE(paid.code, 'CNY'),
    1, 1, 1, NULL, CURRENT_TIMESTAMP(3) + INTERVAL 30 DAY,
    COALESCE(
        IF(YEAR(old.updatedAt) > 0, old.updatedAt, NULL), IF(YEAR(old.createdAt) > 0, old.createdAt, NULL),
        CURRENT_TIMESTAMP(3)
    )
FROM express_orders AS old
LEFT JOIN express_order_currencies AS paid
    ON paid.number = CONVERT(old.orderNumber USING utf8mb4) COLLATE utf8mb4_bin
    AND old.amount = TRUNCATE(old.amount, paid.decimals)
    AND NOT EXISTS (
        SELECT 1 FROM express_order_items AS item
        WHERE item.orderId = old.id AND item.price <> TRUNCATE(item.price, paid.decimals)
    )
WHERE NOT EXISTS (SELECT 1 FROM orders AS taken WHERE taken.id = old.id)
    AND old.amount >= 0
    AND old.amount = TRUNCATE(old.amount, COALESCE(paid.decimals, 2))
    AND UPPER(TRIM(old.status)) IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    );

-- Old orders count for their users, and among the unpaid ones if they are not paid yet; they hold no pieces.
INSERT INTO open_order_counts (userId, productId, total, placed)
SELECT old.userId, '', COUNT(IF(old.status = 'PENDING', 1, NULL)), COUNT(*) FROM orders AS old GROUP BY old.userId
ON DUPLICATE KEY UPDATE total = VALUES(total), placed = VALUES(placed);

-- An old item has no name but its product's id, and holds no stock: the app had none. One with a price that the order's
-- currency does not have stays where it is.
INSERT INTO order_items (
    id, orderId, productId, quantity, price, createdAt, updatedAt, name, holdsStock, `position`
)
SELECT
    old.id, old.orderId, old.productId, old.quantity, old.price,
    COALESCE(IF(YEAR(old.createdAt) > 0, old.createdAt, NULL), o.createdAt),
    COALESCE(IF(YEAR(old.updatedAt) > 0, old.updatedAt, NULL), o.createdAt),
    old.productId, 0, ROW_NUMBER() OVER (PARTITION BY old.orderId ORDER BY old.id) - 1
FROM express_order_items AS old
JOIN orders AS o ON o.id = old.orderId
JOIN express_currencies AS known ON known.code = o.currency
WHERE old.quantity >= 0 AND old.price >= 0 AND old.price = TRUNCATE(old.price, known.decimals)
    AND NOT EXISTS (SELECT 1 FROM order_items AS taken WHERE taken.id = old.id);
