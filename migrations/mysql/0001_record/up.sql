-- The system of record. The service generates the keys, which grow with time; the database generates only
-- those of items, history entries, claims and other rows that nothing refers to. Amounts are in major units;
-- times are UTC. The rules about money and stock are CHECKs and unique keys here, too.
--
-- Text is compared byte for byte (utf8mb4_bin). Every statement may be run again. There are no triggers,
-- procedures, generated columns, partial indexes or cascading foreign keys.
--
-- A row of the Express app keeps its key, which is below 4294967296 (2^32); all new keys are far above. Where
-- an adopted row may hold a value that no new row may hold, the CHECK names that number.

CREATE TABLE IF NOT EXISTS user (
    id              BIGINT       NOT NULL PRIMARY KEY,
    username        VARCHAR(255) NOT NULL,
    password        VARCHAR(255) NOT NULL,
    email           VARCHAR(255) NOT NULL,
    created_at      TIMESTAMP(3) NOT NULL,
    publicId        VARCHAR(255) NOT NULL,
    -- Longer than a name: a suffix distinguishes adopted names that have the same folded form.
    usernameFolded  VARCHAR(600) NOT NULL,
    emailFolded     VARCHAR(600) NOT NULL,
    role            VARCHAR(20)  NOT NULL,
    -- The cost of the password hash, as log2 of its rounds; 0 if the hash cannot be read.
    hashCost        BIGINT       NOT NULL,
    disabled        TINYINT(1)   NOT NULL DEFAULT 0,
    -- When role, address, its verification, disabled or the second factor last changed. Instances drop cached users by it.
    changed_at      TIMESTAMP(3) NULL,
    last_login_at   TIMESTAMP(3) NULL,
    -- How often a write checked or changed this row under a guard. Each does so by a change, because servers that
    -- certify each other's transactions see only what was changed.
    guards          BIGINT       NOT NULL DEFAULT 0,
    -- Since when a login needs the second factor. NULL if it needs none.
    second_factor_at TIMESTAMP(3) NULL,
    -- When a token showed that mails to the address arrive. NULL if none has since the address was set.
    email_verified_at TIMESTAMP(3) NULL,
    -- Counts the changes of the address.
    email_revision  BIGINT       NOT NULL DEFAULT 0,
    UNIQUE KEY user_public (publicId),
    UNIQUE KEY user_name (usernameFolded),
    UNIQUE KEY user_email (emailFolded),
    KEY user_cost (hashCost),
    KEY user_changed (changed_at),
    KEY user_of_role (role),
    KEY user_by_time (created_at),
    CONSTRAINT user_disabled CHECK (disabled IN (0, 1)),
    CONSTRAINT user_role CHECK (role IN ('CUSTOMER', 'OPERATOR')),
    CONSTRAINT user_hash_cost CHECK (hashCost >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Mails that wait to be sent. A row is deleted once it is sent or given up.
CREATE TABLE IF NOT EXISTS mails (
    id              BIGINT       NOT NULL PRIMARY KEY,
    kind            VARCHAR(20)  NOT NULL,
    recipient       VARCHAR(255) NOT NULL,
    -- The row key of a user; 0 before the account was looked up.
    user_key        BIGINT       NOT NULL,
    attempts        BIGINT       NOT NULL,
    created_at      TIMESTAMP(3) NOT NULL,
    due_at          TIMESTAMP(3) NOT NULL,
    expires_at      TIMESTAMP(3) NOT NULL,
    KEY mails_due (kind, due_at),
    KEY mails_of_user (user_key),
    CONSTRAINT mails_kind CHECK (kind IN ('RESET_REQUEST', 'PASSWORD_RESET', 'EMAIL_CHANGED', 'EMAIL_VERIFICATION')),
    CONSTRAINT mails_attempts CHECK (attempts >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The permissions to set a new password, at most one for each user. The token itself is in no row.
CREATE TABLE IF NOT EXISTS password_resets (
    user_key        BIGINT       NOT NULL PRIMARY KEY,
    requested_at    TIMESTAMP(3) NOT NULL,
    expires_at      TIMESTAMP(3) NOT NULL,
    token_digest    VARCHAR(255) NULL,
    UNIQUE KEY resets_token (token_digest),
    CONSTRAINT resets_user FOREIGN KEY (user_key) REFERENCES user (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The second factors, at most one for each user. One without `confirmed_at` is not in force.
CREATE TABLE IF NOT EXISTS second_factors (
    user_key        BIGINT       NOT NULL PRIMARY KEY,
    -- Encrypted by the service.
    sealed_secret   VARCHAR(512) NOT NULL,
    created_at      TIMESTAMP(3) NOT NULL,
    confirmed_at    TIMESTAMP(3) NULL,
    -- The newest 30 s since 1970 whose code was used; 0 before the first.
    last_step       BIGINT       NOT NULL,
    -- Keyed digests of the recovery codes that are left, separated by spaces.
    recovery_digests VARCHAR(1000) NOT NULL,
    revision        BIGINT       NOT NULL,
    CONSTRAINT second_factors_user FOREIGN KEY (user_key) REFERENCES user (id),
    CONSTRAINT second_factors_secret CHECK (sealed_secret <> ''),
    CONSTRAINT second_factors_step CHECK (last_step >= 0),
    CONSTRAINT second_factors_revision CHECK (revision >= 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The accounts that were erased, and how far the erasure of their data has come: the position in the list of the
-- user's orders, then a word.
CREATE TABLE IF NOT EXISTS erasures (
    user_key        BIGINT       NOT NULL PRIMARY KEY,
    erased_at       TIMESTAMP(3) NOT NULL,
    progress        VARCHAR(300) NOT NULL,
    -- Whether nothing is left to do, for the index.
    finished        TINYINT(1)   NOT NULL DEFAULT 0,
    KEY erasures_open (finished, erased_at),
    CONSTRAINT erasures_user FOREIGN KEY (user_key) REFERENCES user (id),
    CONSTRAINT erasures_finished CHECK (finished = (progress = 'finished'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    id          BIGINT       NOT NULL PRIMARY KEY,
    sessionId   VARCHAR(255) NOT NULL,
    userId      BIGINT       NOT NULL,
    generation  BIGINT       NOT NULL,
    rotatedAt   TIMESTAMP(3) NOT NULL,
    createdAt   TIMESTAMP(3) NOT NULL,
    expiresAt   TIMESTAMP(3) NOT NULL,
    revokedAt   TIMESTAMP(3) NULL,
    -- The times at which the latest refresh tokens were spent, in milliseconds, oldest first, separated by
    -- commas.
    spent       VARCHAR(2048) NOT NULL,
    -- The network of the login: an IPv4 address or an IPv6 /64. Empty once the account is erased.
    network     VARCHAR(64)  NOT NULL,
    -- What the client said about itself at the login. Empty if it said nothing, and once the account is erased.
    userAgent   VARCHAR(256) NOT NULL,
    UNIQUE KEY sessions_public (sessionId),
    -- Before the next one: a foreign key leans on the first index that begins with its column, and MySQL 9.7 does not check
    -- it in a row that has a NULL in that index.
    KEY sessions_in_network (userId, network, createdAt),
    KEY sessions_of_user (userId, revokedAt, createdAt),
    KEY sessions_expired (expiresAt),
    KEY sessions_revoked (revokedAt),
    CONSTRAINT sessions_user FOREIGN KEY (userId) REFERENCES user (id),
    CONSTRAINT sessions_generation CHECK (generation >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The keys with which other systems call. Of a key only the digest is stored.
CREATE TABLE IF NOT EXISTS api_keys (
    id          BIGINT       NOT NULL PRIMARY KEY,
    keyId       VARCHAR(255) NOT NULL,
    -- SHA-256 of the key, as hexadecimal digits.
    digest      CHAR(64)     NOT NULL,
    name        VARCHAR(500) NOT NULL,
    -- Separated by spaces.
    scopes      VARCHAR(255) NOT NULL,
    -- The operator who made it.
    creator     BIGINT       NOT NULL,
    createdAt   TIMESTAMP(3) NOT NULL,
    -- Milliseconds since 1970, because a TIMESTAMP ends in 2038.
    expiresAt   BIGINT       NULL,
    -- Whether there is a `revokedAt`, for the index.
    revoked     TINYINT(1)   NOT NULL,
    revokedAt   TIMESTAMP(3) NULL,
    lastUsedAt  TIMESTAMP(3) NULL,
    UNIQUE KEY api_keys_public (keyId),
    UNIQUE KEY api_keys_digest (digest),
    KEY api_keys_of_state (revoked, createdAt),
    CONSTRAINT api_keys_creator FOREIGN KEY (creator) REFERENCES user (id),
    CONSTRAINT api_keys_digest_length CHECK (char_length(digest) = 64),
    CONSTRAINT api_keys_scopes CHECK (scopes <> ''),
    CONSTRAINT api_keys_revoked CHECK (revoked = (revokedAt IS NOT NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS products (
    id          BIGINT         NOT NULL PRIMARY KEY,
    productId   VARCHAR(255)   NOT NULL,
    name        VARCHAR(500)   NOT NULL,
    price       DECIMAL(19, 4) NOT NULL,
    currency    CHAR(3)        NOT NULL,
    stock       BIGINT         NULL,
    active      TINYINT(1)     NOT NULL,
    -- `version` counts the changes by operators, `moves` the changes of the stock by orders.
    version     BIGINT         NOT NULL,
    moves       BIGINT         NOT NULL,
    -- The pieces that orders took from the stock and that have not gone back. It has no CHECK: a wrong count must not
    -- keep an order from being cancelled. Auditors compare it with the orders.
    held        BIGINT         NOT NULL DEFAULT 0,
    createdAt   TIMESTAMP(3)   NOT NULL,
    updatedAt   TIMESTAMP(3)   NOT NULL,
    UNIQUE KEY products_public (productId),
    KEY products_by_time (createdAt),
    KEY products_of_activity (active, createdAt),
    CONSTRAINT products_price CHECK (price > 0),
    CONSTRAINT products_currency CHECK (char_length(currency) = 3),
    CONSTRAINT products_stock CHECK (stock >= 0),
    CONSTRAINT products_active CHECK (active IN (0, 1)),
    CONSTRAINT products_version CHECK (version >= 1),
    CONSTRAINT products_moves CHECK (moves >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The changes of products by operators, one for each version.
CREATE TABLE IF NOT EXISTS product_changes (
    id          BIGINT         NOT NULL PRIMARY KEY,
    changeId    VARCHAR(255)   NOT NULL,
    productKey  BIGINT         NOT NULL,
    version     BIGINT         NOT NULL,
    price       DECIMAL(19, 4) NOT NULL,
    currency    CHAR(3)        NOT NULL,
    active      TINYINT(1)     NOT NULL,
    -- How the stock changed: SET to `quantity`, or ADJUSTED by it.
    stock       VARCHAR(20)    NOT NULL,
    quantity    BIGINT         NULL,
    reason      TEXT           NULL,
    -- The row key of a user, or for a SERVICE of an API key; 0 if neither made the change.
    changedBy   BIGINT         NOT NULL,
    actor       VARCHAR(20)    NOT NULL,
    createdAt   TIMESTAMP(3)   NOT NULL,
    UNIQUE KEY changes_public (changeId),
    UNIQUE KEY changes_version (productKey, version),
    KEY changes_of_stock (productKey, stock, version),
    CONSTRAINT changes_product FOREIGN KEY (productKey) REFERENCES products (id),
    CONSTRAINT changes_version_first CHECK (version >= 1),
    CONSTRAINT changes_price CHECK (price > 0),
    CONSTRAINT changes_currency CHECK (char_length(currency) = 3),
    CONSTRAINT changes_active CHECK (active IN (0, 1)),
    CONSTRAINT changes_stock CHECK (stock IN ('KEPT', 'SET', 'UNTRACKED', 'ADJUSTED')),
    CONSTRAINT changes_quantity CHECK ((stock IN ('ADJUSTED', 'SET')) = (quantity IS NOT NULL)),
    CONSTRAINT changes_set CHECK (stock <> 'SET' OR quantity >= 0),
    CONSTRAINT changes_adjusted CHECK (stock <> 'ADJUSTED' OR quantity <> 0),
    CONSTRAINT changes_actor CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS orders (
    id           BIGINT         NOT NULL PRIMARY KEY,
    userId       BIGINT         NOT NULL,
    orderNumber  VARCHAR(255)   NOT NULL,
    status       VARCHAR(20)    NOT NULL,
    amount       DECIMAL(19, 4) NOT NULL,
    createdAt    TIMESTAMP(3)   NOT NULL,
    updatedAt    TIMESTAMP(3)   NOT NULL,
    currency     CHAR(3)        NOT NULL,
    version      BIGINT         NOT NULL,
    revision     BIGINT         NOT NULL,
    -- The sequence number of the last history entry.
    lastSequence BIGINT         NOT NULL,
    cameFrom     VARCHAR(20)    NULL,
    expiresAt    TIMESTAMP(3)   NOT NULL,
    -- When it got its status: the time limits of a status count from here.
    statusChangedAt TIMESTAMP(3) NOT NULL,
    UNIQUE KEY orders_number (orderNumber),
    KEY orders_by_time (createdAt),
    KEY orders_of_user (userId, createdAt),
    KEY orders_of_status (status, createdAt),
    KEY orders_of_user_and_status (userId, status, createdAt),
    KEY orders_expired (status, expiresAt),
    KEY orders_unchanged (status, updatedAt),
    KEY orders_in_status (status, statusChangedAt),
    KEY orders_by_change (updatedAt),
    KEY orders_of_user_by_change (userId, updatedAt),
    CONSTRAINT orders_user FOREIGN KEY (userId) REFERENCES user (id),
    CONSTRAINT orders_status CHECK (status IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    CONSTRAINT orders_amount CHECK (amount > 0 OR (amount = 0 AND id < 4294967296)),
    CONSTRAINT orders_currency CHECK (char_length(currency) = 3),
    CONSTRAINT orders_version CHECK (version >= 1),
    CONSTRAINT orders_revision CHECK (revision >= 1),
    CONSTRAINT orders_last_sequence CHECK (lastSequence >= 1),
    CONSTRAINT orders_came_from CHECK (cameFrom IN ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What a client stores with an order: one row for an order that has any of it. Objects are JSON texts.
CREATE TABLE IF NOT EXISTS order_details (
    orderId         BIGINT       NOT NULL PRIMARY KEY,
    -- The owner and the time of the order, repeated for the indexes.
    userId          BIGINT       NOT NULL,
    createdAt       TIMESTAMP(3) NOT NULL,
    reference       VARCHAR(100) NULL,
    metadata        MEDIUMTEXT   NULL,
    -- Personal data: the columns that an erasure of the account clears.
    contact         TEXT         NULL,
    shippingAddress TEXT         NULL,
    tracking        TEXT         NULL,
    KEY details_of_reference (reference, createdAt),
    KEY details_of_owner (userId, reference, createdAt),
    CONSTRAINT order_details_order FOREIGN KEY (orderId) REFERENCES orders (id),
    CONSTRAINT order_details_reference CHECK (char_length(reference) BETWEEN 1 AND 100)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The counts of a user's unpaid orders: the number of orders, in the row with an empty productId, and the
-- number of pieces of each product. Every commit that changes them updates these rows, so the limits hold for
-- concurrent commits. `placed` is the number of all orders that the user ever placed, in the row with an empty
-- productId.
CREATE TABLE IF NOT EXISTS open_order_counts (
    userId       BIGINT         NOT NULL,
    productId    VARCHAR(255)   NOT NULL,
    total        BIGINT         NOT NULL,
    placed       BIGINT         NOT NULL DEFAULT 0,
    PRIMARY KEY (userId, productId),
    CONSTRAINT open_order_counts_total CHECK (total >= 0),
    CONSTRAINT open_order_counts_placed CHECK (placed >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS order_items (
    id          BIGINT         NOT NULL PRIMARY KEY AUTO_INCREMENT,
    orderId     BIGINT         NOT NULL,
    productId   VARCHAR(255)   NOT NULL,
    quantity    BIGINT         NOT NULL,
    price       DECIMAL(19, 4) NOT NULL,
    createdAt   TIMESTAMP(3)   NOT NULL,
    updatedAt   TIMESTAMP(3)   NOT NULL,
    name        VARCHAR(500)   NOT NULL,
    holdsStock  TINYINT(1)     NOT NULL,
    `position`  BIGINT         NOT NULL,
    -- The pieces that went back into stock, in whatever way.
    restocked   BIGINT         NOT NULL DEFAULT 0,
    UNIQUE KEY items_position (orderId, `position`),
    CONSTRAINT items_order FOREIGN KEY (orderId) REFERENCES orders (id),
    -- By the key of the order: a CHECK must not use an AUTO_INCREMENT column.
    CONSTRAINT items_quantity CHECK (quantity > 0 OR (quantity = 0 AND orderId < 4294967296)),
    CONSTRAINT items_price CHECK (price > 0 OR (price = 0 AND orderId < 4294967296)),
    CONSTRAINT items_holds_stock CHECK (holdsStock IN (0, 1)),
    CONSTRAINT items_position_first CHECK (`position` >= 0),
    CONSTRAINT items_restocked CHECK (restocked BETWEEN 0 AND quantity * holdsStock)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS order_status_history (
    id          BIGINT       NOT NULL PRIMARY KEY AUTO_INCREMENT,
    orderId     BIGINT       NOT NULL,
    -- The position in the history of the order: 1, 2, 3 and so on. Clocks do not matter.
    sequence    BIGINT       NOT NULL,
    -- Empty for the first entry.
    fromStatus  VARCHAR(20)  NOT NULL,
    toStatus    VARCHAR(20)  NOT NULL,
    -- The row key of a user, or for a SERVICE of an API key; 0 if neither made the change.
    changedBy   BIGINT       NOT NULL,
    createdAt   TIMESTAMP(3) NOT NULL,
    actor       VARCHAR(20)  NOT NULL,
    reason      TEXT         NULL,
    UNIQUE KEY history_sequence (orderId, sequence),
    CONSTRAINT history_order FOREIGN KEY (orderId) REFERENCES orders (id),
    CONSTRAINT history_from CHECK (fromStatus IN (
        '', 'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING',
        'REFUNDED', 'CLOSED'
    )),
    CONSTRAINT history_to CHECK (toStatus IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    CONSTRAINT history_actor CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    CONSTRAINT history_moves CHECK (fromStatus <> toStatus),
    CONSTRAINT history_numbers CHECK (sequence >= 1),
    CONSTRAINT history_first CHECK ((sequence = 1) = (fromStatus = '') OR orderId < 4294967296)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS payment_transactions (
    id                  BIGINT         NOT NULL PRIMARY KEY,
    -- The number of the order; its row key is `order_key`.
    order_id            VARCHAR(255)   NOT NULL,
    transaction_id      VARCHAR(255)   NOT NULL,
    status              VARCHAR(20)    NOT NULL,
    amount              DECIMAL(19, 4) NOT NULL,
    currency            CHAR(3)        NOT NULL,
    card_last4          VARCHAR(255)   NULL,
    card_brand          VARCHAR(255)   NULL,
    authorization_code  VARCHAR(255)   NULL,
    captured_amount     DECIMAL(19, 4) NULL,
    captured_at         TIMESTAMP(3)   NULL,
    failure_reason      TEXT           NULL,
    response_code       VARCHAR(255)   NULL,
    created_at          TIMESTAMP(3)   NOT NULL,
    updated_at          TIMESTAMP(3)   NOT NULL,
    order_key           BIGINT         NOT NULL,
    -- The position among the order's transactions: 1, 2, 3 and so on.
    sequence            BIGINT         NOT NULL,
    gateway             VARCHAR(255)   NOT NULL,
    token               TEXT           NOT NULL,
    capture_method      VARCHAR(20)    NOT NULL,
    -- Times by the gateway's clock.
    authorized_at       TIMESTAMP(3)   NULL,
    failed_at           TIMESTAMP(3)   NULL,
    voided_at           TIMESTAMP(3)   NULL,
    surplus             TINYINT(1)     NOT NULL,
    displaced           TINYINT(1)     NOT NULL,
    asked               VARCHAR(20)    NULL,
    asked_amount        DECIMAL(19, 4) NULL,
    -- The sum of the refunds that succeeded; a gateway may refund more than was captured.
    refunded_amount     DECIMAL(19, 4) NOT NULL,
    -- The sum of the disputes that are open or lost; NULL if there was never a dispute.
    disputed_amount     DECIMAL(19, 4) NULL,
    -- The row key of the order while no other transaction of it may be live; unique, so one for each order.
    occupies_order      BIGINT         NULL,
    check_at            TIMESTAMP(3)   NULL,
    checks              BIGINT         NOT NULL,
    UNIQUE KEY transactions_public (transaction_id),
    UNIQUE KEY transactions_live (occupies_order),
    UNIQUE KEY transactions_of_order (order_key, sequence),
    KEY transactions_of_status (status, created_at),
    KEY transactions_of_gateway (gateway, status, created_at),
    KEY transactions_to_check (gateway, check_at),
    KEY transactions_by_time (gateway, created_at),
    KEY transactions_by_capture (gateway, captured_at),
    CONSTRAINT transactions_order FOREIGN KEY (order_key) REFERENCES orders (id),
    CONSTRAINT transactions_status CHECK (status IN (
        'PENDING', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED', 'DISPUTED', 'VOIDED'
    )),
    CONSTRAINT transactions_amount CHECK (amount > 0 OR (amount = 0 AND id < 4294967296)),
    CONSTRAINT transactions_currency CHECK (char_length(currency) = 3),
    CONSTRAINT transactions_captured CHECK (
        captured_amount > 0 AND (captured_amount <= amount OR id < 4294967296)
    ),
    CONSTRAINT transactions_method CHECK (capture_method IN ('AUTOMATIC', 'MANUAL')),
    CONSTRAINT transactions_sequence CHECK (sequence >= 1),
    CONSTRAINT transactions_surplus CHECK (surplus IN (0, 1)),
    CONSTRAINT transactions_displaced CHECK (displaced IN (0, 1)),
    CONSTRAINT transactions_asked CHECK (asked IN ('CAPTURE', 'VOID')),
    CONSTRAINT transactions_asked_amount CHECK (asked_amount > 0 AND asked_amount <= amount),
    CONSTRAINT transactions_refunded CHECK (refunded_amount >= 0),
    CONSTRAINT transactions_disputed CHECK (disputed_amount >= 0),
    CONSTRAINT transactions_capture_both CHECK ((captured_amount IS NULL) = (captured_at IS NULL)),
    CONSTRAINT transactions_of_capture CHECK (
        captured_amount IS NOT NULL OR (surplus = 0 AND refunded_amount = 0 AND disputed_amount IS NULL)
    ),
    CONSTRAINT transactions_occupies CHECK (occupies_order = order_key),
    CONSTRAINT transactions_checks CHECK (checks >= 0),
    CONSTRAINT transactions_asked_both CHECK ((coalesce(asked, '') = 'CAPTURE') = (asked_amount IS NOT NULL)),
    CONSTRAINT transactions_live_occupies CHECK (
        status NOT IN ('PENDING', 'AUTHORIZED') OR occupies_order IS NOT NULL OR displaced = 1
    ),
    CONSTRAINT transactions_taken CHECK (
        status NOT IN ('CAPTURED', 'REFUNDED', 'DISPUTED') OR captured_amount IS NOT NULL
    )
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS refunds (
    id               BIGINT         NOT NULL PRIMARY KEY,
    transaction_key  BIGINT         NOT NULL,
    -- The gateway of the transaction, repeated for the index.
    gateway          VARCHAR(255)   NOT NULL,
    -- The position among the transaction's refunds: 1, 2, 3 and so on.
    sequence         BIGINT         NOT NULL,
    refund_id        VARCHAR(255)   NOT NULL,
    amount           DECIMAL(19, 4) NOT NULL,
    status           VARCHAR(20)    NOT NULL,
    -- Times by the gateway's clock.
    succeeded_at     TIMESTAMP(3)   NULL,
    failed_at        TIMESTAMP(3)   NULL,
    withdrawn        TINYINT(1)     NOT NULL,
    -- The row key of the user, or for a SERVICE of the API key, that requested it; 0 if neither did.
    requested_by     BIGINT         NOT NULL,
    actor            VARCHAR(20)    NOT NULL,
    reason           TEXT           NULL,
    created_at       TIMESTAMP(3)   NOT NULL,
    check_at         TIMESTAMP(3)   NULL,
    checks           BIGINT         NOT NULL,
    -- The pieces that it pays back, and the caller's own pairs: JSON. NULL: none.
    items            MEDIUMTEXT     NULL,
    metadata         MEDIUMTEXT     NULL,
    UNIQUE KEY refunds_public (transaction_key, refund_id),
    UNIQUE KEY refunds_sequence (transaction_key, sequence),
    KEY refunds_of_status (status, created_at),
    KEY refunds_of_gateway (gateway, status, created_at),
    KEY refunds_to_check (gateway, check_at),
    KEY refunds_succeeded (gateway, succeeded_at),
    CONSTRAINT refunds_transaction FOREIGN KEY (transaction_key) REFERENCES payment_transactions (id),
    CONSTRAINT refunds_amount CHECK (amount > 0),
    CONSTRAINT refunds_status CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
    CONSTRAINT refunds_actor CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    CONSTRAINT refunds_withdrawn CHECK (withdrawn IN (0, 1)),
    CONSTRAINT refunds_sequence_first CHECK (sequence >= 1),
    CONSTRAINT refunds_through CHECK (status <> 'SUCCEEDED' OR succeeded_at IS NOT NULL),
    CONSTRAINT refunds_pending CHECK (
        (status = 'PENDING') = (succeeded_at IS NULL AND failed_at IS NULL AND withdrawn = 0)
    ),
    CONSTRAINT refunds_checks CHECK (checks >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The payment, capture and void requests with their authors. A refund has its author in its own row.
CREATE TABLE IF NOT EXISTS payment_requests (
    id               BIGINT         NOT NULL PRIMARY KEY AUTO_INCREMENT,
    transaction_key  BIGINT         NOT NULL,
    kind             VARCHAR(20)    NOT NULL,
    amount           DECIMAL(19, 4) NOT NULL,
    -- The row key of the user, or for a SERVICE of the API key, that requested it; 0 if neither did.
    requested_by     BIGINT         NOT NULL,
    actor            VARCHAR(20)    NOT NULL,
    requested_at     TIMESTAMP(3)   NOT NULL,
    KEY requests_of_transaction (transaction_key),
    CONSTRAINT requests_transaction FOREIGN KEY (transaction_key) REFERENCES payment_transactions (id),
    CONSTRAINT requests_kind CHECK (kind IN ('PAYMENT', 'CAPTURE', 'VOID')),
    CONSTRAINT requests_amount CHECK (amount >= 0),
    CONSTRAINT requests_actor CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The gateways' own references of payments, refunds and disputes. A reference has one owner, an owner one
-- reference.
CREATE TABLE IF NOT EXISTS gateway_references (
    id               BIGINT       NOT NULL PRIMARY KEY AUTO_INCREMENT,
    gateway          VARCHAR(255) NOT NULL,
    kind             VARCHAR(20)  NOT NULL,
    reference        VARCHAR(255) NOT NULL,
    transaction_key  BIGINT       NOT NULL,
    -- The id of the refund or dispute; empty for the payment itself. Not NULL: a unique key allows several
    -- NULLs.
    owner            VARCHAR(255) NOT NULL,
    learnt_at        TIMESTAMP(3) NOT NULL,
    UNIQUE KEY references_public (gateway, kind, reference),
    UNIQUE KEY references_of_owner (transaction_key, kind, owner),
    CONSTRAINT references_transaction FOREIGN KEY (transaction_key) REFERENCES payment_transactions (id),
    CONSTRAINT references_kind CHECK (kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    CONSTRAINT references_reference CHECK (CHAR_LENGTH(reference) BETWEEN 1 AND 255),
    CONSTRAINT references_owner CHECK ((kind = 'PAYMENT') = (owner = ''))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What the buyers of pending payments must do: JSON with the kind and its content.
CREATE TABLE IF NOT EXISTS payment_next_actions (
    transaction_key  BIGINT NOT NULL PRIMARY KEY,
    content          TEXT   NOT NULL,
    CONSTRAINT next_actions_transaction FOREIGN KEY (transaction_key) REFERENCES payment_transactions (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The caller's own pairs of a payment: a JSON object. A payment without any has no row.
CREATE TABLE IF NOT EXISTS payment_metadata (
    transaction_key  BIGINT     NOT NULL PRIMARY KEY,
    content          MEDIUMTEXT NOT NULL,
    CONSTRAINT payment_metadata_transaction FOREIGN KEY (transaction_key) REFERENCES payment_transactions (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Every request to a gateway with its answer. Rows are only inserted, and deleted when they are old. There is no foreign
-- key: it would read and lock the row of the payment for a row that nothing is decided on.
CREATE TABLE IF NOT EXISTS gateway_attempts (
    id               BIGINT       NOT NULL PRIMARY KEY,
    attempt_id       VARCHAR(255) NOT NULL,
    transaction_key  BIGINT       NOT NULL,
    -- The id of the refund that it is about; NULL for the payment itself.
    refund_id        VARCHAR(255) NULL,
    operation        VARCHAR(20)  NOT NULL,
    request          TEXT         NOT NULL,
    outcome          VARCHAR(20)  NOT NULL,
    http_status      BIGINT       NULL,
    -- The answer, or the reason why there was none.
    answer           TEXT         NOT NULL,
    started_at       TIMESTAMP(3) NOT NULL,
    duration_ms      BIGINT       NOT NULL,
    UNIQUE KEY attempts_public (attempt_id),
    KEY attempts_of_transaction (transaction_key, started_at),
    KEY attempts_by_time (started_at),
    CONSTRAINT attempts_operation CHECK (operation IN ('CHARGE', 'CAPTURE', 'VOID', 'REFUND', 'LOOK_UP')),
    CONSTRAINT attempts_outcome CHECK (outcome IN ('ANSWERED', 'FAILED')),
    CONSTRAINT attempts_status CHECK (http_status >= 0),
    CONSTRAINT attempts_duration CHECK (duration_ms >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The gateways' reports about disputes. The disputes and their status follow from all reports.
CREATE TABLE IF NOT EXISTS dispute_events (
    id               BIGINT         NOT NULL PRIMARY KEY AUTO_INCREMENT,
    transaction_key  BIGINT         NOT NULL,
    event_id         VARCHAR(255)   NOT NULL,
    dispute_id       VARCHAR(255)   NULL,
    status           VARCHAR(20)    NOT NULL,
    amount           DECIMAL(19, 4) NOT NULL,
    -- By the gateway's clock.
    occurred_at      TIMESTAMP(3)   NOT NULL,
    UNIQUE KEY dispute_events_public (transaction_key, event_id),
    CONSTRAINT dispute_events_transaction FOREIGN KEY (transaction_key) REFERENCES payment_transactions (id),
    CONSTRAINT dispute_events_status CHECK (status IN ('OPEN', 'WON', 'LOST')),
    CONSTRAINT dispute_events_amount CHECK (amount > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS payment_events (
    id              BIGINT       NOT NULL PRIMARY KEY,
    gateway         VARCHAR(255) NOT NULL,
    event_id        VARCHAR(255) NOT NULL,
    kind            TEXT         NULL,
    transaction_id  VARCHAR(255) NULL,
    -- The gateway's reference that the event names instead of a transaction_id.
    reference_kind  VARCHAR(20)  NULL,
    reference       VARCHAR(255) NULL,
    raw             LONGTEXT     NOT NULL,
    disposition     VARCHAR(20)  NOT NULL,
    received_at     TIMESTAMP(3) NOT NULL,
    UNIQUE KEY events_public (gateway, event_id),
    KEY events_of_transaction (transaction_id),
    KEY events_of_reference (reference, gateway),
    KEY events_of_disposition (disposition, received_at),
    CONSTRAINT events_disposition CHECK (disposition IN (
        'APPLIED', 'UNCHANGED', 'WAITING', 'PARKED', 'OVERDUE', 'FLAGGED'
    )),
    CONSTRAINT events_reference_kind CHECK (reference_kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    CONSTRAINT events_reference CHECK ((reference IS NULL) = (reference_kind IS NULL)),
    CONSTRAINT events_target CHECK (reference IS NULL OR transaction_id IS NULL)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS findings (
    id              BIGINT       NOT NULL PRIMARY KEY,
    finding_id      VARCHAR(255) NOT NULL,
    kind            VARCHAR(30)  NOT NULL,
    gateway         VARCHAR(255) NULL,
    event_id        VARCHAR(255) NULL,
    transaction_id  VARCHAR(255) NULL,
    order_number    VARCHAR(255) NULL,
    detail          TEXT         NOT NULL,
    created_at      TIMESTAMP(3) NOT NULL,
    resolved_at     TIMESTAMP(3) NULL,
    note            TEXT         NULL,
    -- Whether there is a `resolved_at`, for the index.
    resolved        TINYINT(1)   NOT NULL DEFAULT 0,
    -- The subject of an open finding that may exist only once: `table:key` of an unreadable row.
    subject         VARCHAR(255) NULL,
    -- The row key of the user, or for a SERVICE of the API key, that resolved it; 0 if neither did.
    resolved_by     BIGINT       NULL,
    resolved_actor  VARCHAR(20)  NULL,
    UNIQUE KEY findings_public (finding_id),
    UNIQUE KEY findings_subject (subject),
    CONSTRAINT findings_open_subject CHECK (subject IS NULL OR resolved_at IS NULL),
    KEY findings_by_time (created_at),
    KEY findings_of_state (resolved, created_at),
    KEY findings_of_order (order_number, created_at),
    CONSTRAINT findings_resolved CHECK (resolved = (resolved_at IS NOT NULL)),
    CONSTRAINT findings_author CHECK ((resolved_by IS NULL) = (resolved_actor IS NULL)),
    CONSTRAINT findings_resolver CHECK (resolved_actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    CONSTRAINT findings_kind CHECK (kind IN (
        'amount-mismatch', 'currency-mismatch', 'order-mismatch', 'unknown-transaction', 'unknown-type',
        'unintelligible', 'late-capture', 'partial-capture', 'dispute', 'reconciliation',
        'refund-failed', 'over-refunded', 'contradiction', 'unreadable', 'archive-failed',
        'webhook-disabled', 'webhook-gap'
    ))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS idempotency_claims (
    id              BIGINT       NOT NULL PRIMARY KEY AUTO_INCREMENT,
    -- The row key of a user or an API key; 0 for requests without either. Not NULL: a unique key allows several NULLs.
    userId          BIGINT       NOT NULL,
    route           VARCHAR(255) NOT NULL,
    idempotencyKey  VARCHAR(255) NOT NULL,
    fingerprint     VARCHAR(255) NOT NULL,
    resource        VARCHAR(255) NOT NULL,
    replyStatus     INT          NULL,
    replyLocation   TEXT         NULL,
    replyEtag       VARCHAR(255) NULL,
    replyBody       LONGTEXT     NULL,
    createdAt       TIMESTAMP(3) NOT NULL,
    expiresAt       TIMESTAMP(3) NULL,
    UNIQUE KEY claims_public (userId, route, idempotencyKey),
    -- For the erasure of what is stored about an order.
    KEY claims_of_resource (resource),
    KEY claims_expired (expiresAt),
    CONSTRAINT claims_answered CHECK ((replyStatus IS NULL) = (replyBody IS NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Endpoints of other systems that get the events of the feed.
CREATE TABLE IF NOT EXISTS webhook_endpoints (
    id               BIGINT       NOT NULL PRIMARY KEY,
    endpoint_id      VARCHAR(255) NOT NULL,
    url              TEXT         NOT NULL,
    -- Names of event types with spaces between them; empty: all.
    types            TEXT         NOT NULL,
    description      TEXT         NULL,
    disabled         TINYINT(1)   NOT NULL,
    version          BIGINT       NOT NULL,
    -- Encrypted; the key is not in the database.
    secret           TEXT         NOT NULL,
    -- The secret before the last rotation, and until when it signs as well.
    old_secret       TEXT         NULL,
    old_secret_until TIMESTAMP(3) NULL,
    -- The sequence of the last event for which deliveries exist.
    feed_cursor      BIGINT       NOT NULL,
    enabled_at       TIMESTAMP(3) NOT NULL,
    failing_since    TIMESTAMP(3) NULL,
    created_at       TIMESTAMP(3) NOT NULL,
    updated_at       TIMESTAMP(3) NOT NULL,
    UNIQUE KEY endpoints_public (endpoint_id),
    KEY endpoints_by_time (created_at),
    KEY endpoints_of_state (disabled),
    CONSTRAINT endpoints_disabled CHECK (disabled IN (0, 1)),
    CONSTRAINT endpoints_version CHECK (version >= 1),
    CONSTRAINT endpoints_cursor CHECK (feed_cursor >= 0),
    CONSTRAINT endpoints_old_secret CHECK ((old_secret IS NULL) = (old_secret_until IS NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Deliveries of events to endpoints. They outlive their endpoint, so there is no foreign key.
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    id               BIGINT       NOT NULL PRIMARY KEY,
    delivery_id      VARCHAR(255) NOT NULL,
    endpoint_key     BIGINT       NOT NULL,
    message_id       VARCHAR(255) NOT NULL,
    event_type       VARCHAR(255) NOT NULL,
    -- The event's place in the feed; NULL for a test.
    sequence         BIGINT       NULL,
    -- Deliveries of one subject are made one after the other; NULL waits for nothing.
    -- Wider than an order number, which may have 255 characters: a kind stands before it.
    subject          VARCHAR(300) NULL,
    status           VARCHAR(20)  NOT NULL,
    attempts         BIGINT       NOT NULL,
    next_attempt_at  TIMESTAMP(3) NULL,
    first_attempt_at TIMESTAMP(3) NULL,
    attempt_began_at TIMESTAMP(3) NULL,
    duration_ms      BIGINT       NULL,
    http_status      BIGINT       NULL,
    -- The beginning of the answer, or the reason why there was none.
    answer           TEXT         NULL,
    created_at       TIMESTAMP(3) NOT NULL,
    UNIQUE KEY deliveries_public (delivery_id),
    KEY deliveries_due (endpoint_key, status, next_attempt_at),
    KEY deliveries_of_subject (endpoint_key, subject, status, sequence),
    KEY deliveries_of_endpoint (endpoint_key, created_at),
    KEY deliveries_of_status (status, created_at),
    CONSTRAINT deliveries_status CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED')),
    CONSTRAINT deliveries_attempts CHECK (attempts >= 0),
    CONSTRAINT deliveries_duration CHECK (duration_ms >= 0),
    CONSTRAINT deliveries_http_status CHECK (http_status >= 0),
    CONSTRAINT deliveries_next CHECK ((status = 'PENDING') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT deliveries_attempt CHECK ((attempt_began_at IS NULL) = (duration_ms IS NULL)),
    CONSTRAINT deliveries_order CHECK (subject IS NULL OR sequence IS NOT NULL)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row that is written to check whether the database accepts writes.
CREATE TABLE IF NOT EXISTS commit_probe (
    id              BIGINT       NOT NULL PRIMARY KEY,
    probed_at       TIMESTAMP(3) NOT NULL,
    filling         TEXT         NOT NULL,
    CONSTRAINT commit_probe_one CHECK (id = 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO commit_probe (id, probed_at, filling) VALUES (1, '2000-01-01 00:00:00.000', '') ON DUPLICATE KEY UPDATE id = id;

-- The feed of events for other systems. Row numbers grow in the order of the commits, within one order in the order of its
-- versions; `sequence` is given after the commit, and readers follow it.
CREATE TABLE IF NOT EXISTS feed_events (
    id              BIGINT       NOT NULL PRIMARY KEY AUTO_INCREMENT,
    event_id        VARCHAR(255) NOT NULL,
    sequence        BIGINT       NULL,
    kind            VARCHAR(50)  NOT NULL,
    -- What the event is about: events about one subject keep their order.
    subject_kind    VARCHAR(20)  NOT NULL,
    subject         VARCHAR(255) NOT NULL,
    -- The row key of the user whose personal data is in `data`.
    owner           BIGINT       NULL,
    data            MEDIUMTEXT   NOT NULL,
    created_at      TIMESTAMP(3) NOT NULL,
    -- The `traceparent` of the request that caused the event, for webhooks.
    trace_parent    VARCHAR(55)  NULL,
    UNIQUE KEY feed_by_sequence (sequence),
    KEY feed_of_owner (owner),
    CONSTRAINT feed_events_sequence CHECK (sequence >= 1),
    CONSTRAINT feed_events_subject CHECK (subject_kind IN ('ORDER', 'USER', 'FINDING')),
    CONSTRAINT feed_events_data CHECK (JSON_VALID(data)),
    CONSTRAINT feed_events_trace CHECK (CHAR_LENGTH(trace_parent) = 55)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row: the next number of the feed. A transaction that gives numbers changes it first, so there is one at a time.
CREATE TABLE IF NOT EXISTS feed_sequencer (
    id              BIGINT       NOT NULL PRIMARY KEY,
    next_sequence   BIGINT       NOT NULL,
    -- The number of the last event that was deleted because of its age.
    pruned_to       BIGINT       NOT NULL,
    rounds          BIGINT       NOT NULL,
    CONSTRAINT feed_sequencer_one CHECK (id = 1),
    CONSTRAINT feed_sequencer_pruned CHECK (pruned_to >= 0),
    CONSTRAINT feed_sequencer_next CHECK (next_sequence > pruned_to)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
INSERT INTO feed_sequencer (id, next_sequence, pruned_to, rounds) VALUES (1, 1, 0, 0) ON DUPLICATE KEY UPDATE id = id;

-- The archive: what `api archive` moved out of the tables of the same names, with the same columns in the same order. Rows
-- are copied as they are, in both directions, so a column is added to both. It has the keys and checks of the record, and
-- of its indexes only those by which a single order, payment or event is found, and a period of payments.
CREATE TABLE IF NOT EXISTS archived_orders (
    id           BIGINT         NOT NULL PRIMARY KEY,
    userId       BIGINT         NOT NULL,
    orderNumber  VARCHAR(255)   NOT NULL,
    status       VARCHAR(20)    NOT NULL,
    amount       DECIMAL(19, 4) NOT NULL,
    createdAt    TIMESTAMP(3)   NOT NULL,
    updatedAt    TIMESTAMP(3)   NOT NULL,
    currency     CHAR(3)        NOT NULL,
    version      BIGINT         NOT NULL,
    revision     BIGINT         NOT NULL,
    lastSequence BIGINT         NOT NULL,
    cameFrom     VARCHAR(20)    NULL,
    expiresAt    TIMESTAMP(3)   NOT NULL,
    statusChangedAt TIMESTAMP(3) NOT NULL,
    UNIQUE KEY orders_number (orderNumber),
    KEY archived_orders_of_user (userId),
    CONSTRAINT archived_orders_user FOREIGN KEY (userId) REFERENCES user (id),
    CONSTRAINT archived_orders_status CHECK (status IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    CONSTRAINT archived_orders_amount CHECK (amount > 0 OR (amount = 0 AND id < 4294967296)),
    CONSTRAINT archived_orders_currency CHECK (char_length(currency) = 3),
    CONSTRAINT archived_orders_version CHECK (version >= 1),
    CONSTRAINT archived_orders_revision CHECK (revision >= 1),
    CONSTRAINT archived_orders_last_sequence CHECK (lastSequence >= 1),
    CONSTRAINT archived_orders_came_from CHECK (cameFrom IN ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_order_details (
    orderId         BIGINT       NOT NULL PRIMARY KEY,
    userId          BIGINT       NOT NULL,
    createdAt       TIMESTAMP(3) NOT NULL,
    reference       VARCHAR(100) NULL,
    metadata        MEDIUMTEXT   NULL,
    contact         TEXT         NULL,
    shippingAddress TEXT         NULL,
    tracking        TEXT         NULL,
    CONSTRAINT archived_order_details_order FOREIGN KEY (orderId) REFERENCES archived_orders (id),
    CONSTRAINT archived_order_details_reference CHECK (char_length(reference) BETWEEN 1 AND 100)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_order_items (
    id          BIGINT         NOT NULL PRIMARY KEY,
    orderId     BIGINT         NOT NULL,
    productId   VARCHAR(255)   NOT NULL,
    quantity    BIGINT         NOT NULL,
    price       DECIMAL(19, 4) NOT NULL,
    createdAt   TIMESTAMP(3)   NOT NULL,
    updatedAt   TIMESTAMP(3)   NOT NULL,
    name        VARCHAR(500)   NOT NULL,
    holdsStock  TINYINT(1)     NOT NULL,
    `position`  BIGINT         NOT NULL,
    restocked   BIGINT         NOT NULL DEFAULT 0,
    UNIQUE KEY items_position (orderId, `position`),
    CONSTRAINT archived_items_order FOREIGN KEY (orderId) REFERENCES archived_orders (id),
    CONSTRAINT archived_items_quantity CHECK (quantity > 0 OR (quantity = 0 AND orderId < 4294967296)),
    CONSTRAINT archived_items_price CHECK (price > 0 OR (price = 0 AND orderId < 4294967296)),
    CONSTRAINT archived_items_holds_stock CHECK (holdsStock IN (0, 1)),
    CONSTRAINT archived_items_position_first CHECK (`position` >= 0),
    CONSTRAINT archived_items_restocked CHECK (restocked BETWEEN 0 AND quantity * holdsStock)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_order_status_history (
    id          BIGINT       NOT NULL PRIMARY KEY,
    orderId     BIGINT       NOT NULL,
    sequence    BIGINT       NOT NULL,
    fromStatus  VARCHAR(20)  NOT NULL,
    toStatus    VARCHAR(20)  NOT NULL,
    changedBy   BIGINT       NOT NULL,
    createdAt   TIMESTAMP(3) NOT NULL,
    actor       VARCHAR(20)  NOT NULL,
    reason      TEXT         NULL,
    UNIQUE KEY history_sequence (orderId, sequence),
    CONSTRAINT archived_history_order FOREIGN KEY (orderId) REFERENCES archived_orders (id),
    CONSTRAINT archived_history_from CHECK (fromStatus IN (
        '', 'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING',
        'REFUNDED', 'CLOSED'
    )),
    CONSTRAINT archived_history_to CHECK (toStatus IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    CONSTRAINT archived_history_actor CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    CONSTRAINT archived_history_moves CHECK (fromStatus <> toStatus),
    CONSTRAINT archived_history_numbers CHECK (sequence >= 1),
    CONSTRAINT archived_history_first CHECK ((sequence = 1) = (fromStatus = '') OR orderId < 4294967296)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_payment_transactions (
    id                  BIGINT         NOT NULL PRIMARY KEY,
    order_id            VARCHAR(255)   NOT NULL,
    transaction_id      VARCHAR(255)   NOT NULL,
    status              VARCHAR(20)    NOT NULL,
    amount              DECIMAL(19, 4) NOT NULL,
    currency            CHAR(3)        NOT NULL,
    card_last4          VARCHAR(255)   NULL,
    card_brand          VARCHAR(255)   NULL,
    authorization_code  VARCHAR(255)   NULL,
    captured_amount     DECIMAL(19, 4) NULL,
    captured_at         TIMESTAMP(3)   NULL,
    failure_reason      TEXT           NULL,
    response_code       VARCHAR(255)   NULL,
    created_at          TIMESTAMP(3)   NOT NULL,
    updated_at          TIMESTAMP(3)   NOT NULL,
    order_key           BIGINT         NOT NULL,
    sequence            BIGINT         NOT NULL,
    gateway             VARCHAR(255)   NOT NULL,
    token               TEXT           NOT NULL,
    capture_method      VARCHAR(20)    NOT NULL,
    authorized_at       TIMESTAMP(3)   NULL,
    failed_at           TIMESTAMP(3)   NULL,
    voided_at           TIMESTAMP(3)   NULL,
    surplus             TINYINT(1)     NOT NULL,
    displaced           TINYINT(1)     NOT NULL,
    asked               VARCHAR(20)    NULL,
    asked_amount        DECIMAL(19, 4) NULL,
    refunded_amount     DECIMAL(19, 4) NOT NULL,
    disputed_amount     DECIMAL(19, 4) NULL,
    occupies_order      BIGINT         NULL,
    check_at            TIMESTAMP(3)   NULL,
    checks              BIGINT         NOT NULL,
    UNIQUE KEY transactions_public (transaction_id),
    UNIQUE KEY transactions_live (occupies_order),
    UNIQUE KEY transactions_of_order (order_key, sequence),
    KEY archived_transactions_by_time (gateway, created_at),
    KEY archived_transactions_by_capture (gateway, captured_at),
    CONSTRAINT archived_transactions_order FOREIGN KEY (order_key) REFERENCES archived_orders (id),
    CONSTRAINT archived_transactions_status CHECK (status IN (
        'PENDING', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED', 'DISPUTED', 'VOIDED'
    )),
    CONSTRAINT archived_transactions_amount CHECK (amount > 0 OR (amount = 0 AND id < 4294967296)),
    CONSTRAINT archived_transactions_currency CHECK (char_length(currency) = 3),
    CONSTRAINT archived_transactions_captured CHECK (
        captured_amount > 0 AND (captured_amount <= amount OR id < 4294967296)
    ),
    CONSTRAINT archived_transactions_method CHECK (capture_method IN ('AUTOMATIC', 'MANUAL')),
    CONSTRAINT archived_transactions_sequence CHECK (sequence >= 1),
    CONSTRAINT archived_transactions_surplus CHECK (surplus IN (0, 1)),
    CONSTRAINT archived_transactions_displaced CHECK (displaced IN (0, 1)),
    CONSTRAINT archived_transactions_asked CHECK (asked IN ('CAPTURE', 'VOID')),
    CONSTRAINT archived_transactions_asked_amount CHECK (asked_amount > 0 AND asked_amount <= amount),
    CONSTRAINT archived_transactions_refunded CHECK (refunded_amount >= 0),
    CONSTRAINT archived_transactions_disputed CHECK (disputed_amount >= 0),
    CONSTRAINT archived_transactions_capture_both CHECK ((captured_amount IS NULL) = (captured_at IS NULL)),
    CONSTRAINT archived_transactions_of_capture CHECK (
        captured_amount IS NOT NULL OR (surplus = 0 AND refunded_amount = 0 AND disputed_amount IS NULL)
    ),
    CONSTRAINT archived_transactions_occupies CHECK (occupies_order = order_key),
    CONSTRAINT archived_transactions_checks CHECK (checks >= 0),
    CONSTRAINT archived_transactions_asked_both CHECK ((coalesce(asked, '') = 'CAPTURE') = (asked_amount IS NOT NULL)),
    CONSTRAINT archived_transactions_live_occupies CHECK (
        status NOT IN ('PENDING', 'AUTHORIZED') OR occupies_order IS NOT NULL OR displaced = 1
    ),
    CONSTRAINT archived_transactions_taken CHECK (
        status NOT IN ('CAPTURED', 'REFUNDED', 'DISPUTED') OR captured_amount IS NOT NULL
    )
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_refunds (
    id               BIGINT         NOT NULL PRIMARY KEY,
    transaction_key  BIGINT         NOT NULL,
    gateway          VARCHAR(255)   NOT NULL,
    sequence         BIGINT         NOT NULL,
    refund_id        VARCHAR(255)   NOT NULL,
    amount           DECIMAL(19, 4) NOT NULL,
    status           VARCHAR(20)    NOT NULL,
    succeeded_at     TIMESTAMP(3)   NULL,
    failed_at        TIMESTAMP(3)   NULL,
    withdrawn        TINYINT(1)     NOT NULL,
    requested_by     BIGINT         NOT NULL,
    actor            VARCHAR(20)    NOT NULL,
    reason           TEXT           NULL,
    created_at       TIMESTAMP(3)   NOT NULL,
    check_at         TIMESTAMP(3)   NULL,
    checks           BIGINT         NOT NULL,
    items            MEDIUMTEXT     NULL,
    metadata         MEDIUMTEXT     NULL,
    UNIQUE KEY refunds_public (transaction_key, refund_id),
    UNIQUE KEY refunds_sequence (transaction_key, sequence),
    KEY archived_refunds_succeeded (gateway, succeeded_at),
    CONSTRAINT archived_refunds_transaction FOREIGN KEY (transaction_key) REFERENCES archived_payment_transactions (id),
    CONSTRAINT archived_refunds_amount CHECK (amount > 0),
    CONSTRAINT archived_refunds_status CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
    CONSTRAINT archived_refunds_actor CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    CONSTRAINT archived_refunds_withdrawn CHECK (withdrawn IN (0, 1)),
    CONSTRAINT archived_refunds_sequence_first CHECK (sequence >= 1),
    CONSTRAINT archived_refunds_through CHECK (status <> 'SUCCEEDED' OR succeeded_at IS NOT NULL),
    CONSTRAINT archived_refunds_pending CHECK (
        (status = 'PENDING') = (succeeded_at IS NULL AND failed_at IS NULL AND withdrawn = 0)
    ),
    CONSTRAINT archived_refunds_checks CHECK (checks >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_payment_requests (
    id               BIGINT         NOT NULL PRIMARY KEY,
    transaction_key  BIGINT         NOT NULL,
    kind             VARCHAR(20)    NOT NULL,
    amount           DECIMAL(19, 4) NOT NULL,
    requested_by     BIGINT         NOT NULL,
    actor            VARCHAR(20)    NOT NULL,
    requested_at     TIMESTAMP(3)   NOT NULL,
    KEY archived_requests_of_transaction (transaction_key),
    CONSTRAINT archived_requests_transaction FOREIGN KEY (transaction_key) REFERENCES archived_payment_transactions (id),
    CONSTRAINT archived_requests_kind CHECK (kind IN ('PAYMENT', 'CAPTURE', 'VOID')),
    CONSTRAINT archived_requests_amount CHECK (amount >= 0),
    CONSTRAINT archived_requests_actor CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_gateway_references (
    id               BIGINT       NOT NULL PRIMARY KEY,
    gateway          VARCHAR(255) NOT NULL,
    kind             VARCHAR(20)  NOT NULL,
    reference        VARCHAR(255) NOT NULL,
    transaction_key  BIGINT       NOT NULL,
    owner            VARCHAR(255) NOT NULL,
    learnt_at        TIMESTAMP(3) NOT NULL,
    UNIQUE KEY references_public (gateway, kind, reference),
    UNIQUE KEY references_of_owner (transaction_key, kind, owner),
    CONSTRAINT archived_references_transaction FOREIGN KEY (transaction_key) REFERENCES archived_payment_transactions (id),
    CONSTRAINT archived_references_kind CHECK (kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    CONSTRAINT archived_references_reference CHECK (CHAR_LENGTH(reference) BETWEEN 1 AND 255),
    CONSTRAINT archived_references_owner CHECK ((kind = 'PAYMENT') = (owner = ''))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_payment_next_actions (
    transaction_key  BIGINT NOT NULL PRIMARY KEY,
    content          TEXT   NOT NULL,
    CONSTRAINT archived_next_actions_transaction FOREIGN KEY (transaction_key) REFERENCES archived_payment_transactions (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_payment_metadata (
    transaction_key  BIGINT     NOT NULL PRIMARY KEY,
    content          MEDIUMTEXT NOT NULL,
    CONSTRAINT archived_payment_metadata_transaction FOREIGN KEY (transaction_key) REFERENCES archived_payment_transactions (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_dispute_events (
    id               BIGINT         NOT NULL PRIMARY KEY,
    transaction_key  BIGINT         NOT NULL,
    event_id         VARCHAR(255)   NOT NULL,
    dispute_id       VARCHAR(255)   NULL,
    status           VARCHAR(20)    NOT NULL,
    amount           DECIMAL(19, 4) NOT NULL,
    occurred_at      TIMESTAMP(3)   NOT NULL,
    UNIQUE KEY dispute_events_public (transaction_key, event_id),
    CONSTRAINT archived_dispute_events_transaction FOREIGN KEY (transaction_key) REFERENCES archived_payment_transactions (id),
    CONSTRAINT archived_dispute_events_status CHECK (status IN ('OPEN', 'WON', 'LOST')),
    CONSTRAINT archived_dispute_events_amount CHECK (amount > 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS archived_payment_events (
    id              BIGINT       NOT NULL PRIMARY KEY,
    gateway         VARCHAR(255) NOT NULL,
    event_id        VARCHAR(255) NOT NULL,
    kind            TEXT         NULL,
    transaction_id  VARCHAR(255) NULL,
    reference_kind  VARCHAR(20)  NULL,
    reference       VARCHAR(255) NULL,
    raw             LONGTEXT     NOT NULL,
    disposition     VARCHAR(20)  NOT NULL,
    received_at     TIMESTAMP(3) NOT NULL,
    UNIQUE KEY events_public (gateway, event_id),
    KEY archived_events_of_transaction (transaction_id),
    KEY archived_events_of_reference (reference, gateway),
    CONSTRAINT archived_events_disposition CHECK (disposition IN (
        'APPLIED', 'UNCHANGED', 'WAITING', 'PARKED', 'OVERDUE', 'FLAGGED'
    )),
    CONSTRAINT archived_events_reference_kind CHECK (reference_kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    CONSTRAINT archived_events_reference CHECK ((reference IS NULL) = (reference_kind IS NULL)),
    CONSTRAINT archived_events_target CHECK (reference IS NULL OR transaction_id IS NULL)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
