//! A child process that cannot outlive this process.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
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
/// The time between two looks at a program that is to stop.
const PAUSE: Duration = Duration::from_millis(1);
/// Most looks.
const PROBES_MAX: u32 = 10_000;

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

    /// Stops the program until [`resume`](Self::resume): it accepts connections and answers nothing. Returns when all its
    /// threads have stopped.
    ///
    /// # Errors
    /// When the process has ended, or does not stop in time.
    pub fn pause(&self) -> io::Result<()> {
        self.send_signal("STOP")?;
        // A thread that is running on another processor may still answer a request after the signal is sent.
        for _ in 0..PROBES_MAX {
            if self.has_stopped()? {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Continues a paused program.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn resume(&self) -> io::Result<()> {
        self.send_signal("CONT")
    }

    fn send_signal(&self, name: &str) -> io::Result<()> {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("there is no such process")) }
    }

    /// Whether each thread of the program is stopped by a signal.
    fn has_stopped(&self) -> io::Result<bool> {
        for thread in fs::read_dir(format!("/proc/{}/task", self.id()))? {
            // A thread that has ended meanwhile has no state.
            let state = fs::read_to_string(thread?.path().join("stat")).unwrap_or_default();
            // The name before the state is in parentheses, and may contain some.
            if state.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('T')) {
                return Ok(false);
            }
        }
        Ok(true)
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
    use super::*;

    fn start(script: &str, folder: &Path) -> Process {
        Process::start(Path::new("/bin/sh"), &["-c".into(), script.into()], folder).unwrap()
    }

    /// Whether the process is there, also after its end until it is waited for.
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
    fn the_watching_shell_survives_a_hang_up() {
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
    fn no_thread_of_a_paused_program_runs() {
        let folder = tempfile::tempdir().unwrap();
        // One that computes all the time has the longest way to its stop.
        let process = start("while :; do :; done", folder.path());
        assert!(!process.has_stopped().unwrap());
        for _ in 0..100 {
            process.pause().unwrap();
            assert!(process.has_stopped().unwrap());
            process.resume().unwrap();
        }
        assert!(soon(|| !process.has_stopped().unwrap()));
    }

    #[test]
    fn a_process_has_its_exit_status_and_its_output() {
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
