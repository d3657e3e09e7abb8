//! Commands on a terminal, where a person types and reads.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::harness::{PASSWORD, PATIENCE, Person, Place, Server, unique};

/// How often the terminal is looked at, with a pause of 10 ms each: about a minute.
const LOOKS_MAX: usize = 6_000;

/// A command on a terminal of its own, and what it has shown so far.
struct Terminal {
    child: Child,
    screen: File,
    /// What the terminal shows, in pieces. It ends when no process has the terminal open any more.
    pieces: Receiver<String>,
    shown: String,
    /// How many bytes of `shown` lie before the end of the last text that was waited for.
    passed: usize,
}

impl Terminal {
    /// Runs the command with a new terminal as its controlling one.
    fn run(command: &Command) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let path = ptsname(&screen, Vec::new()).unwrap().into_string().unwrap();
        let keys = OpenOptions::new().read(true).write(true).open(path).unwrap();
        let mut leader = Command::new("setsid");
        leader.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args());
        leader.current_dir(command.get_current_dir().unwrap());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => leader.env(name, value),
                None => leader.env_remove(name),
            };
        }
        leader.stdin(keys.try_clone().unwrap()).stdout(keys.try_clone().unwrap()).stderr(Stdio::from(keys));
        let child = leader.spawn().unwrap();
        // It holds the terminal open as well, which then would never end.
        drop(leader);
        let screen = File::from(screen);
        let pieces = read_pieces(screen.try_clone().unwrap());
        Self { child, screen, pieces, shown: String::new(), passed: 0 }
    }

    /// Waits until that text is shown, below what was waited for before.
    fn wait_for(&mut self, text: &str) {
        loop {
            if let Some(at) = self.shown[self.passed..].find(text) {
                self.passed += at + text.len();
                return;
            }
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => self.shown.push_str(&piece),
                Err(_) => panic!("it did not show {text:?}: {}", self.shown),
            }
        }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.screen, "{line}").unwrap();
    }

    /// Types once the terminal shows nothing of it.
    fn type_unseen(&mut self, line: &str) {
        let is_silent = || !tcgetattr(&self.screen).unwrap().local_modes.contains(LocalModes::ECHO);
        let silent = (0..LOOKS_MAX).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            is_silent()
        });
        assert!(silent, "a password would be seen");
        self.type_line(line);
    }

    /// Whether it succeeded, and all that it has shown.
    fn end(mut self) -> (bool, String) {
        loop {
            match self.pieces.recv_timeout(PATIENCE) {
                Ok(piece) => self.shown.push_str(&piece),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {}", self.shown),
            }
        }
        (self.child.wait().unwrap().success(), self.shown.clone())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // After a test that failed; otherwise it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads on a thread, so that a command which shows nothing does not hold up its test forever.
fn read_pieces(mut screen: File) -> Receiver<String> {
    let (sender, pieces) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 1_024];
        // On Linux a terminal that no process has open any more is an error, and not an end.
        while let Ok(count @ 1..) = screen.read(&mut bytes) {
            if sender.send(String::from_utf8_lossy(&bytes[..count]).into_owned()).is_err() {
                return;
            }
        }
    });
    pieces
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_types_the_password_twice_and_sees_which_database_it_is_for() {
    let server = Server::with(&[]);
    let name = unique("typed");
    let email = format!("{name}@example.com");
    let mut command = server.place().command(&[]);
    command.args(["create-operator", "--username", &name, "--email", &email]);
    let (succeeded, shown) = tokio::task::spawn_blocking(move || {
        let mut terminal = Terminal::run(&command);
        terminal.wait_for("The account is made in ");
        terminal.wait_for("Password: ");
        terminal.type_unseen(PASSWORD);
        terminal.wait_for("again: ");
        terminal.type_unseen("mistyped password");
        terminal.wait_for("the two passwords differ; try again");
        for prompt in ["Password: ", "again: "] {
            terminal.wait_for(prompt);
            terminal.type_unseen(PASSWORD);
        }
        terminal.end()
    })
    .await
    .unwrap();
    assert!(succeeded && shown.contains(&format!("{name} is an operator in ")), "{shown}");
    assert!(!shown.contains(PASSWORD) && !shown.contains("mistyped"), "{shown}");
    let operator = Person { username: name, email }.login(&server.client()).await;
    assert_eq!(operator.get("/v1/me").await.ok(200)["role"], "OPERATOR");
}

/// On a server the database is always there; what is missing is a file.
#[test]
fn a_person_is_asked_before_a_database_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data").join("idem.db");
    let place = Place::new();
    let run = |answer: &str| {
        let mut command = place.command(&[("IDEM_DATABASE_URL", &format!("sqlite://{}", file.display()))]);
        command.args(["create-operator", "--username", "first", "--email", "first@example.com"]);
        let mut terminal = Terminal::run(&command);
        terminal.wait_for("Make a new one? [y/N]");
        terminal.type_line(answer);
        terminal
    };
    let (succeeded, shown) = run("").end();
    assert!(!succeeded && shown.contains("and none was made"), "{shown}");
    assert!(!file.parent().unwrap().exists(), "{shown}");
    let mut terminal = run("y");
    for prompt in ["Password: ", "again: "] {
        terminal.wait_for(prompt);
        terminal.type_unseen(PASSWORD);
    }
    let (succeeded, shown) = terminal.end();
    assert!(succeeded && file.exists() && shown.contains(file.to_str().unwrap()), "{shown}");
}

/// Runs a server on a terminal until Ctrl-C, and returns what it has shown.
fn log_of_server(settings: &[(&str, &str)]) -> String {
    let place = Place::new();
    let mut terminal = Terminal::run(&place.command(settings));
    place.watch(terminal.child.id());
    terminal.wait_for("Idem is listening on ");
    write!(terminal.screen, "\x03").unwrap();
    let id = terminal.child.id();
    let (succeeded, shown) = terminal.end();
    place.forget(id);
    assert!(succeeded && shown.contains("stopped"), "{shown}");
    shown
}

#[test]
fn the_log_is_for_people_on_a_terminal_and_for_programs_elsewhere() {
    let limits = |shown: &str| shown.lines().find(|it| it.contains("are limited")).unwrap().trim().to_owned();
    let coloured = limits(&log_of_server(&[("TERM", "xterm"), ("NO_COLOR", "")]));
    assert!(coloured.contains("\x1b[32m INFO\x1b[0m") && coloured.contains("connections"), "{coloured}");
    let plain = limits(&log_of_server(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
    assert!(!plain.contains('\x1b') && plain.contains("  INFO api::serve: client connections"), "{plain}");
    let json = limits(&log_of_server(&[("IDEM_LOG_FORMAT", "json")]));
    // The banner is written beside the log, so a line may begin with a piece of it.
    let json = &json[json.find('{').unwrap()..];
    let json = serde_json::Deserializer::from_str(json).into_iter::<serde_json::Value>().next();
    assert_eq!(json.unwrap().unwrap()["message"], "client connections are limited");
}
