//! Migrates a database to the current schema, and adopts the one that the Express app made.
//!
//! ```text
//! lock (GET_LOCK)            one instance migrates, the others wait
//!   plan                     refuse a foreign, newer or incompatible database, before any change
//!   rename the app's tables  to express_…, all in one statement; no row of them is ever changed
//!   for each pending step    every statement, then a row in __diesel_schema_migrations
//! ```
//!
//! MySQL and MariaDB commit each change of a schema on their own, so a process that dies leaves some
//! statements done and others not. Therefore every statement can be repeated: it makes what is missing and
//! takes over what has not been taken over. A step is recorded in the table that diesel's command line
//! reads, after its last statement.

mod column_kind;
mod compatibility;
mod express;
mod steps;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use tokio::time::timeout;

use self::steps::{STEPS, Step, split_statements};
use crate::connection::{connect_options, statement_limit};
use crate::{MySql, OpenError};

/// How long it may take to connect and log in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for another instance that migrates the same database, in seconds.
const MIGRATION_LOCK_WAIT_S: u32 = 300;
/// How long a statement may wait for the locks of running transactions, in seconds.
const LOCK_WAIT_S: u32 = 60;

/// The SQL for the lock's name. Named locks belong to the whole server, so the name is made of the
/// database's, hashed to stay within 64 characters.
const MIGRATION_LOCK: &str = "CONCAT('idem.', LEFT(SHA2(DATABASE(), 256), 32))";

const CREATE_VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
    version VARCHAR(50) NOT NULL PRIMARY KEY,
    run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The reasons why this program refuses to migrate a database, beside errors of the server.
#[derive(Debug, thiserror::Error)]
enum MigrationRefusal {
    #[error("another instance has been migrating this database for {MIGRATION_LOCK_WAIT_S} s")]
    Busy,
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
        let url = Opts::from_url(url).map_err(|_| OpenError::Url)?;
        if url.db_name().is_none_or(str::is_empty) {
            return Err(OpenError::Url);
        }
        let mut conn = connect_for_migration(url)
            .await
            .map_err(|it| OpenError::Connect(ports::PortError::unavailable(it)))?;
        let outcome = with_migration_lock(&mut conn, adoption).await;
        // Closed in every case, also after a failure: the server frees the named lock with its connection.
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
            MigrationRefusal::Busy
            | MigrationRefusal::Newer(_)
            | MigrationRefusal::ForeignTable(_)
            | MigrationRefusal::Incompatible(_),
        )
        | None => OpenError::Migrate(failure),
    }
}

/// Opens the connection of the migration. It is not one of a pool, because the lock belongs to it.
async fn connect_for_migration(url: Opts) -> Result<Conn, BoxError> {
    let mut conn = timeout(CONNECT_TIMEOUT, Conn::new(connect_options(url))).await??;
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

async fn with_migration_lock(
    conn: &mut Conn,
    adoption: AdoptionPolicy,
) -> Result<MigrationOutcome, BoxError> {
    let asked = format!("SELECT COALESCE(GET_LOCK({MIGRATION_LOCK}, {MIGRATION_LOCK_WAIT_S}), 0)");
    // `GET_LOCK` gives 0 when the wait is over and null after an error. Both mean that the lock is not held.
    if conn.query_first(asked).await? != Some(1) {
        return Err(MigrationRefusal::Busy.into());
    }
    let outcome = run_pending_steps(conn, adoption).await;
    // May be dropped: if this fails, the connection is broken and the lock has been freed with it.
    let _ = conn.query_drop(format!("SELECT RELEASE_LOCK({MIGRATION_LOCK})")).await;
    outcome
}

async fn run_pending_steps(conn: &mut Conn, adoption: AdoptionPolicy) -> Result<MigrationOutcome, BoxError> {
    // The table is only created if it is missing, so that an account without the right to create tables can
    // start on a database that is up to date.
    if express::list_columns(conn, "__diesel_schema_migrations").await?.is_empty() {
        let renamed = express::plan_renames(conn).await?;
        if adoption == AdoptionPolicy::Refused && !renamed.is_empty() {
            return Err(MigrationRefusal::Unadopted.into());
        }
        conn.query_drop(CREATE_VERSIONS_TABLE).await?;
    }
    let done: BTreeSet<String> =
        conn.query("SELECT version FROM __diesel_schema_migrations").await?.into_iter().collect();
    // A newer program has changed the schema. This one does not know what its statements would do there.
    if let Some(unknown) = done.iter().find(|it| !STEPS.iter().any(|step| step.version == **it)) {
        return Err(MigrationRefusal::Newer(unknown.clone()).into());
    }
    let pending: Vec<&Step> = STEPS.iter().filter(|it| !done.contains(it.version)).collect();
    if pending.is_empty() {
        return Ok(MigrationOutcome::Nothing);
    }
    let adopts = pending.iter().any(|it| it.adopts);
    if adoption == AdoptionPolicy::Refused && adopts && express::needs_adoption(conn, done.is_empty()).await?
    {
        return Err(MigrationRefusal::Unadopted.into());
    }
    // Only before the first step: later the tables of these names are the service's.
    if done.is_empty() {
        express::rename_tables(conn).await?;
    }
    let adopting = express::has_express_tables(conn).await?;
    for step in pending {
        if adopting || !step.adopts {
            for statement in split_statements(step.sql) {
                conn.query_drop(statement).await?;
            }
        }
        if adopting && step.version == steps::USERS_VERSION {
            express::fold_names(conn).await?;
        }
        // Last, so that a process that dies before repeats the whole step. If the answer to this insert is
        // lost, the next run finds the row.
        insert_step_version(conn, step).await?;
    }
    if adopting && adopts {
        Ok(MigrationOutcome::Adoption(express::count_adopted_rows(conn).await?))
    } else {
        Ok(MigrationOutcome::Schema)
    }
}

async fn insert_step_version(conn: &mut Conn, step: &Step) -> Result<(), BoxError> {
    let insert = "INSERT INTO __diesel_schema_migrations (version) VALUES (?)";
    Ok(conn.exec_drop(insert, (step.version,)).await?)
}
