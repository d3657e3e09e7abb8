//! A process that cannot outlive this one.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// Becomes the program `$@`, watched by a shell that holds the other end of our pipe. When the pipe ends without a word
/// we are dead, of whatever cause: then the shell kills the program and removes its folder, `$0`. A word means that the
/// program is gone already, and its number perhaps somebody else's.
///
/// When we die while the program is stopped, the system hangs up on both of them: it must not take the shell away.
const WATCHED_SHELL: &str = r#"
trap '' HUP
exec 3<&0
{ read -r gone <&3 || { kill -KILL $$; rm -rf "$0"; }; } &
exec "$@" 3<&- </dev/null
"#;
/// How much of a log an error tells, in lines.
const LOG_LINES_MAX: usize = 20;

/// A running program and its log.
#[derive(Debug)]
pub(crate) struct Process {
    /// Its standard input is the pipe to the shell that watches.
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Runs a program in a folder of its own, where its log is also kept. It is out of reach of a Ctrl-C, which ends
    /// only us, and it with us.
    pub(crate) fn start(program: &Path, arguments: &[String], folder: &Path) -> io::Result<Self> {
        let log = folder.join("log");
        let out = File::options().create(true).append(true).open(&log)?;
        let child = Command::new("/bin/sh")
            .args(["-c", WATCHED_SHELL])
            .arg(folder)
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()?;
        Ok(Self { child, log })
    }

    /// Its number; the shell that began it has become the program.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends a signal by its name.
    pub(crate) fn send_signal(&self, name: &str) -> io::Result<()> {
        let told = Command::new("kill").args(["-s", name, &self.id().to_string()]).status()?;
        if told.success() { Ok(()) } else { Err(io::Error::other("there is no such process")) }
    }

    /// The end of its log.
    pub(crate) fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let skipped = log.lines().count().saturating_sub(LOG_LINES_MAX);
        log.lines().skip(skipped).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    /// At once, and without a chance to tidy up.
    fn drop(&mut self) {
        // Waiting would close it before.
        let lifeline = self.child.stdin.take();
        // Either fails for what has ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(mut lifeline) = lifeline {
            let _ = lifeline.write_all(b"gone\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    fn start(script: &str, folder: &Path) -> Process {
        Process::start(Path::new("/bin/sh"), &["-c".into(), script.into()], folder).unwrap()
    }

    /// Whether the process is there, also as one that nobody has asked for its end.
    fn exists(id: u32) -> bool {
        let mut asked = Command::new("kill");
        asked.args(["-0", &id.to_string()]).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Looks again and again for some seconds.
    fn soon(condition: impl Fn() -> bool) -> bool {
        (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            condition()
        })
    }

    #[test]
    fn a_dropped_process_is_gone_and_its_folder_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let process = start("exec sleep 1000", folder.path());
        let id = process.id();
        assert!(exists(id));
        drop(process);
        assert!(!exists(id));
        thread::sleep(Duration::from_millis(100));
        assert!(folder.path().exists());
    }

    #[test]
    fn a_process_whose_starter_dies_is_killed_and_its_folder_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start("exec sleep 1000", folder.path());
        assert!(process.log.exists());
        // What the system does to the pipes of a process that dies.
        drop(process.child.stdin.take());
        assert!(!process.child.wait().unwrap().success());
        assert!(soon(|| !folder.path().exists()));
    }

    #[test]
    fn who_watches_is_not_shaken_off_when_the_system_hangs_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start("echo begun; exec sleep 1000", folder.path());
        assert!(soon(|| process.log_tail() == "begun"));
        let group = format!("-{}", process.id());
        assert!(Command::new("kill").args(["-s", "HUP", "--", &group]).status().unwrap().success());
        assert!(exists(process.id()));
        drop(process.child.stdin.take());
        assert!(!process.child.wait().unwrap().success());
        assert!(soon(|| !folder.path().exists()));
    }

    #[test]
    fn a_process_tells_how_it_ended_and_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start("echo a word; exit 3", folder.path());
        let code = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break status.code();
            }
            thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(code, Some(3));
        assert_eq!(process.log_tail(), "a word");
    }
}
