//! The public id of who made a change, for queries that join `user` and `api_keys` by the change's author.

use diesel::{
    dsl::auto_type,
    prelude::*,
    sql_types::{Nullable, Text},
};

use crate::sql::schema::{api_keys, user};

diesel::define_sql_function! {
    #[sql_name = "COALESCE"]
    fn first_text(one: Nullable<Text>, other: Nullable<Text>) -> Nullable<Text>;
}

/// The public id of the user or API key that was joined. Row keys are unique across tables, so of the two joins at
/// most one finds a row.
#[auto_type]
pub(super) fn author_id() -> _ {
    first_text(user::public_id.nullable(), api_keys::key_id.nullable())
}
