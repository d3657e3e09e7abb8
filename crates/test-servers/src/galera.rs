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
    kind::mariadb::{SETTINGS, check_output, copy_folder, data_folder, prepare_template, socket_path},
    location::Location,
    process::Process,
    program,
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
    // Before the locations, because fields are dropped in this order.
    process: Process,
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
        let provider = find_provider().ok_or_else(|| io::Error::other("there is no library of Galera"))?;
        let mut cluster = Self { nodes: Vec::new() };
        for number in 0..NODES {
            let seed = cluster.nodes.first().map(|it| it.ports[0].port());
            cluster.nodes.push(Node::start(number, &provider, seed)?);
        }
        Ok(cluster)
    }

    /// The URL of each node, without a database and without a slash at its end.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(|it| format!("mysql://root@127.0.0.1:{}", it.location.port())).collect()
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
        let arguments = node_arguments(number, provider, seed, (&location, &ports));
        let process = Process::start(&program::find_program("mariadbd")?, &arguments, location.folder())?;
        let mut node = Self { process, location, ports };
        for _ in 0..PROBES_MAX {
            if node.is_ready() {
                return Ok(node);
            }
            if let Some(status) = node.process.try_wait()? {
                return Err(node.start_error(&format!("ended with {status}")));
            }
            thread::sleep(PAUSE);
        }
        Err(node.start_error("does not join in time"))
    }

    /// Whether it has joined and has all data.
    fn is_ready(&self) -> bool {
        let Ok(client) = program::find_program("mariadb") else { return false };
        let asked = Command::new(client)
            .args(["--no-defaults", "--batch", "--user=root", "--skip-column-names"])
            .arg(format!("--socket={}", socket_path(&self.location).display()))
            .arg("--execute=SHOW STATUS LIKE 'wsrep_ready'")
            .output();
        asked.is_ok_and(|it| it.stdout.trim_ascii().ends_with(b"ON"))
    }

    fn start_error(&self, how: &str) -> io::Error {
        io::Error::other(format!("a node {how}; its log ends with:\n{}", self.process.log_tail()))
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

/// Whether this process is root, by a folder that it has made.
fn runs_as_root(own: &Path) -> io::Result<bool> {
    Ok(fs::metadata(own)?.uid() == 0)
}
