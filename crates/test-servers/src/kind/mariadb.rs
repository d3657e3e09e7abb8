//! MariaDB, as durable as in production. Its data folder is made once and copied for each server, because
//! making one takes far longer than a test.

use std::{
    env, fs,
    io::{self, Read},
    os::unix::{fs::MetadataExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
    time::Duration,
};

use crate::{
    location::Location,
    program,
    server::{Server, ServerKind},
};

/// The settings that the installation of the data folder and every server on it must share.
pub(crate) const SETTINGS: &[&str] =
    &["--no-defaults", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M"];
/// The first byte of the server's greeting: the protocol version.
const GREETING: u8 = 10;
/// The size of a packet's header, in bytes: length and number.
const HEADER_BYTES: usize = 4;
/// How long a probe waits for the greeting.
const GREETING_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest name of a database, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// A private MariaDB. Its only user is `root`, without a password.
pub type MariaDb = Server<MariaDbKind>;

/// The kind of [`MariaDb`]: its program, its arguments, its probe.
#[derive(Debug)]
pub struct MariaDbKind;

impl MariaDb {
    /// The URL of a database on this server, whether it exists or not.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port())
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// When it exists, the name is not 1-64 of `[a-z0-9_]`, or the server does not answer.
    pub fn create_database(&self, name: &str) -> io::Result<()> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(fits) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a database is called [a-z0-9_]"));
        }
        self.execute_sql(&format!("CREATE DATABASE `{name}`"))
    }

    /// Runs one or more SQL statements as `root`, without a default database.
    ///
    /// # Errors
    /// When the SQL is refused, or the server does not answer.
    pub fn execute_sql(&self, sql: &str) -> io::Result<()> {
        self.query_sql(sql).map(drop)
    }

    /// Runs SQL as [`execute_sql`](Self::execute_sql) does, and returns the rows: a line each, without names, the columns
    /// separated by tabs.
    ///
    /// # Errors
    /// When the SQL is refused, or the server does not answer.
    pub fn query_sql(&self, sql: &str) -> io::Result<String> {
        run_sql(self.location(), sql)
    }
}

/// Runs SQL as `root` at the server of this place, and returns the rows: a line each, the columns with tabs between them.
pub(crate) fn run_sql(place: &Location, sql: &str) -> io::Result<String> {
    let client = Command::new(program::find_program("mariadb")?)
        .args(["--no-defaults", "--batch", "--skip-column-names", "--user=root"])
        .arg(format!("--socket={}", socket_path(place).display()))
        .arg(format!("--execute={sql}"))
        .output()?;
    check_output("mariadb", &client)?;
    Ok(String::from_utf8_lossy(&client.stdout).into_owned())
}

impl ServerKind for MariaDbKind {
    const PROGRAM: &'static str = "mariadbd";

    fn prepare_folder(place: &Location) -> io::Result<()> {
        copy_folder(&prepare_template()?, &data_folder(place))
    }

    fn program_arguments(place: &Location) -> Vec<String> {
        let own = [
            format!("--datadir={}", data_folder(place).display()),
            format!("--socket={}", socket_path(place).display()),
            format!("--pid-file={}", place.folder().join("pid").display()),
            format!("--tmpdir={}", place.folder().display()),
            format!("--port={}", place.port()),
        ];
        let fixed = [
            "--bind-address=127.0.0.1",
            // Has an effect only if root starts the server, which refuses to run as root without it.
            "--user=root",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-load-at-startup=0",
            "--innodb-buffer-pool-dump-at-shutdown=0",
            "--character-set-server=utf8mb4",
            "--max-connections=500",
        ];
        // `--no-defaults` is only accepted as the first argument.
        SETTINGS.iter().chain(&fixed).map(|it| (*it).to_owned()).chain(own).collect()
    }

    /// Probes the socket in the server's folder, which no other server can have. It is opened after the
    /// port, so a server whose port is taken ends before it has a socket.
    fn is_served_by(place: &Location, _: u32) -> io::Result<bool> {
        let mut stream = UnixStream::connect(socket_path(place))?;
        stream.set_read_timeout(Some(GREETING_TIMEOUT))?;
        let mut packet = [0; HEADER_BYTES + 1];
        stream.read_exact(&mut packet)?;
        if packet.last() == Some(&GREETING) { Ok(true) } else { Err(io::ErrorKind::NotConnected.into()) }
    }

    fn shared_cell() -> &'static OnceLock<io::Result<MariaDb>> {
        static SHARED: OnceLock<io::Result<MariaDb>> = OnceLock::new();
        &SHARED
    }
}

pub(crate) fn data_folder(place: &Location) -> PathBuf {
    place.folder().join("data")
}

pub(crate) fn socket_path(place: &Location) -> PathBuf {
    place.folder().join("socket")
}

/// The data folder that every server starts with a copy of. The first process that needs it makes it.
pub(crate) fn prepare_template() -> io::Result<PathBuf> {
    let shelf = target_folder()?.join("test-servers");
    let prepared = shelf.join(server_version()?);
    if prepared.exists() {
        return Ok(prepared);
    }
    fs::create_dir_all(&shelf)?;
    let new = tempfile::Builder::new().prefix("new-").tempdir_in(&shelf)?;
    install_database(&new.path().join("data"))?;
    match fs::rename(new.path().join("data"), &prepared) {
        // Another process was faster. Its folder is as good, because a rename is atomic and it is complete.
        Err(_) if prepared.exists() => Ok(prepared),
        outcome => outcome.map(|()| prepared),
    }
}

fn install_database(data: &Path) -> io::Result<()> {
    fs::create_dir(data)?;
    let mut install = Command::new(program::find_program("mariadb-install-db")?);
    install.args(SETTINGS).arg(format!("--datadir={}", data.display()));
    install.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
    // Required if the caller is root, and refused for any other user.
    if fs::metadata(data)?.uid() == 0 {
        install.arg("--user=root");
    }
    check_output("mariadb-install-db", &install.output()?)
}

/// The server's version, which names the data folder: another version must not use it.
fn server_version() -> io::Result<String> {
    let output = Command::new(program::find_program("mariadbd")?).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().skip_while(|word| *word != "Ver").nth(1);
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    let version: String = version.unwrap_or("unknown").chars().filter(|c| fits(*c)).collect();
    Ok(format!("mariadb-{version}"))
}

/// Cargo's target folder, which contains this program and has cargo's cache mark; otherwise the temporary
/// folder.
fn target_folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    Ok(marked.map_or_else(env::temp_dir, Path::to_owned))
}

pub(crate) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&old, &new)?;
        } else {
            fs::copy(&old, &new)?;
        }
    }
    Ok(())
}

pub(crate) fn check_output(program: &str, output: &Output) -> io::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it).into_owned()).concat();
    Err(io::Error::other(format!("{program} ended with {}: {}", output.status, said.trim())))
}
