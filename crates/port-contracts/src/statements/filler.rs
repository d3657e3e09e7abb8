/// The number of filler rows of each kind around those that are asked for, unless [`ROWS_VARIABLE`] says otherwise.
pub(super) const FILLER_ROWS: u32 = 20_000;
/// The environment variable with another number of filler rows, which `cargo xtask plans` sets.
const ROWS_VARIABLE: &str = "TEST_PLAN_ROWS";
/// How many of them differ from the others.
const FEW: u32 = 30;
/// The row key of the endpoint that has all filler deliveries.
pub(super) const FILLER_ENDPOINT: i64 = 1_000_000_000_001;
/// The SQL for the key of a filler row.
const KEY: &str = "1000000000000 + n";
/// The SQL for the name or public id of a filler row.
const NAME: &str = "concat('filler-', n)";

/// A table with its columns, and the SQL for the values of a row.
type Rows = (&'static str, String);

/// The number of filler rows of each kind around those that are asked for.
///
/// # Panics
/// If the environment asks for a number that is none, or for fewer than 10,000: then an index is not worth its while.
#[must_use]
pub fn filler_rows() -> u32 {
    let Ok(asked) = std::env::var(ROWS_VARIABLE) else { return FILLER_ROWS };
    let rows = asked.parse().expect("a number of rows");
    assert!(rows >= 10_000, "{ROWS_VARIABLE} is too small");
    rows
}

/// The statements that fill the tables. `user` owns half of the orders, and `product` has all of the
/// changes. `at` makes a timestamp from an SQL expression in seconds. A table `filler` with the numbers
/// from 1 to [`filler_rows`] in a column `n` must exist, and foreign keys must not be checked.
#[must_use]
pub fn filler_sql(user: i64, product: i64, at: impl Fn(&str) -> String) -> Vec<String> {
    let (now, soon) = (at("n"), at("n + 3600"));
    let rows = [
        accounts(user, &now, &soon),
        goods(product, &now),
        orders(user, &now, &soon),
        money(&now),
        webhook_rows(&now),
        feed_rows(user, &now),
    ];
    let statements = rows.into_iter().flatten();
    let insert = |(table, values): Rows| format!("INSERT INTO {table} SELECT {values} FROM filler");
    let next = format!("UPDATE feed_sequencer SET next_sequence = {}", filler_rows() - FEW + 1);
    statements.map(insert).chain([next]).collect()
}

fn few(few: &str, others: &str) -> String {
    format!("CASE WHEN n <= {FEW} THEN {few} ELSE {others} END")
}

fn odd(odd: &str, others: &str) -> String {
    format!("CASE WHEN n % 2 = 1 THEN {odd} ELSE {others} END")
}

fn accounts(user: i64, now: &str, soon: &str) -> Vec<Rows> {
    let (id, name) = (KEY, NAME);
    vec![
        (
            "user (id, username, password, email, created_at, publicId, usernameFolded, emailFolded, role, hashCost, disabled, \
          changed_at)",
            format!(
                "{id}, {name}, 'x', {name}, {now}, {name}, {name}, {name}, {}, 10, 0, {now}",
                few("'OPERATOR'", "'CUSTOMER'")
            ),
        ),
        (
            "mails (id, kind, recipient, user_key, attempts, created_at, due_at, expires_at)",
            format!(
                "{id}, {}, {name}, {user}, 0, {now}, {now}, {soon}",
                odd("'PASSWORD_RESET'", "'RESET_REQUEST'")
            ),
        ),
        (
            "password_resets (user_key, requested_at, expires_at, token_digest)",
            format!("{id}, {now}, {soon}, {name}"),
        ),
        (
            "second_factors (user_key, sealed_secret, created_at, confirmed_at, last_step, recovery_digests, revision)",
            format!("{id}, {name}, {now}, {}, 0, '', 1", few("NULL", now)),
        ),
        (
            "erasures (user_key, erased_at, progress, finished)",
            format!("{id}, {now}, {}, {}", few("''", "'finished'"), few("0", "1")),
        ),
        (
            "sessions (id, sessionId, userId, generation, rotatedAt, createdAt, expiresAt, revokedAt, spent, network, userAgent)",
            format!(
                "{id}, {name}, {user}, 0, {now}, {now}, {soon}, {}, '', {name}, {name}",
                few("NULL", now)
            ),
        ),
        (
            "api_keys (id, keyId, digest, name, scopes, creator, createdAt, revoked, revokedAt)",
            format!(
                "{id}, {name}, concat('{}', {id}), 'x', 'orders:read', {user}, {now}, {}, {}",
                // With the 13 digits of the key the 64 of a digest.
                "0".repeat(51),
                few("0", "1"),
                few("NULL", now)
            ),
        ),
        (
            "open_order_counts (userId, productId, total, placed)",
            format!("{}, {name}, 1, 0", odd(&user.to_string(), id)),
        ),
        (
            "idempotency_claims (userId, route, idempotencyKey, fingerprint, resource, createdAt, expiresAt)",
            format!("{user}, 'POST /v1/orders', {name}, 'x', 'x', {now}, {soon}"),
        ),
    ]
}

fn goods(product: i64, now: &str) -> Vec<Rows> {
    let (id, name, last) = (KEY, NAME, filler_rows() - FEW);
    let (stock, quantity) = (few("'ADJUSTED'", "'KEPT'"), few("1", "NULL"));
    vec![
        (
            "products (id, productId, name, price, currency, stock, active, version, moves, createdAt, updatedAt)",
            format!(
                "{id}, {name}, 'x', 100000, 'CNY', NULL, CASE WHEN n > {last} THEN 1 ELSE 0 END, 1, 0, {now}, {now}"
            ),
        ),
        (
            "product_changes (id, changeId, productKey, version, price, currency, active, stock, quantity, reason, \
             changedBy, actor, createdAt)",
            format!(
                "{id}, {name}, {product}, n + 1, 100000, 'CNY', 1, {stock}, {quantity}, NULL, 0, 'OPERATOR', {now}"
            ),
        ),
    ]
}

fn orders(user: i64, now: &str, soon: &str) -> Vec<Rows> {
    let (id, name, half) = (KEY, NAME, filler_rows() / 2);
    let owner = format!("CASE WHEN n <= {half} THEN {user} ELSE 0 END");
    let status = few("'PENDING'", "CASE WHEN n % 2 = 0 THEN 'PAID' ELSE 'CLOSED' END");
    vec![
        (
            "orders (id, userId, orderNumber, status, amount, createdAt, updatedAt, currency, version, revision, \
             lastSequence, cameFrom, expiresAt, statusChangedAt)",
            format!(
                "{id}, {owner}, {name}, {status}, 100000, {now}, {now}, 'CNY', 1, 1, 1, NULL, {soon}, {now}"
            ),
        ),
        (
            "order_details (orderId, userId, createdAt, reference, contact)",
            format!("{id}, {owner}, {now}, {}, '{{}}'", odd("'filler-common'", name)),
        ),
        (
            "order_items (orderId, productId, quantity, price, createdAt, updatedAt, name, holdsStock, `position`)",
            format!("{id}, {name}, 1, 100000, {now}, {now}, 'x', 0, 0"),
        ),
        (
            "order_status_history (orderId, sequence, fromStatus, toStatus, changedBy, createdAt, actor, reason)",
            format!("{id}, 1, '', 'PENDING', {user}, {now}, 'CUSTOMER', NULL"),
        ),
    ]
}

fn money(now: &str) -> Vec<Rows> {
    let (id, name) = (KEY, NAME);
    let (later, check) = (few("NULL", now), few(now, "NULL"));
    let (status, captured) = (few("'AUTHORIZED'", "'CAPTURED'"), few("NULL", "100000"));
    let refund = few("'PENDING'", "'SUCCEEDED'");
    // Half of all events are overdue and name what does not exist, which a sweep must not read all of.
    let disposition = few("'PARKED'", "CASE WHEN n % 4 < 2 THEN 'OVERDUE' ELSE 'APPLIED' END");
    let named = few(name, "concat('unknown-', n)");
    vec![
        (
            "payment_transactions (id, order_id, transaction_id, status, amount, currency, captured_amount, \
             captured_at, created_at, updated_at, order_key, sequence, gateway, token, capture_method, surplus, \
             displaced, refunded_amount, occupies_order, check_at, checks)",
            format!(
                "{id}, {name}, {name}, {status}, 100000, 'CNY', {captured}, {later}, {now}, {now}, {id}, 1, \
                 'sandbox', 'x', 'MANUAL', 0, 0, 0, {id}, {check}, 0"
            ),
        ),
        (
            "refunds (id, transaction_key, gateway, sequence, refund_id, amount, status, succeeded_at, withdrawn, \
             requested_by, actor, created_at, check_at, checks)",
            format!(
                "{id}, {id}, 'sandbox', 1, {name}, 100000, {refund}, {later}, 0, 0, 'SYSTEM', {now}, {check}, 0"
            ),
        ),
        (
            "payment_requests (transaction_key, kind, amount, requested_by, actor, requested_at)",
            format!("{id}, 'PAYMENT', 100000, 0, 'SYSTEM', {now}"),
        ),
        (
            "dispute_events (transaction_key, event_id, dispute_id, status, amount, occurred_at)",
            format!("{id}, {name}, {name}, 'OPEN', 100000, {now}"),
        ),
        (
            "gateway_references (gateway, kind, reference, transaction_key, owner, learnt_at)",
            format!("'sandbox', 'PAYMENT', {name}, {id}, '', {now}"),
        ),
        ("payment_next_actions (transaction_key, content)", format!("{id}, 'x'")),
        ("payment_metadata (transaction_key, content)", format!("{id}, '{{}}'")),
        (
            "gateway_attempts (id, attempt_id, transaction_key, operation, request, outcome, answer, started_at, \
             duration_ms)",
            format!("{id}, {name}, {id}, 'CHARGE', 'x', 'ANSWERED', 'x', {now}, 1"),
        ),
        (
            "payment_events (id, gateway, event_id, kind, transaction_id, reference_kind, reference, raw, disposition, \
             received_at)",
            format!(
                "{id}, 'sandbox', {name}, 'x', {}, {}, {}, 'x', {disposition}, {now}",
                odd("NULL", &named),
                odd("'PAYMENT'", "NULL"),
                odd(&named, "NULL")
            ),
        ),
        (
            "findings (id, finding_id, kind, detail, created_at, resolved_at, resolved)",
            format!("{id}, {name}, 'dispute', 'x', {now}, {later}, {}", few("0", "1")),
        ),
    ]
}

/// All deliveries are of one endpoint, and few of them are pending.
fn webhook_rows(now: &str) -> Vec<Rows> {
    let (id, name) = (KEY, NAME);
    let (status, next) = (few("'PENDING'", "'DELIVERED'"), few(now, "NULL"));
    let endpoint = FILLER_ENDPOINT;
    vec![
        (
            "webhook_endpoints (id, endpoint_id, url, types, disabled, version, secret, feed_cursor, enabled_at, \
             created_at, updated_at)",
            format!("{id}, {name}, 'x', '', {}, 1, 'x', 0, {now}, {now}, {now}", few("0", "1")),
        ),
        (
            "webhook_deliveries (id, delivery_id, endpoint_key, message_id, event_type, sequence, subject, status, \
             attempts, next_attempt_at, created_at)",
            format!("{id}, {name}, {endpoint}, {name}, 'x', n, {name}, {status}, 1, {next}, {now}"),
        ),
    ]
}

fn feed_rows(user: i64, now: &str) -> Vec<Rows> {
    let (id, name) = (KEY, NAME);
    let kind = odd("'order.paid'", "'order.placed'");
    vec![(
        "feed_events (id, event_id, sequence, kind, subject_kind, subject, owner, data, created_at, trace_parent)",
        // The last ones have no number yet.
        format!(
            "{id}, {name}, CASE WHEN n <= {} THEN n ELSE NULL END, {kind}, 'ORDER', {name}, {}, '{{}}', {now}, NULL",
            filler_rows() - FEW,
            few(&user.to_string(), "NULL"),
        ),
    )]
}
