//! What servers stand on.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::SECRET;
use crate::stack::Stack;

/// Settings of every test's server: fast passwords, failures of some tests that lock out no others, and a deadline that no
/// machine with other work reaches.
const SETTINGS: &[(&str, &str)] = &[
    ("IDEM_HTTP_ADDR", "127.0.0.1:0"),
    ("IDEM_SANDBOX_SECRET", SECRET),
    ("IDEM_BCRYPT_COST", "4"),
    ("IDEM_LOGIN_FAILURES_PER_ADDRESS", "100000"),
    ("IDEM_WORKERS", "2"),
    ("IDEM_REQUEST_DEADLINE", "60s"),
];

/// With these the gateway's own notice comes after the end of the test.
pub(crate) const QUIET: &[(&str, &str)] = &[("IDEM_SANDBOX_PENDING_DELAY", "10m")];

/// How far a server's clock is from the machine's.
pub(crate) const CLOCK_OFFSET: &str = "IDEM_CLOCK_OFFSET";
/// What the clocks of second servers are off by. Each test has one of them, always the same, so that its failure can be
/// seen again; all of them have all.
const SKEWS: [&str; 3] = ["+50ms", "-50ms", "-8s"];
/// In the environment of the tests: what all second servers are off by.
const SKEW: &str = "TEST_CLOCK_OFFSET";

/// Is notified of processes that run (`+ id`) and that have ended (`- id`). When the test's own process ends in any way, it
/// kills those that run and removes the folder.
const GUARDIAN: &str = r#"
running=
while read -r what id; do
    case $what in
        +) running="$running $id" ;;
        -) others=; for it in $running; do [ "$it" = "$id" ] || others="$others $it"; done; running=$others ;;
    esac
done
[ -z "$running" ] || kill -9 $running
rm -rf "$1"
"#;

/// A setting that is none of the binary's: what a shell does before the binary takes its place.
const PRELUDE: &str = "TEST_PRELUDE";

/// The command, run in the place of a shell that does what those words say.
fn behind(words: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{words}; exec \"$0\" \"$@\"")]).arg(command.get_program());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.args(command.get_args()).current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null());
    shell
}

/// A folder and a stack, for one server or several.
pub(crate) struct Place {
    folder: PathBuf,
    /// What is beside the folder.
    pub(crate) stack: Stack,
    guardian: Mutex<Child>,
    /// How many servers have been started here.
    servers: AtomicUsize,
}

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self::with(Stack::start())
    }

    /// One with a stack that is not the usual one.
    pub(crate) fn with(stack: Stack) -> Self {
        let folder = tempfile::Builder::new().prefix("idem-").tempdir().unwrap().keep();
        let mut guardian = Command::new("sh");
        guardian.args(["-c", GUARDIAN, "guardian"]).arg(&folder).stdin(Stdio::piped());
        // Out of reach of a Ctrl-C, which ends us, and then it has its work to do.
        guardian.process_group(0);
        // It lives a moment longer than we do, and nothing waits for its output.
        guardian.stdout(Stdio::null()).stderr(Stdio::null());
        let guardian = Mutex::new(guardian.spawn().unwrap());
        Self { folder, stack, guardian, servers: AtomicUsize::new(0) }
    }

    /// What the clock of the next server here is off by; the first one's is right.
    pub(super) fn skew(&self) -> Option<String> {
        let others = self.servers.fetch_add(1, Ordering::Relaxed);
        let mut hasher = DefaultHasher::new();
        // Its name is the test's.
        std::thread::current().name().hash(&mut hasher);
        let one = SKEWS.iter().cycle().nth(usize::from(hasher.finish().to_be_bytes()[0]));
        let skew = std::env::var(SKEW).ok().or_else(|| one.map(|it| (*it).to_owned()));
        skew.filter(|_| others > 0)
    }

    /// The binary with nothing set but what finds the stack, and what is given.
    pub(crate) fn command(&self, settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("IDEM_") {
                command.env_remove(name);
            }
        }
        command.current_dir(&self.folder).envs(self.stack.settings(&self.folder));
        command.envs(SETTINGS.iter().copied()).envs(settings.iter().copied()).stdin(Stdio::null());
        let words = settings.iter().find(|(name, _)| *name == PRELUDE);
        words.map(|(_, words)| behind(words, &command)).unwrap_or(command)
    }

    /// Where files of the binary are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// All folders in which anything is kept.
    pub(crate) fn data(&self) -> Vec<PathBuf> {
        let mut data = self.stack.data();
        data.push(self.folder.clone());
        data
    }

    /// From now on this process ends with the test's.
    pub(crate) fn watch(&self, process: u32) {
        self.tell(&format!("+ {process}\n"));
    }

    /// This process has ended: its number may be given to another one soon.
    pub(crate) fn forget(&self, process: u32) {
        self.tell(&format!("- {process}\n"));
    }

    fn tell(&self, what: &str) {
        let mut guardian = self.guardian.lock().unwrap();
        guardian.stdin.as_mut().unwrap().write_all(what.as_bytes()).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(guardian) = self.guardian.get_mut() {
            drop(guardian.stdin.take());
            let _ = guardian.wait();
        }
    }
}
