//! All tables, and the picture of them that leaves the record.

use domain::{ChangedBy, Email, Order, Product, Transaction, UserId, Username, payment::StoredEvent};
use ports::{AccountConflict, Claim, Credentials};

use super::commit::{
    FindingRow, HistoryRow, OpenCountRow, ProbeRow, ProductChangeRow, RequestRow, SessionRow, UserKeys,
};
use super::table::{Duplicate, Table};

/// Makes [`Tables`] and [`Snapshot`] of one list: a table is added by one line here and a [`Row`](super::table::Row) of
/// its family.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $row:ty;)*) => {
        /// What the record holds.
        #[derive(Debug, Default)]
        pub(super) struct Tables {
            $(pub(super) $table: Table<$row>,)*
        }

        impl Tables {
            /// What was changed stays.
            pub(super) fn keep_changes(&mut self) {
                $(self.$table.keep_changes();)*
            }

            /// What was changed since the last [`keep_changes`](Self::keep_changes) is as it was.
            pub(super) fn roll_back(&mut self) {
                $(self.$table.roll_back();)*
            }
        }

        /// Everything that a [`MemoryRecord`](super::MemoryRecord) held at one moment, each table in the order of its
        /// keys. It is plain data: read it, change it, and make a record of it.
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
    /// Sessions, live or not, with the network that each began in.
    sessions: SessionRow;
    /// The catalogue.
    products: Product;
    /// What operators changed of products.
    product_changes: ProductChangeRow;
    /// Orders with their items.
    orders: Order;
    /// Every entry of every order's history, by order and number.
    history: HistoryRow;
    /// How many unpaid orders each user has, and pieces in them.
    open_counts: OpenCountRow;
    /// Transactions with their refunds and the words about their disputes.
    transactions: Transaction;
    /// Who asked for what of transactions.
    requests: RequestRow;
    /// The gateways' events.
    events: StoredEvent;
    /// What an operator must look at, with the subject that an open one may be the only one about.
    findings: FindingRow;
    /// Used idempotency keys with their answers.
    claims: Claim;
    /// The last probe; at most one row.
    probes: ProbeRow;
}

impl Tables {
    /// The public id of the user behind a change, if it was one and has an account.
    pub(super) fn user_id(&self, by: ChangedBy) -> Option<UserId> {
        self.users.get(&by.user?).map(|it| it.user.id.clone())
    }

    /// Whether another account has the name or the address.
    pub(super) fn find_account_conflicts(&self, username: &Username, email: &Email) -> Vec<AccountConflict> {
        let named = self.users.find(&UserKeys::Username(username.fold_case()));
        let addressed = self.users.find(&UserKeys::Email(email.fold_case()));
        let conflicts = [named.map(|_| AccountConflict::Username), addressed.map(|_| AccountConflict::Email)];
        conflicts.into_iter().flatten().collect()
    }
}
