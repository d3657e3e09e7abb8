-- Adopting the database of the Express app. Its five tables were renamed to `express_…` before this runs, and nothing
-- here changes a row of them: whatever the record cannot hold is still there. These files run only if there are any.
-- Every statement takes what has not been taken, so that each may be run again.

-- Tables that this database of the app did not have.
CREATE TABLE IF NOT EXISTS express_user (
    id INT AUTO_INCREMENT PRIMARY KEY, username VARCHAR(255) NOT NULL, password VARCHAR(255) NOT NULL,
    email VARCHAR(255) NOT NULL, created_at TIMESTAMP NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS express_orders (
    id INT AUTO_INCREMENT PRIMARY KEY, userId INT NOT NULL, orderNumber VARCHAR(255) NOT NULL,
    status VARCHAR(50) NOT NULL, amount DECIMAL(10, 2) NOT NULL, createdAt TIMESTAMP NULL, updatedAt TIMESTAMP NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS express_order_items (
    id INT AUTO_INCREMENT PRIMARY KEY, orderId INT NOT NULL, productId VARCHAR(255) NOT NULL, quantity INT NOT NULL,
    price DECIMAL(10, 2) NOT NULL, createdAt TIMESTAMP NULL, updatedAt TIMESTAMP NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS express_order_status_history (
    id INT AUTO_INCREMENT PRIMARY KEY, orderId INT NOT NULL, fromStatus VARCHAR(50) NOT NULL,
    toStatus VARCHAR(50) NOT NULL, changedBy INT NOT NULL, createdAt TIMESTAMP NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE IF NOT EXISTS express_payment_transactions (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, order_id VARCHAR(255) NOT NULL, transaction_id VARCHAR(255) NOT NULL,
    status VARCHAR(50) NOT NULL, amount DECIMAL(10, 2), currency VARCHAR(3), card_last4 VARCHAR(4),
    card_brand VARCHAR(50), authorization_code VARCHAR(255), captured_amount DECIMAL(10, 2),
    captured_at TIMESTAMP NULL, failure_reason TEXT, response_code VARCHAR(50), created_at TIMESTAMP NULL,
    updated_at TIMESTAMP NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Names were compared by the old table's collation. Of two that have one folded form here the older keeps it; the other
-- one logs in with its e-mail address (or its name, where the addresses are the same).
INSERT INTO user (id, username, password, email, created_at, publicId, usernameFolded, emailFolded, role, hashCost)
SELECT
    folded.id, folded.username, folded.password, folded.email,
    COALESCE(IF(YEAR(folded.created_at) > 0, folded.created_at, NULL), CURRENT_TIMESTAMP(3)),
    LOWER(HEX(RANDOM_BYTES(16))),
    IF(
        ROW_NUMBER() OVER (PARTITION BY folded.name ORDER BY folded.id) = 1,
        folded.name, CONCAT(folded.name, ' ', HEX(RANDOM_BYTES(16)))
    ),
    IF(
        ROW_NUMBER() OVER (PARTITION BY folded.address ORDER BY folded.id) = 1,
        folded.address, CONCAT(folded.address, ' ', HEX(RANDOM_BYTES(16)))
    ),
    'CUSTOMER',
    IF(
        CHAR_LENGTH(folded.password) = 60
            AND folded.password REGEXP '^[$]2[abxy][$](0[4-9]|[12][0-9]|3[01])[$]',
        CAST(SUBSTRING(folded.password, 5, 2) AS UNSIGNED), 0
    )
FROM (
    SELECT
        id, username, password, email, created_at,
        LOWER(CONVERT(username USING utf8mb4)) COLLATE utf8mb4_bin AS name,
        LOWER(CONVERT(email USING utf8mb4)) COLLATE utf8mb4_bin AS address
    FROM express_user
) AS folded
WHERE NOT EXISTS (SELECT 1 FROM user AS taken WHERE taken.id = folded.id);

-- The app let an order name a user that is not there. Nobody can log in as this one: the hash is none.
INSERT INTO user (id, username, password, email, created_at, publicId, usernameFolded, emailFolded, role, hashCost)
SELECT
    absent.id, CONCAT('unknown-', absent.id), '', CONCAT('unknown-', absent.id, '@invalid'), CURRENT_TIMESTAMP(3),
    LOWER(HEX(RANDOM_BYTES(16))),
    CONCAT('unknown-', absent.id, ' ', HEX(RANDOM_BYTES(16))),
    CONCAT('unknown-', absent.id, '@invalid ', HEX(RANDOM_BYTES(16))),
    'CUSTOMER',
    0
FROM (SELECT DISTINCT userId AS id FROM express_orders) AS absent
WHERE NOT EXISTS (SELECT 1 FROM user AS taken WHERE taken.id = absent.id);
