//! All tables, and their snapshot.

use domain::{
    AuthorId, AuthorKey, ChangedBy, Email, Order, OrderKey, Product, SecondFactor, Transaction, Username,
    WebhookDelivery, WebhookEndpoint, payment::StoredEvent,
};
use ports::{AccountConflict, Claim, Credentials, Erasure, PasswordReset, QueuedMail, StoredAttempt};

use super::rows::{
    ApiKeyRow, ArchivedOrderRow, FeedRow, FeedSequencerRow, FindingRow, HeldPiecesRow, HistoryRow,
    LastLoginRow, OpenCountRow, ProbeRow, ProductChangeRow, RequestRow, SessionRow, UserKeys,
};
use super::table::{Duplicate, Table};

/// Generates [`Tables`] and [`Snapshot`] from one list. A new table is one line here and an implementation of
/// [`Row`](super::table::Row).
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $row:ty;)*) => {
        /// All tables of the record.
        #[derive(Debug, Default)]
        pub(super) struct Tables {
            $(pub(super) $table: Table<$row>,)*
        }

        impl Tables {
            /// Keeps all changes: a later rollback does not undo them.
            pub(super) fn keep_changes(&mut self) {
                $(self.$table.keep_changes();)*
            }

            /// Undoes all changes since the last [`keep_changes`](Self::keep_changes).
            pub(super) fn roll_back(&mut self) {
                $(self.$table.roll_back();)*
            }
        }

        /// All rows that a [`MemoryRecord`](super::MemoryRecord) held at one time, each table in the order of
        /// its keys. It is plain data, which can be read, changed and restored.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Snapshot {
            $($(#[$doc])* pub $table: Vec<$row>,)*
        }

        impl From<&Tables> for Snapshot {
            fn from(tables: &Tables) -> Self {
                Self { $($table: tables.$table.rows().cloned().collect(),)* }
            }
        }

        impl TryFrom<Snapshot> for Tables {
            type Error = Duplicate;

            fn try_from(snapshot: Snapshot) -> Result<Self, Duplicate> {
                let mut tables = Self::default();
                $(snapshot.$table.into_iter().try_for_each(|row| tables.$table.insert(row))?;)*
                tables.keep_changes();
                Ok(tables)
            }
        }
    };
}

tables! {
    /// Accounts with their hashes.
    users: Credentials;
    /// Sessions, live or not, with the network of each login.
    sessions: SessionRow;
    /// The times of the users' last logins.
    last_logins: LastLoginRow;
    /// The API keys with their digests, revoked or not.
    api_keys: ApiKeyRow;
    /// The catalogue.
    products: Product;
    /// The pieces of products that orders hold.
    held_pieces: HeldPiecesRow;
    /// The changes of products by operators.
    product_changes: ProductChangeRow;
    /// Orders with their items.
    orders: Order;
    /// The history entries of all orders, by order and sequence number.
    history: HistoryRow;
    /// Which orders are in the archive. Their rows stay where they are, and lists leave them out.
    archived_orders: ArchivedOrderRow;
    /// The numbers of unpaid orders of each user, and of the pieces in them.
    open_counts: OpenCountRow;
    /// Transactions with their refunds, dispute events, references and next action.
    transactions: Transaction;
    /// Payment, capture and void requests with their authors.
    requests: RequestRow;
    /// Requests to gateways with their answers.
    attempts: StoredAttempt;
    /// The stored events of gateways.
    events: StoredEvent;
    /// Findings, with the subject of those that may exist only once.
    findings: FindingRow;
    /// Claimed idempotency keys with their replies.
    claims: Claim;
    /// Endpoints of webhooks.
    webhook_endpoints: WebhookEndpoint;
    /// Deliveries of webhooks, also to endpoints that were deleted.
    webhook_deliveries: WebhookDelivery;
    /// The last probe; at most one row.
    probes: ProbeRow;
    /// Mails that wait to be sent.
    mails: QueuedMail;
    /// Permissions to set a new password, at most one for each user.
    password_resets: PasswordReset;
    /// Second factors, at most one for each user.
    second_factors: SecondFactor;
    /// Erased accounts, and how far the erasure of their data has come.
    erasures: Erasure;
    /// The events of the feed, numbered or not.
    feed_events: FeedRow;
    /// The next numbers of the feed; at most one row.
    feed_sequencer: FeedSequencerRow;
}

impl Tables {
    /// Whether an order is in the archive.
    pub(super) fn is_archived(&self, order: OrderKey) -> bool {
        self.archived_orders.get(&order).is_some()
    }

    /// Returns the row with the next numbers of the feed.
    pub(super) fn feed_sequencer(&self) -> FeedSequencerRow {
        self.feed_sequencer.get(&()).copied().unwrap_or(FeedSequencerRow::FIRST)
    }

    /// Returns the public id of the user or API key that made a change; `None` if neither did, or its row does not
    /// exist.
    pub(super) fn author_id(&self, by: ChangedBy) -> Option<AuthorId> {
        match by.author? {
            AuthorKey::User(key) => self.users.get(&key).map(|it| it.user.id.clone().into()),
            AuthorKey::ApiKey(key) => self.api_keys.get(&key).map(|it| it.key.id.clone().into()),
        }
    }

    /// Lists which of the two, name and address, an account has already.
    pub(super) fn find_account_conflicts(&self, username: &Username, email: &Email) -> Vec<AccountConflict> {
        let named = self.users.find(&UserKeys::Username(username.fold_case()));
        let addressed = self.users.find(&UserKeys::Email(email.fold_case()));
        let conflicts = [named.map(|_| AccountConflict::Username), addressed.map(|_| AccountConflict::Email)];
        conflicts.into_iter().flatten().collect()
    }
}
