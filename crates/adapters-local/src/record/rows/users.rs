use domain::{User, UserId, UserKey};
use ports::Credentials;

use crate::record::table::Row;

/// The unique keys of accounts. Names and addresses are folded by [`fold_case`](domain::user::fold_case).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum UserKeys {
    Id(UserId),
    Username(String),
    Email(String),
}

impl Row for Credentials {
    const TABLE: &'static str = "user";
    type Key = UserKey;
    type Unique = UserKeys;

    fn key(&self) -> UserKey {
        self.user.key
    }

    fn unique_keys(&self) -> Vec<UserKeys> {
        let User { id, username, email, .. } = &self.user;
        vec![
            UserKeys::Id(id.clone()),
            UserKeys::Username(username.fold_case()),
            UserKeys::Email(email.fold_case()),
        ]
    }

    fn row_name(&self) -> String {
        self.user.key.get().to_string()
    }
}
