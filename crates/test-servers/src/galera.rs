//! A private Galera cluster: three MariaDB servers on loopback that certify each other's transactions.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use crate::{
    kind::mariadb::{
        SETTINGS, check_output, copy_folder, data_folder, prepare_template, run_sql, socket_path,
    },
    location::Location,
    process::Process,
    program,
    server_group::ServerGroup,
};

/// Where distributions put the library that replicates; Debian has it in the package `galera-4`.
const PROVIDERS: &[&str] = &[
    "/usr/lib/galera/libgalera_smm.so",
    "/usr/lib64/galera-4/libgalera_smm.so",
    "/usr/lib/libgalera_smm.so",
];
/// The account that Debian's package makes. A server that root starts changes to it, because as root the programs that
/// copy the data to a new node cannot write.
const ACCOUNT: &str = "mysql";
/// The number of nodes: with one away the other two are the majority.
const NODES: usize = 3;
/// Most probes of a node that joins: with the pauses about a minute.
const PROBES_MAX: u32 = 600;
/// The pause between two probes.
const PAUSE: Duration = Duration::from_millis(100);

/// One server of a cluster.
#[derive(Debug)]
struct Node {
    // Before the locations, because fields are dropped in this order. `None` once it is killed.
    process: Option<Process>,
    location: Location,
    /// The ports of the group, and of the two ways in which a node gets what it misses.
    ports: [Location; 3],
}

/// A cluster of three nodes. Their only user is `root`, without a password. It ends when this value is dropped, or with
/// this process.
#[derive(Debug)]
pub struct Galera {
    nodes: Vec<Node>,
}

impl Galera {
    /// Whether a cluster can be started here: MariaDB and the library are installed.
    #[must_use]
    pub fn is_installed() -> bool {
        find_provider().is_some() && program::find_program("mariadbd").is_ok()
    }

    /// Starts a cluster without data and waits until all nodes have joined.
    ///
    /// # Errors
    /// When something is not installed, or a node does not join in time; the error then shows the end of its log.
    pub fn start() -> io::Result<Self> {
        let provider = find_provider().ok_or_else(no_provider)?;
        let mut cluster = Self { nodes: Vec::new() };
        for number in 0..NODES {
            let seed = cluster.nodes.first().map(|it| it.ports[0].port());
            cluster.nodes.push(Node::start(number, &provider, seed)?);
        }
        Ok(cluster)
    }

    /// Runs SQL at a node, as `root`, and returns the rows: a line each, the columns with tabs between them.
    ///
    /// # Errors
    /// When there is no such node, or it refuses the SQL.
    pub fn execute_sql(&self, node: usize, sql: &str) -> io::Result<String> {
        run_sql(&self.nodes.get(node).ok_or_else(no_node)?.location, sql)
    }

    fn node_mut(&mut self, node: usize) -> io::Result<&mut Node> {
        self.nodes.get_mut(node).ok_or_else(no_node)
    }

    /// The URL of each node, without a database and without a slash at its end.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.ports().iter().map(|port| format!("mysql://root@127.0.0.1:{port}")).collect()
    }
}

impl ServerGroup for Galera {
    fn ports(&self) -> Vec<u16> {
        self.nodes.iter().map(|it| it.location.port()).collect()
    }

    fn kill(&mut self, node: usize) -> io::Result<()> {
        self.node_mut(node)?.process = None;
        Ok(())
    }

    fn restart(&mut self, node: usize) -> io::Result<()> {
        let provider = find_provider().ok_or_else(no_provider)?;
        let mut others = self.nodes.iter().enumerate().filter(|(at, it)| *at != node && it.process.is_some());
        let seed = others.next().map(|(_, it)| it.ports[0].port());
        self.node_mut(node)?.run(node, &provider, seed)
    }

    fn pause(&mut self, node: usize) -> io::Result<()> {
        self.node_mut(node)?.process.as_ref().ok_or_else(no_node)?.pause()
    }

    fn resume(&mut self, node: usize) -> io::Result<()> {
        let node = self.node_mut(node)?;
        node.process.as_ref().ok_or_else(no_node)?.resume()?;
        node.wait_ready()
    }
}

impl Node {
    fn start(number: usize, provider: &Path, seed: Option<u16>) -> io::Result<Self> {
        let location = Location::new("galera")?;
        copy_folder(&prepare_template()?, &data_folder(&location))?;
        if runs_as_root(location.folder())? {
            let owned = Command::new("chown").args(["-R", ACCOUNT]).arg(location.folder()).output()?;
            check_output("chown", &owned)?;
        }
        let ports = [Location::new("group")?, Location::new("ist")?, Location::new("sst")?];
        let mut node = Self { process: None, location, ports };
        node.run(number, provider, seed)?;
        Ok(node)
    }

    /// Starts the server, and waits until it has joined and has all data.
    fn run(&mut self, number: usize, provider: &Path, seed: Option<u16>) -> io::Result<()> {
        let arguments = node_arguments(number, provider, seed, (&self.location, &self.ports));
        let program = program::find_program("mariadbd")?;
        self.process = Some(Process::start(&program, &arguments, self.location.folder())?);
        self.wait_ready()
    }

    fn wait_ready(&mut self) -> io::Result<()> {
        for _ in 0..PROBES_MAX {
            if self.is_ready() {
                return Ok(());
            }
            let process = self.process.as_mut().ok_or_else(no_node)?;
            if let Some(status) = process.try_wait()? {
                return Err(self.start_error(&format!("ended with {status}")));
            }
            thread::sleep(PAUSE);
        }
        Err(self.start_error("does not join in time"))
    }

    /// Whether it is one of a majority of nodes and has all data.
    fn is_ready(&self) -> bool {
        let status = |name: &str| run_sql(&self.location, &format!("SHOW STATUS LIKE '{name}'"));
        let says = |name, value: &str| status(name).is_ok_and(|it| it.trim_end().ends_with(value));
        says("wsrep_ready", "ON") && says("wsrep_local_state_comment", "Synced")
    }

    fn start_error(&self, how: &str) -> io::Error {
        let log = self.process.as_ref().map(Process::log_tail).unwrap_or_default();
        io::Error::other(format!("a node {how}; its log ends with:\n{log}"))
    }
}

fn node_arguments(
    number: usize,
    provider: &Path,
    seed: Option<u16>,
    (location, [group, ist, sst]): (&Location, &[Location; 3]),
) -> Vec<String> {
    let peers = seed.map(|port| format!("127.0.0.1:{port}")).unwrap_or_default();
    let own = [
        format!("--datadir={}", data_folder(location).display()),
        format!("--socket={}", socket_path(location).display()),
        format!("--pid-file={}", location.folder().join("pid").display()),
        format!("--tmpdir={}", location.folder().display()),
        format!("--port={}", location.port()),
        format!("--user={ACCOUNT}"),
        format!("--wsrep-provider={}", provider.display()),
        format!("--wsrep-cluster-address=gcomm://{peers}"),
        format!("--wsrep-node-address=127.0.0.1:{}", group.port()),
        format!("--wsrep-node-name=node{number}"),
        format!("--wsrep-sst-receive-address=127.0.0.1:{}", sst.port()),
        format!(
            "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{};ist.recv_addr=127.0.0.1:{};gcache.size=16M",
            group.port(),
            ist.port()
        ),
    ];
    let fixed = [
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--max-connections=500",
        "--binlog-format=ROW",
        "--innodb-autoinc-lock-mode=2",
        "--wsrep-on=1",
        "--wsrep-cluster-name=test",
        "--wsrep-sst-method=rsync",
    ];
    SETTINGS.iter().chain(&fixed).map(|it| (*it).to_owned()).chain(own).collect()
}

fn find_provider() -> Option<PathBuf> {
    PROVIDERS.iter().map(PathBuf::from).find(|it| it.is_file())
}

fn no_provider() -> io::Error {
    io::Error::other("there is no library of Galera")
}

fn no_node() -> io::Error {
    io::Error::other("there is no such node, or it was killed")
}

/// Whether this process is root, by a folder that it has made.
fn runs_as_root(own: &Path) -> io::Result<bool> {
    Ok(fs::metadata(own)?.uid() == 0)
}
