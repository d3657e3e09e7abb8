//! The steps, in their order. Each is a folder of `migrations/mysql`.

/// One step.
pub(super) struct Step {
    /// What it is noted as.
    pub(super) version: &'static str,
    /// Its statements.
    pub(super) sql: &'static str,
    /// Whether it is only about tables of the Express app.
    pub(super) adopts: bool,
}

/// The step after which there are users.
pub(super) const USERS_VERSION: &str = "0002";

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

/// The statements of a step, one by one: not every server of this kind takes several at once. Each ends with a `;` at the
/// end of a line; no other line ends so.
pub(super) fn split_statements(sql: &str) -> Vec<String> {
    let lines: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let text = lines.join("\n");
    let parts = text.split(";\n").map(|it| it.trim().trim_end_matches(';'));
    parts.filter(|it| !it.is_empty()).map(str::to_owned).collect()
}
