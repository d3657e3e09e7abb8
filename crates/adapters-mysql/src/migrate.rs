//! Migrates a database to the current schema, and adopts the one that the Express app made.
//!
//! ```text
//! plan                       refuse a foreign, newer or incompatible database, before any change
//! lease (a row)              one process migrates, the others wait
//!   plan                     again: what another process did meanwhile is not done twice
//!   rename the app's tables  to express_…, all in one statement; no row of them is ever changed
//!   for each pending step    every statement, then a row in __diesel_schema_migrations
//! ```
//!
//! Every transaction proves that the lease is still held, and the one that notes a step also that its result is there.
//! Tables that are created twice are the same, so a change of the schema needs no proof.
//!
//! An adoption reads what it has written. Where several servers accept writes, one that lags would take over nothing
//! and report success, so an adoption is refused there.
//!
//! MySQL and MariaDB commit each change of a schema on their own, so a process that dies leaves some
//! statements done and others not. Therefore every statement can be repeated: it makes what is missing and
//! takes over what has not been taken over. A step is recorded in the table that diesel's command line
//! reads, after its last statement.

mod column_kind;
mod compatibility;
mod express;
mod lease;
mod steps;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use self::lease::{Lease, LeasePeriods};
use self::steps::{STEPS, Step, created_tables, split_statements};
use crate::connection::{Consistency, Servers, counts_as_one_writer, statement_limit};
use crate::{MySql, OpenError};

/// How long it may take to connect and log in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The periods of the lease on the database.
const LEASE: LeasePeriods = LeasePeriods {
    takeover_after: Duration::from_secs(15),
    heartbeat: Duration::from_secs(3),
    wait: Duration::from_secs(300),
    poll_interval: Duration::from_millis(100),
};
/// How long a statement may wait for the locks of running transactions, in seconds.
const LOCK_WAIT_S: u32 = 60;

const CREATE_VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
    version VARCHAR(50) NOT NULL PRIMARY KEY,
    run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reasons why this program refuses to migrate a database, beside errors of the server.
#[derive(Debug, thiserror::Error)]
enum MigrationRefusal {
    #[error("another process has been migrating this database for {0} s")]
    Busy(u64),
    #[error("another process has taken the migration over, because this one was silent for too long")]
    LeaseLost,
    #[error("the result of step {0} is not in the database: {1}")]
    Incomplete(&'static str, String),
    #[error(
        "the Express app's database cannot be adopted while several servers accept writes, because one that lags would \
         take over nothing: let one server alone accept writes (stop the others, or switch the group to a single \
         primary), adopt, and let the others join again"
    )]
    SeveralWriters,
    #[error("the database is newer than this program: it has a migration {0:?}")]
    Newer(String),
    #[error("there is a table `{0}` that is neither of this service nor of the Express app")]
    ForeignTable(&'static str),
    #[error("the tables look like the Express app's and cannot be adopted, so nothing was changed: {}", .0.join("; "))]
    Incompatible(Vec<String>),
    #[error("it is the Express app's and was not adopted yet")]
    Unadopted,
}

/// The outcome of the adoption for one table of the Express app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdoptedRows {
    /// The number of rows that were taken over.
    pub rows: u64,
    /// The number of rows that were not taken over. They stay in the table that was renamed to `express_…`.
    pub left: u64,
}

/// The outcome of the adoption of an Express app's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdoptionReport {
    /// User accounts, from table `user`.
    pub users: AdoptedRows,
    /// Orders, from table `orders`.
    pub orders: AdoptedRows,
    /// Lines of orders, from table `order_items`.
    pub items: AdoptedRows,
    /// Changes of an order's status, from table `order_status_history`.
    pub entries: AdoptedRows,
    /// Payments, from table `payment_transactions`.
    pub payments: AdoptedRows,
}

/// The outcome of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationOutcome {
    /// The database was up to date, and nothing was changed.
    Nothing,
    /// Steps of the schema were run. There was nothing to adopt.
    Schema,
    /// Steps of the schema were run, and the Express app's database was adopted.
    Adoption(AdoptionReport),
}

/// Whether the migration may adopt an Express app's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AdoptionPolicy {
    Allowed,
    Refused,
}

impl MySql {
    /// Migrates the database at that URL. One that is up to date stays as it is. Several instances may do
    /// this at the same time, and one that was interrupted can be repeated.
    ///
    /// Tables of the Express app are adopted: renamed to `express_…`, never changed, and their rows taken
    /// over.
    ///
    /// # Errors
    /// [`OpenError`]; a database that is newer than this program, or whose tables lack something that the
    /// adoption reads, stays as it is.
    pub async fn migrate(url: &str) -> Result<MigrationOutcome, OpenError> {
        Self::run_migrations(url, AdoptionPolicy::Allowed).await
    }

    /// Migrates the database at that URL as [`migrate`](Self::migrate) does, but adopts nothing.
    ///
    /// # Errors
    /// [`OpenError::Unadopted`] when there is something to adopt; then nothing is changed. Otherwise as
    /// with `migrate`.
    pub async fn migrate_schema(url: &str) -> Result<MigrationOutcome, OpenError> {
        Self::run_migrations(url, AdoptionPolicy::Refused).await
    }

    async fn run_migrations(url: &str, adoption: AdoptionPolicy) -> Result<MigrationOutcome, OpenError> {
        let servers = Servers::parse(url, Consistency::Strict).ok_or(OpenError::Url)?;
        let mut conn = connect_for_migration(&servers)
            .await
            .map_err(|it| OpenError::Connect(ports::PortError::unavailable(it)))?;
        let outcome = migrate_repeatedly(&mut conn, &servers, adoption).await;
        // Closed in every case, also after a failure: a named lock ends with its connection.
        let closed = conn.disconnect().await;
        let migrated = outcome.map_err(to_open_error)?;
        closed.map_err(|error| OpenError::Migrate(Box::new(error)))?;
        Ok(migrated)
    }
}

fn to_open_error(failure: BoxError) -> OpenError {
    match failure.downcast_ref::<MigrationRefusal>() {
        Some(MigrationRefusal::Unadopted) => OpenError::Unadopted,
        Some(
            MigrationRefusal::Busy(_)
            | MigrationRefusal::LeaseLost
            | MigrationRefusal::Incomplete(..)
            | MigrationRefusal::SeveralWriters
            | MigrationRefusal::Newer(_)
            | MigrationRefusal::ForeignTable(_)
            | MigrationRefusal::Incompatible(_),
        )
        | None => OpenError::Migrate(failure),
    }
}

/// Opens the connection of the migration. It is not one of a pool, because a named lock belongs to it.
async fn connect_for_migration(servers: &Servers) -> Result<Conn, BoxError> {
    let mut conn = servers.connect(CONNECT_TIMEOUT).await?;
    // The zero-date modes of `connect_options` are left out: old rows may have a zero date, and the steps
    // must be able to compare it.
    let settings = format!(
        "SET SESSION lock_wait_timeout = {LOCK_WAIT_S}, innodb_lock_wait_timeout = {LOCK_WAIT_S}, \
         sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' {}",
        // No limit: changing a large table takes as long as it takes.
        statement_limit(0)
    );
    conn.query_drop(settings).await?;
    // With this setting off, a server adds defaults and `ON UPDATE` to the first `TIMESTAMP` column of a
    // table.
    if conn.query_first("SELECT @@explicit_defaults_for_timestamp").await? == Some(0) {
        conn.query_drop("SET SESSION explicit_defaults_for_timestamp = 1").await?;
    }
    Ok(conn)
}

/// Begins again if a statement outside a transaction lost. In a cluster a change of the schema ends what others do with
/// the table, also mere reads, and every part of a migration may be repeated.
async fn migrate_repeatedly(
    conn: &mut Conn,
    servers: &Servers,
    adoption: AdoptionPolicy,
) -> Result<MigrationOutcome, BoxError> {
    let mut attempts = 1;
    loop {
        match migrate_with_lease(conn, servers, adoption).await {
            Err(error) if attempts < lease::ATTEMPTS_MAX && lease::is_contention(&*error) => {
                attempts += 1;
                tokio::time::sleep(lease::PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

async fn migrate_with_lease(
    conn: &mut Conn,
    servers: &Servers,
    adoption: AdoptionPolicy,
) -> Result<MigrationOutcome, BoxError> {
    // First without the lease, whose table is a change: a database that is refused stays as it is, and an account
    // without the right to create tables can start on one that is up to date.
    if plan_steps(conn, adoption).await?.pending.is_empty() {
        return Ok(MigrationOutcome::Nothing);
    }
    let lease = Lease::acquire(conn, LEASE).await?;
    let outcome = match select(pin!(run_steps(conn, &lease, adoption)), pin!(lease.keep(servers))).await {
        Either::Left((outcome, _)) => outcome,
        // A statement that is still running fails or is rolled back, because its transaction no longer holds the lease.
        Either::Right((lost, _)) => return Err(lost),
    };
    lease.release(conn).await;
    outcome
}

/// What one transaction of a migration does.
enum Work<'w> {
    /// Runs a statement that changes rows.
    Statement(&'w str),
    /// Folds the names of the users that were taken over.
    FoldNames,
    /// Notes a step as done, and checks before that its result is there, unless there was nothing to do.
    Note { step: &'static Step, is_checked: bool },
}

impl Work<'_> {
    async fn run(&self, conn: &mut Conn) -> Result<(), BoxError> {
        match self {
            Self::Statement(statement) => Ok(conn.query_drop(*statement).await?),
            Self::FoldNames => express::fold_names(conn).await,
            Self::Note { step, is_checked } => {
                if *is_checked {
                    check_result(conn, step).await?;
                }
                insert_step_version(conn, step).await
            }
        }
    }
}

/// The work that a database needs.
struct Plan {
    /// The steps that are not noted as done, in their order.
    pending: Vec<&'static Step>,
    /// Whether no step is done, so that tables of the service's names may be the app's.
    is_first: bool,
    /// Whether tables of the app wait for adoption, or for the rest of it.
    adopts: bool,
}

/// Finds out the work that a database needs, by reads only.
async fn plan_steps(conn: &mut Conn, adoption: AdoptionPolicy) -> Result<Plan, BoxError> {
    let mut done = BTreeSet::<String>::new();
    if !express::list_columns(conn, "__diesel_schema_migrations").await?.is_empty() {
        done.extend(conn.query("SELECT version FROM __diesel_schema_migrations").await?);
    }
    // A newer program has changed the schema. This one does not know what its statements would do there.
    if let Some(unknown) = done.iter().find(|it| !STEPS.iter().any(|step| step.version == **it)) {
        return Err(MigrationRefusal::Newer(unknown.clone()).into());
    }
    let pending: Vec<&Step> = STEPS.iter().filter(|it| !done.contains(it.version)).collect();
    let is_first = done.is_empty();
    let adopts = pending.iter().any(|it| it.adopts) && express::needs_adoption(conn, is_first).await?;
    if adopts && adoption == AdoptionPolicy::Refused {
        return Err(MigrationRefusal::Unadopted.into());
    }
    if adopts && !counts_as_one_writer(conn).await? {
        return Err(MigrationRefusal::SeveralWriters.into());
    }
    Ok(Plan { pending, is_first, adopts })
}

async fn run_steps(
    conn: &mut Conn,
    lease: &Lease,
    adoption: AdoptionPolicy,
) -> Result<MigrationOutcome, BoxError> {
    conn.query_drop(CREATE_VERSIONS_TABLE).await?;
    // Again, as another process may have migrated while this one waited.
    let Plan { pending, is_first, adopts } = plan_steps(conn, adoption).await?;
    if pending.is_empty() {
        return Ok(MigrationOutcome::Nothing);
    }
    // Only before the first step: later the tables of these names are the service's. A process that has lost its lease
    // here finds its new names taken.
    if is_first {
        lease.heartbeat(conn).await?;
        express::rename_tables(conn).await?;
    }
    for step in pending {
        let skipped = step.adopts && !adopts;
        if !skipped {
            run_step(conn, lease, step).await?;
        }
        // Last, so that a process that dies before repeats the whole step. If the answer to this commit is
        // lost, the next run finds the row.
        lease.transact(conn, &Work::Note { step, is_checked: !skipped }).await?;
    }
    if adopts {
        Ok(MigrationOutcome::Adoption(express::count_adopted_rows(conn).await?))
    } else {
        Ok(MigrationOutcome::Schema)
    }
}

async fn run_step(conn: &mut Conn, lease: &Lease, step: &Step) -> Result<(), BoxError> {
    for statement in split_statements(step.sql) {
        if statement.starts_with("CREATE TABLE") {
            // It commits at once, also inside a transaction.
            lease.heartbeat(conn).await?;
            conn.query_drop(statement).await?;
        } else {
            lease.transact(conn, &Work::Statement(&statement)).await?;
        }
    }
    if step.version == steps::USERS_VERSION {
        lease.transact(conn, &Work::FoldNames).await?;
    }
    Ok(())
}

/// Checks that what the step makes is there: its tables, and every row that it takes over.
async fn check_result(conn: &mut Conn, step: &Step) -> Result<(), BoxError> {
    let statements = split_statements(step.sql);
    for table in created_tables(&statements) {
        if express::list_columns(conn, table).await?.is_empty() {
            return Err(MigrationRefusal::Incomplete(step.version, format!("no table {table}")).into());
        }
    }
    // Such a statement takes over the rows that are not there yet, so by now it finds none.
    let guarded: Vec<_> = statements.iter().filter(|it| it.contains(" AS taken WHERE taken.")).collect();
    for statement in guarded {
        conn.query_drop(statement).await?;
        if conn.affected_rows() > 0 {
            let missing = format!("rows that were not taken over: {}", conn.affected_rows());
            return Err(MigrationRefusal::Incomplete(step.version, missing).into());
        }
    }
    Ok(())
}

async fn insert_step_version(conn: &mut Conn, step: &Step) -> Result<(), BoxError> {
    let insert = "INSERT INTO __diesel_schema_migrations (version) VALUES (?)";
    Ok(conn.exec_drop(insert, (step.version,)).await?)
}
