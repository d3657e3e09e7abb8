//! A child process that cannot outlive this process.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// The script of a shell that becomes the program `$@`. A background shell holds the other end of a pipe
/// from this process. When the pipe is closed without a line, this process has died, however that happened:
/// then it kills the program and removes its folder, `$0`. A line means that the program has ended already,
/// and its id may be another process's.
///
/// If this process dies while the program is stopped, the system sends both shells a hang-up, which the
/// trap ignores.
const WATCHED_SHELL: &str = r#"
trap '' HUP
exec 3<&0
{ read -r gone <&3 || { kill -KILL $$; rm -rf "$0"; }; } &
exec "$@" 3<&- </dev/null
"#;
/// Most lines of a log that an error shows.
const LOG_LINES_MAX: usize = 20;

/// A running program and the path of its log.
#[derive(Debug)]
pub struct Process {
    /// Its standard input is the pipe to the shell that watches this process.
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program in a folder, where its log is written too. It has a process group, so that a Ctrl-C
    /// reaches only this process, and the program ends with it.
    ///
    /// # Errors
    /// When the shell cannot be started, or the log cannot be opened. A program that does not exist ends at once.
    pub fn start(program: &Path, arguments: &[String], folder: &Path) -> io::Result<Self> {
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

    /// The id of the program's process, which is the shell's: `exec` keeps it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if the program has ended.
    ///
    /// # Errors
    /// That of the system.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends the program a signal by its name, such as `STOP`.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn send_signal(&self, name: &str) -> io::Result<()> {
        let told = Command::new("kill").args(["-s", name, &self.id().to_string()]).status()?;
        if told.success() { Ok(()) } else { Err(io::Error::other("there is no such process")) }
    }

    /// The last lines of the program's log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let skipped = log.lines().count().saturating_sub(LOG_LINES_MAX);
        log.lines().skip(skipped).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    /// Kills the program at once, without a chance to clean up.
    fn drop(&mut self) {
        // Taken first, because `wait` would close the pipe, and a closed pipe without a line makes the
        // watching shell remove the folder.
        let lifeline = self.child.stdin.take();
        // The results may be dropped: both calls fail only if the program has ended already.
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
