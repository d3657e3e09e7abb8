//! The steps of the migration, in their order. Each is a folder of `migrations/mysql`.

/// One step of the migration.
pub(super) struct Step {
    /// Its name in `__diesel_schema_migrations`.
    pub(super) version: &'static str,
    /// Its statements, compiled into the program, so that it migrates without any file.
    pub(super) sql: &'static str,
    /// Whether it only takes over rows of the Express app. Such a step is skipped if there are none.
    pub(super) adopts: bool,
}

/// The step that takes over the users. Their names are folded right after it.
pub(super) const USERS_VERSION: &str = "0002";

// A macro, because `include_str!` takes literals only, and a function could not put the path together.
macro_rules! step {
    ($version:literal, $name:literal, $adopts:literal) => {
        Step {
            version: $version,
            sql: include_str!(concat!("../../../../migrations/mysql/", $version, "_", $name, "/up.sql")),
            adopts: $adopts,
        }
    };
}

pub(super) const STEPS: &[Step] = &[
    step!("0001", "record", false),
    step!("0002", "adopt_users", true),
    step!("0003", "adopt_orders", true),
    step!("0004", "adopt_history", true),
    step!("0005", "adopt_payments", true),
];

/// Splits a step into its statements, because not every server takes several at once. Each ends with a `;`
/// at the end of a line, and no other line ends so.
pub(super) fn split_statements(sql: &str) -> Vec<String> {
    let lines: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let text = lines.join("\n");
    let parts = text.split(";\n").map(|it| it.trim().trim_end_matches(';'));
    parts.filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// The tables that these statements create.
pub(super) fn created_tables(statements: &[String]) -> Vec<&str> {
    let created = statements.iter().filter_map(|it| it.strip_prefix("CREATE TABLE IF NOT EXISTS "));
    created.filter_map(|it| it.split_whitespace().next()).collect()
}
