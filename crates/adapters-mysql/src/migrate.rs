//! Bringing a database up to date, and adopting the one that the Express app made.
//!
//! A server of this kind commits every change of a schema by itself, so a process that is killed leaves some statements
//! done and some not. That is why each statement may be run again: it makes what is not there and takes what has not been
//! taken. A step is noted, in the table that diesel's own tool reads, when all its statements are done.

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

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait for another instance that does the same, in seconds.
const MIGRATION_LOCK_WAIT_S: u32 = 300;
/// How long a statement may wait for the locks of others, in seconds.
const LOCK_WAIT_S: u32 = 60;

/// The name of the turn: of this database, for the names are those of a whole server.
const MIGRATION_LOCK: &str = "CONCAT('idem.', LEFT(SHA2(DATABASE(), 256), 32))";

const CREATE_VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
    version VARCHAR(50) NOT NULL PRIMARY KEY,
    run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a database cannot be brought up to date, beside what the server says.
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

/// What became of a table of the Express app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdoptedRows {
    /// Rows that were taken over.
    pub rows: u64,
    /// Rows that were not, and are kept in the table that was set aside.
    pub left: u64,
}

/// What was adopted of the Express app's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdoptionReport {
    /// Users.
    pub users: AdoptedRows,
    /// Orders.
    pub orders: AdoptedRows,
    /// Their items.
    pub items: AdoptedRows,
    /// The rows of their history.
    pub entries: AdoptedRows,
    /// Payments.
    pub payments: AdoptedRows,
}

/// What it took to bring a database up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationOutcome {
    /// Nothing.
    Nothing,
    /// Steps of the schema.
    Schema,
    /// The same, and the adoption of the Express app's database.
    Adoption(AdoptionReport),
}

/// Whether an Express app's database may be adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AdoptionPolicy {
    Allowed,
    Refused,
}

impl MySql {
    /// Brings the database at that URL up to date. One that is up to date stays as it is. Several instances may do so
    /// at the same moment, and one that was interrupted may be done again.
    ///
    /// Tables of the Express app are adopted: renamed to `express_…`, never changed, and their rows taken over.
    ///
    /// # Errors
    /// [`OpenError`]; a database that is newer than this program, or whose tables lack something that the adoption reads,
    /// is left as it is.
    pub async fn migrate(url: &str) -> Result<MigrationOutcome, OpenError> {
        Self::run_migrations(url, AdoptionPolicy::Allowed).await
    }

    /// Brings the database at that URL up to date as [`migrate`](Self::migrate) does, but adopts nothing.
    ///
    /// # Errors
    /// [`OpenError::Unadopted`] when there is something to adopt; then nothing is changed. Else as with `migrate`.
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
        // The turn ends with the connection in any case.
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

/// A connection of its own: the turn belongs to it.
async fn connect_for_migration(url: Opts) -> Result<Conn, BoxError> {
    let mut conn = timeout(CONNECT_TIMEOUT, Conn::new(connect_options(url))).await??;
    // Old rows may have zero for a date: the steps look for that, and must be let to.
    let settings = format!(
        "SET SESSION lock_wait_timeout = {LOCK_WAIT_S}, innodb_lock_wait_timeout = {LOCK_WAIT_S}, \
         sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' {}",
        // A large table is changed for as long as it takes.
        statement_limit(0)
    );
    conn.query_drop(settings).await?;
    // Else a server that is set to old manners adds defaults to times.
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
    if conn.query_first(asked).await? != Some(1) {
        return Err(MigrationRefusal::Busy.into());
    }
    let outcome = run_pending_steps(conn, adoption).await;
    // When this fails the connection is broken, and the turn has ended with it.
    let _ = conn.query_drop(format!("SELECT RELEASE_LOCK({MIGRATION_LOCK})")).await;
    outcome
}

async fn run_pending_steps(conn: &mut Conn, adoption: AdoptionPolicy) -> Result<MigrationOutcome, BoxError> {
    // An account that may not make tables can still start on a database that is up to date.
    if express::list_columns(conn, "__diesel_schema_migrations").await?.is_empty() {
        let renamed = express::plan_renames(conn).await?;
        if adoption == AdoptionPolicy::Refused && !renamed.is_empty() {
            return Err(MigrationRefusal::Unadopted.into());
        }
        conn.query_drop(CREATE_VERSIONS_TABLE).await?;
    }
    let done: BTreeSet<String> =
        conn.query("SELECT version FROM __diesel_schema_migrations").await?.into_iter().collect();
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
