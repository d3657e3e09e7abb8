//! A private replication group: three MySQL servers on loopback, of which one at a time takes writes, or all.

use std::{fs, io, path::Path, process::Command, thread, time::Duration};

use crate::{
    kind::mariadb::{check_output, copy_folder, data_folder, run_sql, socket_path},
    location::{Location, find_free_port},
    process::Process,
    server_group::ServerGroup,
    unpacked::UnpackedPrograms,
};

/// The number of members: with one away the other two are the majority.
const MEMBERS: usize = 3;
/// The group's name, which MySQL wants as a UUID.
const GROUP_NAME: &str = "1de31de3-1de3-1de3-1de3-1de31de31de3";
/// Most probes of a server that starts, and of a member that joins: with the pauses two minutes.
const PROBES_MAX: u32 = 1_200;
/// The pause between two probes.
const PAUSE: Duration = Duration::from_millis(100);
/// What the first start runs: an account that may be used over TCP, as on the private MariaDB.
const ACCOUNT_SQL: &str =
    "CREATE USER root@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;";
/// How a member gets what it misses: as that account.
const RECOVERY_SQL: &str =
    "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'root' FOR CHANNEL 'group_replication_recovery'";
/// What the first member does so that there is a group.
const BOOTSTRAP_SQL: &str = "SET GLOBAL group_replication_bootstrap_group = ON; START GROUP_REPLICATION; \
                             SET GLOBAL group_replication_bootstrap_group = OFF";
const JOIN_SQL: &str = "START GROUP_REPLICATION";
/// Lets all members take writes.
const SEVERAL_PRIMARIES_SQL: &str = "SELECT group_replication_switch_to_multi_primary_mode()";
/// What a member that starts needs for joining such a group: no option file says it.
const JOIN_PRIMARIES_SQL: &str = "SET GLOBAL group_replication_single_primary_mode = OFF; \
                                  SET GLOBAL group_replication_enforce_update_everywhere_checks = ON; \
                                  START GROUP_REPLICATION";
const REJOIN_SQL: &str = "STOP GROUP_REPLICATION; START GROUP_REPLICATION";
const ONLINE_SQL: &str =
    "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'";
const STATE_SQL: &str = "SELECT member_state, member_role FROM performance_schema.replication_group_members \
                         WHERE member_id = @@server_uuid";

/// The program of an unpacked MySQL, with the libraries beside it.
#[derive(Debug, Clone)]
pub struct MySqlProgram(UnpackedPrograms);

/// A group whose first primary is member 0. The only user is `root`, without a password. It ends when this value is
/// dropped, or with this process.
#[derive(Debug)]
pub struct MySqlGroup {
    program: MySqlProgram,
    members: Vec<Member>,
    has_several_primaries: bool,
}

#[derive(Debug)]
struct Member {
    // Before the location, because fields are dropped in this order. None: it was killed.
    process: Option<Process>,
    location: Location,
    number: usize,
    group_port: u16,
}

impl MySqlProgram {
    /// The program in a folder into which Debian's packages of MySQL and of all that it needs were unpacked.
    ///
    /// # Errors
    /// When the folder holds no such program.
    pub fn find(root: &Path) -> io::Result<Self> {
        UnpackedPrograms::find(root).map(Self)
    }

    /// What comes before the arguments of the server when it is started through the loader.
    fn arguments(&self) -> Vec<String> {
        let Self(programs) = self;
        let settings = [
            "--no-defaults".to_owned(),
            "--user=root".to_owned(),
            format!("--basedir={}", programs.path("usr")),
            format!("--lc-messages-dir={}", programs.path("usr/share/mysql")),
            format!("--character-sets-dir={}", programs.path("usr/share/mysql/charsets")),
            format!("--plugin-dir={}", programs.path("usr/lib/mysql/plugin")),
            "--secure-file-priv=NULL".to_owned(),
            "--innodb-buffer-pool-size=64M".to_owned(),
        ];
        let mut arguments = programs.arguments("usr/sbin/mysqld", &["usr/lib/mysql/private"]);
        arguments.extend(settings);
        arguments
    }

    /// Makes the data folder of a server.
    fn initialize(&self, location: &Location) -> io::Result<()> {
        let first = location.folder().join("first.sql");
        fs::write(&first, ACCOUNT_SQL)?;
        let made = Command::new(self.0.loader())
            .args(self.arguments())
            .args(["--initialize-insecure".to_owned(), format!("--init-file={}", first.display())])
            .arg(format!("--datadir={}", data_folder(location).display()))
            .output()?;
        check_output("mysqld", &made)
    }
}

impl MySqlGroup {
    /// Starts a group without data and waits until all members have joined.
    ///
    /// # Errors
    /// When a member does not join in time; the error then shows the end of its log.
    pub fn start(program: MySqlProgram) -> io::Result<Self> {
        let mut group = Self { program, members: Vec::new(), has_several_primaries: false };
        for number in 0..MEMBERS {
            let location = Location::new("group")?;
            match group.members.first() {
                None => group.program.initialize(&location)?,
                Some(first) => {
                    copy_folder(&data_folder(&first.location), &data_folder(&location))?;
                    // The identity of the server that the folder was copied from.
                    let _ = fs::remove_file(data_folder(&location).join("auto.cnf"));
                }
            }
            group.members.push(Member { process: None, location, number, group_port: find_free_port()? });
        }
        let seeds = group.seeds();
        for member in &mut group.members {
            member.run(&group.program, &seeds)?;
            member.execute_sql(RECOVERY_SQL)?;
            member.execute_sql(if member.number == 0 { BOOTSTRAP_SQL } else { JOIN_SQL })?;
            member.wait_online()?;
        }
        Ok(group)
    }

    /// Lets all members take writes from now on.
    ///
    /// # Errors
    /// When the group refuses it.
    pub fn make_all_primaries(&mut self) -> io::Result<()> {
        self.execute_sql(0, SEVERAL_PRIMARIES_SQL)?;
        self.has_several_primaries = true;
        Ok(())
    }

    /// The URL of each member, without a database and without a slash at its end.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.ports().iter().map(|port| format!("mysql://root@127.0.0.1:{port}")).collect()
    }

    /// The URL of a database that names all members, member 0 first.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let hosts: Vec<_> = self.ports().iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("mysql://root@{}/{database}", hosts.join(","))
    }

    /// Runs SQL at a member, as `root`, and returns the rows: a line each, the columns with tabs between them.
    ///
    /// # Errors
    /// When there is no such member, or it refuses the SQL.
    pub fn execute_sql(&self, member: usize, sql: &str) -> io::Result<String> {
        self.members.get(member).ok_or_else(no_member)?.execute_sql(sql)
    }

    /// The number of the member that is the primary.
    ///
    /// # Errors
    /// When no member says that it is.
    pub fn primary(&self) -> io::Result<usize> {
        let is_primary = |it: &Member| it.execute_sql(STATE_SQL).is_ok_and(|state| state.contains("PRIMARY"));
        self.members.iter().position(is_primary).ok_or_else(no_member)
    }

    fn seeds(&self) -> String {
        let seeds: Vec<_> = self.members.iter().map(|it| format!("127.0.0.1:{}", it.group_port)).collect();
        seeds.join(",")
    }
}

impl ServerGroup for MySqlGroup {
    fn ports(&self) -> Vec<u16> {
        self.members.iter().map(|it| it.location.port()).collect()
    }

    fn kill(&mut self, member: usize) -> io::Result<()> {
        self.members.get_mut(member).ok_or_else(no_member)?.process = None;
        Ok(())
    }

    fn restart(&mut self, member: usize) -> io::Result<()> {
        let seeds = self.seeds();
        let member = self.members.get_mut(member).ok_or_else(no_member)?;
        member.run(&self.program, &seeds)?;
        member.execute_sql(if self.has_several_primaries { JOIN_PRIMARIES_SQL } else { JOIN_SQL })?;
        member.wait_online()
    }

    fn pause(&mut self, member: usize) -> io::Result<()> {
        self.members.get(member).and_then(|it| it.process.as_ref()).ok_or_else(no_member)?.pause()
    }

    fn resume(&mut self, member: usize) -> io::Result<()> {
        let resumed = self.members.get(member).ok_or_else(no_member)?;
        resumed.process.as_ref().ok_or_else(no_member)?.resume()?;
        for _ in 0..PROBES_MAX {
            // All of them: the resumed one may not know yet that the others have expelled it.
            if self.members.iter().all(Member::reaches_all) {
                return Ok(());
            }
            if resumed.has_state("ERROR") || resumed.has_state("OFFLINE") {
                // It fails while the server rejoins automatically, and is tried again with the next probe.
                let _ = resumed.execute_sql(REJOIN_SQL);
            }
            thread::sleep(PAUSE);
        }
        Err(resumed.start_error("does not join again"))
    }
}

impl Member {
    /// Starts the server and waits until it answers. It is in no group yet.
    fn run(&mut self, program: &MySqlProgram, seeds: &str) -> io::Result<()> {
        let arguments = [program.arguments(), self.arguments(seeds)].concat();
        self.process = Some(Process::start(program.0.loader(), &arguments, self.location.folder())?);
        self.wait_until("does not start", |it| it.execute_sql("SELECT 1").is_ok())
    }

    fn arguments(&self, seeds: &str) -> Vec<String> {
        let own = [
            format!("--datadir={}", data_folder(&self.location).display()),
            format!("--socket={}", socket_path(&self.location).display()),
            format!("--pid-file={}", self.location.folder().join("pid").display()),
            format!("--tmpdir={}", self.location.folder().display()),
            format!("--port={}", self.location.port()),
            format!("--report-port={}", self.location.port()),
            format!("--server-id={}", self.number + 1),
            format!("--group-replication-local-address=127.0.0.1:{}", self.group_port),
            format!("--group-replication-group-seeds={seeds}"),
            format!("--group-replication-group-name={GROUP_NAME}"),
        ];
        let fixed = [
            "--bind-address=127.0.0.1",
            "--report-host=127.0.0.1",
            "--skip-name-resolve",
            "--mysqlx=OFF",
            "--max-connections=500",
            "--gtid-mode=ON",
            "--enforce-gtid-consistency=ON",
            "--plugin-load-add=group_replication.so",
            "--group-replication-start-on-boot=OFF",
            "--group-replication-recovery-get-public-key=ON",
        ];
        fixed.into_iter().map(ToOwned::to_owned).chain(own).collect()
    }

    fn wait_online(&mut self) -> io::Result<()> {
        self.wait_until("does not join", |it| it.has_state("ONLINE"))
    }

    fn has_state(&self, state: &str) -> bool {
        self.execute_sql(STATE_SQL).is_ok_and(|it| it.starts_with(state))
    }

    fn reaches_all(&self) -> bool {
        self.execute_sql(ONLINE_SQL).is_ok_and(|it| it.trim() == MEMBERS.to_string())
    }

    fn wait_until(&mut self, failure: &str, is_reached: impl Fn(&Self) -> bool) -> io::Result<()> {
        for _ in 0..PROBES_MAX {
            if is_reached(self) {
                return Ok(());
            }
            let ended = self.process.as_mut().map(Process::try_wait).transpose()?.flatten();
            if let Some(status) = ended {
                return Err(self.start_error(&format!("ended with {status}")));
            }
            thread::sleep(PAUSE);
        }
        Err(self.start_error(failure))
    }

    fn execute_sql(&self, sql: &str) -> io::Result<String> {
        run_sql(&self.location, sql)
    }

    fn start_error(&self, how: &str) -> io::Error {
        let log = self.process.as_ref().map(Process::log_tail).unwrap_or_default();
        io::Error::other(format!("member {} {how}; its log ends with:\n{log}", self.number))
    }
}

fn no_member() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no such member")
}
