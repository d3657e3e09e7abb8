-- The system of record. The service generates the keys, which grow with time. Amounts are whole
-- ten-thousandths of the major unit; times are milliseconds since 1970, UTC. The rules about money and stock
-- are CHECKs and unique keys here, too.

CREATE TABLE user (
    id              INTEGER NOT NULL PRIMARY KEY,
    username        TEXT    NOT NULL,
    password        TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    publicId        TEXT    NOT NULL UNIQUE,
    usernameFolded  TEXT    NOT NULL,
    emailFolded     TEXT    NOT NULL,
    role            TEXT    NOT NULL CHECK (role IN ('CUSTOMER', 'OPERATOR')),
    -- The cost of the password hash, as log2 of its rounds; 0 if the hash cannot be read.
    hashCost        INTEGER NOT NULL CHECK (hashCost >= 0),
    disabled        INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    -- When role, address, its verification, disabled or the second factor last changed. Instances drop cached users by it.
    changed_at      INTEGER,
    last_login_at   INTEGER,
    -- How often a write checked or changed this row under a guard.
    guards          INTEGER NOT NULL DEFAULT 0,
    -- Since when a login needs the second factor. NULL if it needs none.
    second_factor_at INTEGER,
    -- When a token showed that mails to the address arrive. NULL if none has since the address was set.
    email_verified_at INTEGER,
    -- Counts the changes of the address.
    email_revision  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX user_name ON user (usernameFolded);
CREATE UNIQUE INDEX user_email ON user (emailFolded);
CREATE INDEX user_by_time ON user (created_at);
CREATE INDEX user_cost ON user (hashCost);
CREATE INDEX user_changed ON user (changed_at) WHERE changed_at IS NOT NULL;
CREATE INDEX user_of_role ON user (role);

-- Mails that wait to be sent. A row is deleted once it is sent or given up.
CREATE TABLE mails (
    id              INTEGER NOT NULL PRIMARY KEY,
    kind            TEXT    NOT NULL CHECK (kind IN ('RESET_REQUEST', 'PASSWORD_RESET', 'EMAIL_CHANGED', 'EMAIL_VERIFICATION')),
    recipient       TEXT    NOT NULL,
    -- The row key of a user; 0 before the account was looked up.
    user_key        INTEGER NOT NULL,
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    created_at      INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX mails_due ON mails (kind, due_at);
CREATE INDEX mails_of_user ON mails (user_key);

-- The permissions to set a new password, at most one for each user. The token itself is in no row.
CREATE TABLE password_resets (
    user_key        INTEGER NOT NULL PRIMARY KEY REFERENCES user (id),
    requested_at    INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    token_digest    TEXT    UNIQUE
) STRICT;

-- The second factors, at most one for each user. One without `confirmed_at` is not in force.
CREATE TABLE second_factors (
    user_key        INTEGER NOT NULL PRIMARY KEY REFERENCES user (id),
    -- Encrypted by the service.
    sealed_secret   TEXT    NOT NULL CHECK (sealed_secret <> ''),
    created_at      INTEGER NOT NULL,
    confirmed_at    INTEGER,
    -- The newest 30 s since 1970 whose code was used; 0 before the first.
    last_step       INTEGER NOT NULL CHECK (last_step >= 0),
    -- Keyed digests of the recovery codes that are left, separated by spaces.
    recovery_digests TEXT   NOT NULL,
    revision        INTEGER NOT NULL CHECK (revision >= 1)
) STRICT;

-- The accounts that were erased, and how far the erasure of their data has come: the position in the list of the
-- user's orders, then a word.
CREATE TABLE erasures (
    user_key        INTEGER NOT NULL PRIMARY KEY REFERENCES user (id),
    erased_at       INTEGER NOT NULL,
    progress        TEXT    NOT NULL,
    -- Whether nothing is left to do, for the index.
    finished        INTEGER NOT NULL DEFAULT 0 CHECK (finished = (progress = 'finished'))
) STRICT;
CREATE INDEX erasures_open ON erasures (finished, erased_at);

CREATE TABLE sessions (
    id          INTEGER NOT NULL PRIMARY KEY,
    sessionId   TEXT    NOT NULL UNIQUE,
    userId      INTEGER NOT NULL REFERENCES user (id),
    generation  INTEGER NOT NULL CHECK (generation >= 0),
    rotatedAt   INTEGER NOT NULL,
    createdAt   INTEGER NOT NULL,
    expiresAt   INTEGER NOT NULL,
    revokedAt   INTEGER,
    -- The times at which the latest refresh tokens were spent, in milliseconds, oldest first, separated by
    -- commas.
    spent       TEXT    NOT NULL,
    -- The network of the login: an IPv4 address or an IPv6 /64. Empty once the account is erased.
    network     TEXT    NOT NULL,
    -- What the client said about itself at the login. Empty if it said nothing, and once the account is erased.
    userAgent   TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_in_network ON sessions (userId, network, createdAt);
CREATE INDEX sessions_of_user ON sessions (userId, revokedAt, createdAt);
CREATE INDEX sessions_expired ON sessions (expiresAt);
CREATE INDEX sessions_revoked ON sessions (revokedAt) WHERE revokedAt IS NOT NULL;

-- The keys with which other systems call. Of a key only the digest is stored.
CREATE TABLE api_keys (
    id          INTEGER NOT NULL PRIMARY KEY,
    keyId       TEXT    NOT NULL UNIQUE,
    -- SHA-256 of the key, as hexadecimal digits.
    digest      TEXT    NOT NULL UNIQUE CHECK (length(digest) = 64),
    name        TEXT    NOT NULL,
    -- Separated by spaces.
    scopes      TEXT    NOT NULL CHECK (scopes <> ''),
    -- The operator who made it.
    creator     INTEGER NOT NULL REFERENCES user (id),
    createdAt   INTEGER NOT NULL,
    -- Milliseconds since 1970.
    expiresAt   INTEGER,
    -- Whether there is a `revokedAt`, for the index.
    revoked     INTEGER NOT NULL CHECK (revoked = (revokedAt IS NOT NULL)),
    revokedAt   INTEGER,
    lastUsedAt  INTEGER
) STRICT;
CREATE INDEX api_keys_of_state ON api_keys (revoked, createdAt);

CREATE TABLE products (
    id          INTEGER NOT NULL PRIMARY KEY,
    productId   TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    price       INTEGER NOT NULL CHECK (price > 0),
    currency    TEXT    NOT NULL CHECK (length(currency) = 3),
    stock       INTEGER CHECK (stock >= 0),
    active      INTEGER NOT NULL CHECK (active IN (0, 1)),
    -- `version` counts the changes by operators, `moves` the changes of the stock by orders.
    version     INTEGER NOT NULL CHECK (version >= 1),
    moves       INTEGER NOT NULL CHECK (moves >= 0),
    -- The pieces that orders took from the stock and that have not gone back. It has no CHECK: a wrong count must not
    -- keep an order from being cancelled. Auditors compare it with the orders.
    held        INTEGER NOT NULL DEFAULT 0,
    createdAt   INTEGER NOT NULL,
    updatedAt   INTEGER NOT NULL
) STRICT;
CREATE INDEX products_by_time ON products (createdAt);
CREATE INDEX products_of_activity ON products (active, createdAt);

-- The changes of products by operators, one for each version.
CREATE TABLE product_changes (
    id          INTEGER NOT NULL PRIMARY KEY,
    changeId    TEXT    NOT NULL UNIQUE,
    productKey  INTEGER NOT NULL REFERENCES products (id),
    version     INTEGER NOT NULL CHECK (version >= 1),
    price       INTEGER NOT NULL CHECK (price > 0),
    currency    TEXT    NOT NULL CHECK (length(currency) = 3),
    active      INTEGER NOT NULL CHECK (active IN (0, 1)),
    -- How the stock changed: SET to `quantity`, or ADJUSTED by it.
    stock       TEXT    NOT NULL CHECK (stock IN ('KEPT', 'SET', 'UNTRACKED', 'ADJUSTED')),
    quantity    INTEGER,
    reason      TEXT,
    -- The row key of a user, or for a SERVICE of an API key; 0 if neither made the change.
    changedBy   INTEGER NOT NULL,
    actor       TEXT    NOT NULL CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    createdAt   INTEGER NOT NULL,
    CHECK ((stock IN ('ADJUSTED', 'SET')) = (quantity IS NOT NULL)),
    CHECK (stock <> 'SET' OR quantity >= 0),
    CHECK (stock <> 'ADJUSTED' OR quantity <> 0)
) STRICT;
CREATE UNIQUE INDEX changes_version ON product_changes (productKey, version);
CREATE INDEX changes_of_stock ON product_changes (productKey, stock, version);

CREATE TABLE orders (
    id           INTEGER NOT NULL PRIMARY KEY,
    userId       INTEGER NOT NULL REFERENCES user (id),
    orderNumber  TEXT    NOT NULL UNIQUE,
    status       TEXT    NOT NULL CHECK (status IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    createdAt    INTEGER NOT NULL,
    updatedAt    INTEGER NOT NULL,
    currency     TEXT    NOT NULL CHECK (length(currency) = 3),
    version      INTEGER NOT NULL CHECK (version >= 1),
    revision     INTEGER NOT NULL CHECK (revision >= 1),
    -- The sequence number of the last history entry.
    lastSequence INTEGER NOT NULL CHECK (lastSequence >= 1),
    cameFrom     TEXT    CHECK (cameFrom IN ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED')),
    expiresAt    INTEGER NOT NULL,
    -- When it got its status: the time limits of a status count from here.
    statusChangedAt INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_by_time ON orders (createdAt);
CREATE INDEX orders_of_user ON orders (userId, createdAt);
CREATE INDEX orders_of_status ON orders (status, createdAt);
CREATE INDEX orders_of_user_and_status ON orders (userId, status, createdAt);
CREATE INDEX orders_expired ON orders (status, expiresAt);
CREATE INDEX orders_unchanged ON orders (status, updatedAt);
CREATE INDEX orders_in_status ON orders (status, statusChangedAt);
CREATE INDEX orders_by_change ON orders (updatedAt);
CREATE INDEX orders_of_user_by_change ON orders (userId, updatedAt);

-- What a client stores with an order: one row for an order that has any of it. Objects are JSON texts.
CREATE TABLE order_details (
    orderId         INTEGER NOT NULL PRIMARY KEY REFERENCES orders (id),
    -- The owner and the time of the order, repeated for the indexes.
    userId          INTEGER NOT NULL,
    createdAt       INTEGER NOT NULL,
    reference       TEXT    CHECK (length(reference) BETWEEN 1 AND 100),
    metadata        TEXT,
    -- Personal data: the columns that an erasure of the account clears.
    contact         TEXT,
    shippingAddress TEXT,
    tracking        TEXT
) STRICT;
CREATE INDEX details_of_reference ON order_details (reference, createdAt);
CREATE INDEX details_of_owner ON order_details (userId, reference, createdAt);

-- The counts of a user's unpaid orders: the number of orders, in the row with an empty productId, and the
-- number of pieces of each product. Every commit that changes them updates these rows, so the limits hold for
-- concurrent commits. `placed` is the number of all orders that the user ever placed, in the row with an empty
-- productId.
CREATE TABLE open_order_counts (
    userId       INTEGER NOT NULL,
    productId    TEXT    NOT NULL,
    total        INTEGER NOT NULL CHECK (total >= 0),
    placed       INTEGER NOT NULL DEFAULT 0 CHECK (placed >= 0),
    PRIMARY KEY (userId, productId)
) STRICT;

CREATE TABLE order_items (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    orderId     INTEGER NOT NULL REFERENCES orders (id),
    productId   TEXT    NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    price       INTEGER NOT NULL CHECK (price > 0),
    createdAt   INTEGER NOT NULL,
    updatedAt   INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    holdsStock  INTEGER NOT NULL CHECK (holdsStock IN (0, 1)),
    position    INTEGER NOT NULL CHECK (position >= 0),
    -- The pieces that went back into stock, in whatever way.
    restocked   INTEGER NOT NULL DEFAULT 0 CHECK (restocked BETWEEN 0 AND quantity * holdsStock),
    UNIQUE (orderId, position)
) STRICT;

CREATE TABLE order_status_history (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    orderId     INTEGER NOT NULL REFERENCES orders (id),
    -- The position in the history of the order: 1, 2, 3 and so on. Clocks do not matter.
    sequence    INTEGER NOT NULL CHECK (sequence >= 1),
    -- Empty for the first entry.
    fromStatus  TEXT    NOT NULL CHECK (fromStatus IN (
        '', 'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING',
        'REFUNDED', 'CLOSED'
    )),
    toStatus    TEXT    NOT NULL CHECK (toStatus IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    -- The row key of a user, or for a SERVICE of an API key; 0 if neither made the change.
    changedBy   INTEGER NOT NULL,
    createdAt   INTEGER NOT NULL,
    actor       TEXT    NOT NULL CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    reason      TEXT,
    UNIQUE (orderId, sequence),
    CHECK (fromStatus <> toStatus),
    CHECK ((sequence = 1) = (fromStatus = ''))
) STRICT;

CREATE TABLE payment_transactions (
    id                  INTEGER NOT NULL PRIMARY KEY,
    -- The number of the order; its row key is `order_key`.
    order_id            TEXT    NOT NULL,
    transaction_id      TEXT    NOT NULL UNIQUE,
    status              TEXT    NOT NULL CHECK (status IN (
        'PENDING', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED', 'DISPUTED', 'VOIDED'
    )),
    amount              INTEGER NOT NULL CHECK (amount > 0),
    currency            TEXT    NOT NULL CHECK (length(currency) = 3),
    card_last4          TEXT,
    card_brand          TEXT,
    authorization_code  TEXT,
    captured_amount     INTEGER CHECK (captured_amount > 0 AND captured_amount <= amount),
    captured_at         INTEGER,
    failure_reason      TEXT,
    response_code       TEXT,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    order_key           INTEGER NOT NULL REFERENCES orders (id),
    -- The position among the order's transactions: 1, 2, 3 and so on.
    sequence            INTEGER NOT NULL CHECK (sequence >= 1),
    gateway             TEXT    NOT NULL,
    token               TEXT    NOT NULL,
    capture_method      TEXT    NOT NULL CHECK (capture_method IN ('AUTOMATIC', 'MANUAL')),
    -- Times by the gateway's clock.
    authorized_at       INTEGER,
    failed_at           INTEGER,
    voided_at           INTEGER,
    surplus             INTEGER NOT NULL CHECK (surplus IN (0, 1)),
    displaced           INTEGER NOT NULL CHECK (displaced IN (0, 1)),
    asked               TEXT    CHECK (asked IN ('CAPTURE', 'VOID')),
    asked_amount        INTEGER CHECK (asked_amount > 0 AND asked_amount <= amount),
    -- The sum of the refunds that succeeded; a gateway may refund more than was captured.
    refunded_amount     INTEGER NOT NULL CHECK (refunded_amount >= 0),
    -- The sum of the disputes that are open or lost; NULL if there was never a dispute.
    disputed_amount     INTEGER CHECK (disputed_amount >= 0),
    -- The row key of the order while no other transaction of it may be live; unique, so one for each order.
    occupies_order      INTEGER UNIQUE CHECK (occupies_order = order_key),
    check_at            INTEGER,
    checks              INTEGER NOT NULL CHECK (checks >= 0),
    UNIQUE (order_key, sequence),
    CHECK ((captured_amount IS NULL) = (captured_at IS NULL)),
    CHECK (captured_amount IS NOT NULL OR surplus = 0 AND refunded_amount = 0 AND disputed_amount IS NULL),
    CHECK ((asked IS 'CAPTURE') = (asked_amount IS NOT NULL)),
    CHECK (status NOT IN ('PENDING', 'AUTHORIZED') OR occupies_order IS NOT NULL OR displaced = 1),
    CHECK (status NOT IN ('CAPTURED', 'REFUNDED', 'DISPUTED') OR captured_amount IS NOT NULL)
) STRICT;
CREATE INDEX transactions_of_status ON payment_transactions (status, created_at);
CREATE INDEX transactions_of_gateway ON payment_transactions (gateway, status, created_at);
-- Not only those with a `check_at`, because the names of gateways are found by this index, too.
CREATE INDEX transactions_to_check ON payment_transactions (gateway, check_at);
CREATE INDEX transactions_by_time ON payment_transactions (gateway, created_at);
CREATE INDEX transactions_by_capture ON payment_transactions (gateway, captured_at) WHERE captured_at IS NOT NULL;

CREATE TABLE refunds (
    id               INTEGER NOT NULL PRIMARY KEY,
    transaction_key  INTEGER NOT NULL REFERENCES payment_transactions (id),
    -- The gateway of the transaction, repeated for the index.
    gateway          TEXT    NOT NULL,
    -- The position among the transaction's refunds: 1, 2, 3 and so on.
    sequence         INTEGER NOT NULL CHECK (sequence >= 1),
    refund_id        TEXT    NOT NULL,
    amount           INTEGER NOT NULL CHECK (amount > 0),
    status           TEXT    NOT NULL CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
    -- Times by the gateway's clock.
    succeeded_at     INTEGER,
    failed_at        INTEGER,
    withdrawn        INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    -- The row key of the user, or for a SERVICE of the API key, that requested it; 0 if neither did.
    requested_by     INTEGER NOT NULL,
    actor            TEXT    NOT NULL CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    reason           TEXT,
    created_at       INTEGER NOT NULL,
    check_at         INTEGER,
    checks           INTEGER NOT NULL CHECK (checks >= 0),
    -- The pieces that it pays back, and the caller's own pairs: JSON. NULL: none.
    items            TEXT,
    metadata         TEXT,
    UNIQUE (transaction_key, refund_id),
    UNIQUE (transaction_key, sequence),
    CHECK (status <> 'SUCCEEDED' OR succeeded_at IS NOT NULL),
    CHECK ((status = 'PENDING') = (succeeded_at IS NULL AND failed_at IS NULL AND withdrawn = 0))
) STRICT;
CREATE INDEX refunds_of_status ON refunds (status, created_at);
CREATE INDEX refunds_of_gateway ON refunds (gateway, status, created_at);
CREATE INDEX refunds_to_check ON refunds (gateway, check_at) WHERE check_at IS NOT NULL;
CREATE INDEX refunds_succeeded ON refunds (gateway, succeeded_at) WHERE succeeded_at IS NOT NULL;

-- The payment, capture and void requests with their authors. A refund has its author in its own row.
CREATE TABLE payment_requests (
    id               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    transaction_key  INTEGER NOT NULL REFERENCES payment_transactions (id),
    kind             TEXT    NOT NULL CHECK (kind IN ('PAYMENT', 'CAPTURE', 'VOID')),
    amount           INTEGER NOT NULL CHECK (amount >= 0),
    -- The row key of the user, or for a SERVICE of the API key, that requested it; 0 if neither did.
    requested_by     INTEGER NOT NULL,
    actor            TEXT    NOT NULL CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    requested_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX requests_of_transaction ON payment_requests (transaction_key);

-- The gateways' own references of payments, refunds and disputes. A reference has one owner, an owner one
-- reference.
CREATE TABLE gateway_references (
    id               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    gateway          TEXT    NOT NULL,
    kind             TEXT    NOT NULL CHECK (kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    reference        TEXT    NOT NULL CHECK (length(reference) BETWEEN 1 AND 255),
    transaction_key  INTEGER NOT NULL REFERENCES payment_transactions (id),
    -- The id of the refund or dispute; empty for the payment itself. Not NULL: a unique key allows several
    -- NULLs.
    owner            TEXT    NOT NULL,
    learnt_at        INTEGER NOT NULL,
    UNIQUE (gateway, kind, reference),
    UNIQUE (transaction_key, kind, owner),
    CHECK ((kind = 'PAYMENT') = (owner = ''))
) STRICT;

-- What the buyers of pending payments must do: JSON with the kind and its content.
CREATE TABLE payment_next_actions (
    transaction_key  INTEGER NOT NULL PRIMARY KEY REFERENCES payment_transactions (id),
    content          TEXT    NOT NULL
) STRICT;

-- The caller's own pairs of a payment: a JSON object. A payment without any has no row.
CREATE TABLE payment_metadata (
    transaction_key  INTEGER NOT NULL PRIMARY KEY REFERENCES payment_transactions (id),
    content          TEXT    NOT NULL
) STRICT;

-- Every request to a gateway with its answer. Rows are only inserted, and deleted when they are old. There is no foreign
-- key: it would read and lock the row of the payment for a row that nothing is decided on.
CREATE TABLE gateway_attempts (
    id               INTEGER NOT NULL PRIMARY KEY,
    attempt_id       TEXT    NOT NULL UNIQUE,
    transaction_key  INTEGER NOT NULL,
    -- The id of the refund that it is about; NULL for the payment itself.
    refund_id        TEXT,
    operation        TEXT    NOT NULL CHECK (operation IN ('CHARGE', 'CAPTURE', 'VOID', 'REFUND', 'LOOK_UP')),
    request          TEXT    NOT NULL,
    outcome          TEXT    NOT NULL CHECK (outcome IN ('ANSWERED', 'FAILED')),
    http_status      INTEGER CHECK (http_status >= 0),
    -- The answer, or the reason why there was none.
    answer           TEXT    NOT NULL,
    started_at       INTEGER NOT NULL,
    duration_ms      INTEGER NOT NULL CHECK (duration_ms >= 0)
) STRICT;
CREATE INDEX attempts_of_transaction ON gateway_attempts (transaction_key, started_at);
CREATE INDEX attempts_by_time ON gateway_attempts (started_at);

-- The gateways' reports about disputes. The disputes and their status follow from all reports.
CREATE TABLE dispute_events (
    id               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    transaction_key  INTEGER NOT NULL REFERENCES payment_transactions (id),
    event_id         TEXT    NOT NULL,
    dispute_id       TEXT,
    status           TEXT    NOT NULL CHECK (status IN ('OPEN', 'WON', 'LOST')),
    amount           INTEGER NOT NULL CHECK (amount > 0),
    -- By the gateway's clock.
    occurred_at      INTEGER NOT NULL,
    UNIQUE (transaction_key, event_id)
) STRICT;

CREATE TABLE payment_events (
    id              INTEGER NOT NULL PRIMARY KEY,
    gateway         TEXT    NOT NULL,
    event_id        TEXT    NOT NULL,
    kind            TEXT,
    transaction_id  TEXT,
    -- The gateway's reference that the event names instead of a transaction_id.
    reference_kind  TEXT CHECK (reference_kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    reference       TEXT,
    raw             TEXT    NOT NULL,
    disposition     TEXT    NOT NULL CHECK (disposition IN (
        'APPLIED', 'UNCHANGED', 'WAITING', 'PARKED', 'OVERDUE', 'FLAGGED'
    )),
    received_at     INTEGER NOT NULL,
    UNIQUE (gateway, event_id),
    CHECK ((reference IS NULL) = (reference_kind IS NULL)),
    CHECK (reference IS NULL OR transaction_id IS NULL)
) STRICT;
CREATE INDEX events_of_transaction ON payment_events (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX events_of_reference ON payment_events (reference, gateway) WHERE reference IS NOT NULL;
CREATE INDEX events_of_disposition ON payment_events (disposition, received_at);

CREATE TABLE findings (
    id              INTEGER NOT NULL PRIMARY KEY,
    finding_id      TEXT    NOT NULL UNIQUE,
    kind            TEXT    NOT NULL CHECK (kind IN (
        'amount-mismatch', 'currency-mismatch', 'order-mismatch', 'unknown-transaction', 'unknown-type',
        'unintelligible', 'late-capture', 'partial-capture', 'dispute', 'reconciliation',
        'refund-failed', 'over-refunded', 'contradiction', 'unreadable', 'archive-failed',
        'webhook-disabled', 'webhook-gap'
    )),
    gateway         TEXT,
    event_id        TEXT,
    transaction_id  TEXT,
    order_number    TEXT,
    detail          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    resolved_at     INTEGER,
    note            TEXT,
    -- Whether there is a `resolved_at`, for the index.
    resolved        INTEGER NOT NULL DEFAULT 0 CHECK (resolved = (resolved_at IS NOT NULL)),
    -- The subject of an open finding that may exist only once: `table:key` of an unreadable row.
    subject         TEXT    UNIQUE,
    -- The row key of the user, or for a SERVICE of the API key, that resolved it; 0 if neither did.
    resolved_by     INTEGER,
    resolved_actor  TEXT CHECK (resolved_actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    CHECK ((resolved_by IS NULL) = (resolved_actor IS NULL)),
    CHECK (subject IS NULL OR resolved_at IS NULL)
) STRICT;
CREATE INDEX findings_by_time ON findings (created_at);
CREATE INDEX findings_of_state ON findings (resolved, created_at);
CREATE INDEX findings_of_order ON findings (order_number, created_at) WHERE order_number IS NOT NULL;

CREATE TABLE idempotency_claims (
    id              INTEGER NOT NULL PRIMARY KEY,
    -- The row key of a user or an API key; 0 for requests without either. Not NULL: a unique key allows several NULLs.
    userId          INTEGER NOT NULL,
    route           TEXT    NOT NULL,
    idempotencyKey  TEXT    NOT NULL,
    fingerprint     TEXT    NOT NULL,
    resource        TEXT    NOT NULL,
    replyStatus     INTEGER,
    replyLocation   TEXT,
    replyEtag       TEXT,
    replyBody       TEXT,
    createdAt       INTEGER NOT NULL,
    expiresAt       INTEGER,
    UNIQUE (userId, route, idempotencyKey),
    CHECK ((replyStatus IS NULL) = (replyBody IS NULL))
) STRICT;
-- For the erasure of what is stored about an order.
CREATE INDEX claims_of_resource ON idempotency_claims (resource);
CREATE INDEX claims_expired ON idempotency_claims (expiresAt) WHERE expiresAt IS NOT NULL;

-- One row that is written to check whether the database accepts writes.
CREATE TABLE commit_probe (
    id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    probed_at       INTEGER NOT NULL,
    filling         TEXT    NOT NULL
) STRICT;
INSERT INTO commit_probe (id, probed_at, filling) VALUES (1, 0, '');

-- The feed of events for other systems. Row numbers grow in the order of the commits, within one order in the order of its
-- versions; `sequence` is given after the commit, and readers follow it.
CREATE TABLE feed_events (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event_id      TEXT    NOT NULL,
    sequence      INTEGER CHECK (sequence >= 1),
    kind          TEXT    NOT NULL,
    -- What the event is about: events about one subject keep their order.
    subject_kind  TEXT    NOT NULL CHECK (subject_kind IN ('ORDER', 'USER', 'FINDING')),
    subject       TEXT    NOT NULL,
    -- The row key of the user whose personal data is in `data`.
    owner         INTEGER,
    data          TEXT    NOT NULL CHECK (json_valid(data)),
    created_at    INTEGER NOT NULL,
    -- The `traceparent` of the request that caused the event, for webhooks.
    trace_parent  TEXT    CHECK (length(trace_parent) = 55)
) STRICT;
CREATE UNIQUE INDEX feed_by_sequence ON feed_events (sequence);
CREATE INDEX feed_of_owner ON feed_events (owner) WHERE owner IS NOT NULL;

-- One row: the next number of the feed. A transaction that gives numbers changes it first, so there is one at a time.
CREATE TABLE feed_sequencer (
    id             INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    next_sequence  INTEGER NOT NULL CHECK (next_sequence > pruned_to),
    -- The number of the last event that was deleted because of its age.
    pruned_to      INTEGER NOT NULL CHECK (pruned_to >= 0),
    rounds         INTEGER NOT NULL
) STRICT;
INSERT INTO feed_sequencer (id, next_sequence, pruned_to, rounds) VALUES (1, 1, 0, 0);

-- Endpoints of other systems that get the events of the feed.
CREATE TABLE webhook_endpoints (
    id               INTEGER NOT NULL PRIMARY KEY,
    endpoint_id      TEXT    NOT NULL UNIQUE,
    url              TEXT    NOT NULL,
    -- Names of event types with spaces between them; empty: all.
    types            TEXT    NOT NULL,
    description      TEXT,
    disabled         INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    version          INTEGER NOT NULL CHECK (version >= 1),
    -- Encrypted; the key is not in the database.
    secret           TEXT    NOT NULL,
    -- The secret before the last rotation, and until when it signs as well.
    old_secret       TEXT,
    old_secret_until INTEGER,
    -- The sequence of the last event for which deliveries exist.
    feed_cursor      INTEGER NOT NULL CHECK (feed_cursor >= 0),
    enabled_at       INTEGER NOT NULL,
    failing_since    INTEGER,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    CHECK ((old_secret IS NULL) = (old_secret_until IS NULL))
) STRICT;
CREATE INDEX endpoints_by_time ON webhook_endpoints (created_at);
CREATE INDEX endpoints_of_state ON webhook_endpoints (disabled);

-- Deliveries of events to endpoints. They outlive their endpoint, so there is no foreign key.
CREATE TABLE webhook_deliveries (
    id               INTEGER NOT NULL PRIMARY KEY,
    delivery_id      TEXT    NOT NULL UNIQUE,
    endpoint_key     INTEGER NOT NULL,
    message_id       TEXT    NOT NULL,
    event_type       TEXT    NOT NULL,
    -- The event's place in the feed; NULL for a test.
    sequence         INTEGER,
    -- Deliveries of one subject are made one after the other; NULL waits for nothing.
    subject          TEXT,
    status           TEXT    NOT NULL CHECK (status IN ('PENDING', 'DELIVERED', 'FAILED')),
    attempts         INTEGER NOT NULL CHECK (attempts >= 0),
    next_attempt_at  INTEGER,
    first_attempt_at INTEGER,
    attempt_began_at INTEGER,
    duration_ms      INTEGER CHECK (duration_ms >= 0),
    http_status      INTEGER CHECK (http_status >= 0),
    -- The beginning of the answer, or the reason why there was none.
    answer           TEXT,
    created_at       INTEGER NOT NULL,
    CHECK ((status = 'PENDING') = (next_attempt_at IS NOT NULL)),
    CHECK ((attempt_began_at IS NULL) = (duration_ms IS NULL)),
    CHECK (subject IS NULL OR sequence IS NOT NULL)
) STRICT;
CREATE INDEX deliveries_due ON webhook_deliveries (endpoint_key, status, next_attempt_at);
CREATE INDEX deliveries_of_subject ON webhook_deliveries (endpoint_key, subject, status, sequence);
CREATE INDEX deliveries_of_endpoint ON webhook_deliveries (endpoint_key, created_at);
CREATE INDEX deliveries_of_status ON webhook_deliveries (status, created_at);

-- The archive: what `api archive` moved out of the tables of the same names, with the same columns in the same order. Rows
-- are copied as they are, in both directions, so a column is added to both. It has the keys and checks of the record, and
-- of its indexes only those by which a single order, payment or event is found, and a period of payments.
CREATE TABLE archived_orders (
    id           INTEGER NOT NULL PRIMARY KEY,
    userId       INTEGER NOT NULL REFERENCES user (id),
    orderNumber  TEXT    NOT NULL UNIQUE,
    status       TEXT    NOT NULL CHECK (status IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    createdAt    INTEGER NOT NULL,
    updatedAt    INTEGER NOT NULL,
    currency     TEXT    NOT NULL CHECK (length(currency) = 3),
    version      INTEGER NOT NULL CHECK (version >= 1),
    revision     INTEGER NOT NULL CHECK (revision >= 1),
    lastSequence INTEGER NOT NULL CHECK (lastSequence >= 1),
    cameFrom     TEXT    CHECK (cameFrom IN ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED')),
    expiresAt    INTEGER NOT NULL,
    statusChangedAt INTEGER NOT NULL
) STRICT;
CREATE INDEX archived_orders_of_user ON archived_orders (userId);

CREATE TABLE archived_order_details (
    orderId         INTEGER NOT NULL PRIMARY KEY REFERENCES archived_orders (id),
    userId          INTEGER NOT NULL,
    createdAt       INTEGER NOT NULL,
    reference       TEXT    CHECK (length(reference) BETWEEN 1 AND 100),
    metadata        TEXT,
    contact         TEXT,
    shippingAddress TEXT,
    tracking        TEXT
) STRICT;

CREATE TABLE archived_order_items (
    id          INTEGER NOT NULL PRIMARY KEY,
    orderId     INTEGER NOT NULL REFERENCES archived_orders (id),
    productId   TEXT    NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    price       INTEGER NOT NULL CHECK (price > 0),
    createdAt   INTEGER NOT NULL,
    updatedAt   INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    holdsStock  INTEGER NOT NULL CHECK (holdsStock IN (0, 1)),
    position    INTEGER NOT NULL CHECK (position >= 0),
    restocked   INTEGER NOT NULL DEFAULT 0 CHECK (restocked BETWEEN 0 AND quantity * holdsStock),
    UNIQUE (orderId, position)
) STRICT;

CREATE TABLE archived_order_status_history (
    id          INTEGER NOT NULL PRIMARY KEY,
    orderId     INTEGER NOT NULL REFERENCES archived_orders (id),
    sequence    INTEGER NOT NULL CHECK (sequence >= 1),
    fromStatus  TEXT    NOT NULL CHECK (fromStatus IN (
        '', 'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING',
        'REFUNDED', 'CLOSED'
    )),
    toStatus    TEXT    NOT NULL CHECK (toStatus IN (
        'PENDING', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'REFUND_PENDING', 'REFUNDED',
        'CLOSED'
    )),
    changedBy   INTEGER NOT NULL,
    createdAt   INTEGER NOT NULL,
    actor       TEXT    NOT NULL CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    reason      TEXT,
    UNIQUE (orderId, sequence),
    CHECK (fromStatus <> toStatus),
    CHECK ((sequence = 1) = (fromStatus = ''))
) STRICT;

CREATE TABLE archived_payment_transactions (
    id                  INTEGER NOT NULL PRIMARY KEY,
    order_id            TEXT    NOT NULL,
    transaction_id      TEXT    NOT NULL UNIQUE,
    status              TEXT    NOT NULL CHECK (status IN (
        'PENDING', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'REFUNDED', 'DISPUTED', 'VOIDED'
    )),
    amount              INTEGER NOT NULL CHECK (amount > 0),
    currency            TEXT    NOT NULL CHECK (length(currency) = 3),
    card_last4          TEXT,
    card_brand          TEXT,
    authorization_code  TEXT,
    captured_amount     INTEGER CHECK (captured_amount > 0 AND captured_amount <= amount),
    captured_at         INTEGER,
    failure_reason      TEXT,
    response_code       TEXT,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    order_key           INTEGER NOT NULL REFERENCES archived_orders (id),
    sequence            INTEGER NOT NULL CHECK (sequence >= 1),
    gateway             TEXT    NOT NULL,
    token               TEXT    NOT NULL,
    capture_method      TEXT    NOT NULL CHECK (capture_method IN ('AUTOMATIC', 'MANUAL')),
    authorized_at       INTEGER,
    failed_at           INTEGER,
    voided_at           INTEGER,
    surplus             INTEGER NOT NULL CHECK (surplus IN (0, 1)),
    displaced           INTEGER NOT NULL CHECK (displaced IN (0, 1)),
    asked               TEXT    CHECK (asked IN ('CAPTURE', 'VOID')),
    asked_amount        INTEGER CHECK (asked_amount > 0 AND asked_amount <= amount),
    refunded_amount     INTEGER NOT NULL CHECK (refunded_amount >= 0),
    disputed_amount     INTEGER CHECK (disputed_amount >= 0),
    occupies_order      INTEGER UNIQUE CHECK (occupies_order = order_key),
    check_at            INTEGER,
    checks              INTEGER NOT NULL CHECK (checks >= 0),
    UNIQUE (order_key, sequence),
    CHECK ((captured_amount IS NULL) = (captured_at IS NULL)),
    CHECK (captured_amount IS NOT NULL OR surplus = 0 AND refunded_amount = 0 AND disputed_amount IS NULL),
    CHECK ((asked IS 'CAPTURE') = (asked_amount IS NOT NULL)),
    CHECK (status NOT IN ('PENDING', 'AUTHORIZED') OR occupies_order IS NOT NULL OR displaced = 1),
    CHECK (status NOT IN ('CAPTURED', 'REFUNDED', 'DISPUTED') OR captured_amount IS NOT NULL)
) STRICT;
CREATE INDEX archived_transactions_by_time ON archived_payment_transactions (gateway, created_at);
CREATE INDEX archived_transactions_by_capture ON archived_payment_transactions (gateway, captured_at) WHERE captured_at IS NOT NULL;

CREATE TABLE archived_refunds (
    id               INTEGER NOT NULL PRIMARY KEY,
    transaction_key  INTEGER NOT NULL REFERENCES archived_payment_transactions (id),
    gateway          TEXT    NOT NULL,
    sequence         INTEGER NOT NULL CHECK (sequence >= 1),
    refund_id        TEXT    NOT NULL,
    amount           INTEGER NOT NULL CHECK (amount > 0),
    status           TEXT    NOT NULL CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
    succeeded_at     INTEGER,
    failed_at        INTEGER,
    withdrawn        INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    requested_by     INTEGER NOT NULL,
    actor            TEXT    NOT NULL CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    reason           TEXT,
    created_at       INTEGER NOT NULL,
    check_at         INTEGER,
    checks           INTEGER NOT NULL CHECK (checks >= 0),
    items            TEXT,
    metadata         TEXT,
    UNIQUE (transaction_key, refund_id),
    UNIQUE (transaction_key, sequence),
    CHECK (status <> 'SUCCEEDED' OR succeeded_at IS NOT NULL),
    CHECK ((status = 'PENDING') = (succeeded_at IS NULL AND failed_at IS NULL AND withdrawn = 0))
) STRICT;
CREATE INDEX archived_refunds_succeeded ON archived_refunds (gateway, succeeded_at) WHERE succeeded_at IS NOT NULL;

CREATE TABLE archived_payment_requests (
    id               INTEGER NOT NULL PRIMARY KEY,
    transaction_key  INTEGER NOT NULL REFERENCES archived_payment_transactions (id),
    kind             TEXT    NOT NULL CHECK (kind IN ('PAYMENT', 'CAPTURE', 'VOID')),
    amount           INTEGER NOT NULL CHECK (amount >= 0),
    requested_by     INTEGER NOT NULL,
    actor            TEXT    NOT NULL CHECK (actor IN ('CUSTOMER', 'OPERATOR', 'GATEWAY', 'SYSTEM', 'SERVICE')),
    requested_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX archived_requests_of_transaction ON archived_payment_requests (transaction_key);

CREATE TABLE archived_gateway_references (
    id               INTEGER NOT NULL PRIMARY KEY,
    gateway          TEXT    NOT NULL,
    kind             TEXT    NOT NULL CHECK (kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    reference        TEXT    NOT NULL CHECK (length(reference) BETWEEN 1 AND 255),
    transaction_key  INTEGER NOT NULL REFERENCES archived_payment_transactions (id),
    owner            TEXT    NOT NULL,
    learnt_at        INTEGER NOT NULL,
    UNIQUE (gateway, kind, reference),
    UNIQUE (transaction_key, kind, owner),
    CHECK ((kind = 'PAYMENT') = (owner = ''))
) STRICT;

CREATE TABLE archived_payment_next_actions (
    transaction_key  INTEGER NOT NULL PRIMARY KEY REFERENCES archived_payment_transactions (id),
    content          TEXT    NOT NULL
) STRICT;

CREATE TABLE archived_payment_metadata (
    transaction_key  INTEGER NOT NULL PRIMARY KEY REFERENCES archived_payment_transactions (id),
    content          TEXT    NOT NULL
) STRICT;

CREATE TABLE archived_dispute_events (
    id               INTEGER NOT NULL PRIMARY KEY,
    transaction_key  INTEGER NOT NULL REFERENCES archived_payment_transactions (id),
    event_id         TEXT    NOT NULL,
    dispute_id       TEXT,
    status           TEXT    NOT NULL CHECK (status IN ('OPEN', 'WON', 'LOST')),
    amount           INTEGER NOT NULL CHECK (amount > 0),
    occurred_at      INTEGER NOT NULL,
    UNIQUE (transaction_key, event_id)
) STRICT;

CREATE TABLE archived_payment_events (
    id              INTEGER NOT NULL PRIMARY KEY,
    gateway         TEXT    NOT NULL,
    event_id        TEXT    NOT NULL,
    kind            TEXT,
    transaction_id  TEXT,
    reference_kind  TEXT CHECK (reference_kind IN ('PAYMENT', 'REFUND', 'DISPUTE')),
    reference       TEXT,
    raw             TEXT    NOT NULL,
    disposition     TEXT    NOT NULL CHECK (disposition IN (
        'APPLIED', 'UNCHANGED', 'WAITING', 'PARKED', 'OVERDUE', 'FLAGGED'
    )),
    received_at     INTEGER NOT NULL,
    UNIQUE (gateway, event_id),
    CHECK ((reference IS NULL) = (reference_kind IS NULL)),
    CHECK (reference IS NULL OR transaction_id IS NULL)
) STRICT;
CREATE INDEX archived_events_of_transaction ON archived_payment_events (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX archived_events_of_reference ON archived_payment_events (reference, gateway) WHERE reference IS NOT NULL;
