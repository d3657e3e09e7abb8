//! A mail server in this process: it keeps what it is given, and fails as it is asked to.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// How long a connection without a word lasts.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// A mail as it was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// The address of the envelope's recipient.
    pub to: String,
    /// Headers and text, with `\n` at the end of each line.
    pub content: String,
}

/// What the server does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpMode {
    /// Takes it.
    Accept,
    /// Refuses the recipient for good: 550.
    Refuse,
    /// Refuses the recipient for now: 450.
    Defer,
    /// Takes no mail for now, and says so to the recipient: 421.
    Close,
    /// Refuses the name and password of the client: 535.
    RefuseLogin,
    /// Takes it and hangs up before it says so.
    LoseAnswer,
    /// Accepts connections and says nothing.
    Hang,
}

struct State {
    mode: Mutex<SmtpMode>,
    mails: Mutex<Vec<ReceivedMail>>,
    connections: AtomicUsize,
    is_stopping: AtomicBool,
}

/// A mail server on a free port of the loopback. It ends when its value is dropped.
pub struct SmtpServer {
    address: SocketAddr,
    state: Arc<State>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SmtpServer {
    /// Starts a server that takes every mail.
    ///
    /// # Errors
    /// [`io::Error`] when there is no free port.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            mode: Mutex::new(SmtpMode::Accept),
            mails: Mutex::default(),
            connections: AtomicUsize::new(0),
            is_stopping: AtomicBool::new(false),
        });
        let kept = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if kept.is_stopping.load(Ordering::SeqCst) {
                    break;
                }
                kept.connections.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(&kept);
                // The end of a connection is no failure of the server.
                thread::spawn(move || drop(serve(&stream, &state)));
            }
        });
        Ok(Self { address, state })
    }

    /// The URL for clients: `smtp://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What it does with mails from now on.
    pub fn set_mode(&self, mode: SmtpMode) {
        *lock(&self.state.mode) = mode;
    }

    /// The mails that it took, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<ReceivedMail> {
        lock(&self.state.mails).clone()
    }

    /// The number of connections so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.state.is_stopping.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection; without it the thread ends with the process.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: &TcpStream, state: &State) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE_TIMEOUT))?;
    let mut lines = BufReader::new(stream).lines();
    if *lock(&state.mode) == SmtpMode::Hang {
        // Until the client gives up.
        return lines.next().map_or(Ok(()), |it| it.map(drop));
    }
    let say = |text: &str| (&*stream).write_all(format!("{text}\r\n").as_bytes());
    say("220 test ESMTP")?;
    let mut to = String::new();
    while let Some(line) = lines.next().transpose()? {
        let command = line.to_uppercase();
        if let Some(path) = command.strip_prefix("RCPT TO:") {
            match *lock(&state.mode) {
                SmtpMode::Refuse => say("550 5.1.1 no such mailbox")?,
                SmtpMode::Defer => say("450 4.2.1 mailbox busy")?,
                SmtpMode::Close => return say("421 4.3.2 closing"),
                SmtpMode::Accept | SmtpMode::RefuseLogin | SmtpMode::LoseAnswer | SmtpMode::Hang => {
                    let start = line.len() - path.len();
                    to = line.get(start..).unwrap_or_default().trim_matches(['<', '>', ' ']).to_owned();
                    say("250 ok")?;
                }
            }
        } else if command == "DATA" {
            say("354 go on")?;
            let mut content = String::new();
            for line in lines.by_ref() {
                let line = line?;
                if line == "." {
                    break;
                }
                content.push_str(line.strip_prefix('.').unwrap_or(&line));
                content.push('\n');
            }
            lock(&state.mails).push(ReceivedMail { to: to.clone(), content });
            if *lock(&state.mode) == SmtpMode::LoseAnswer {
                return Ok(());
            }
            say("250 ok")?;
        } else if command.starts_with("EHLO") && *lock(&state.mode) == SmtpMode::RefuseLogin {
            say("250-test\r\n250 AUTH PLAIN")?;
        } else if command.starts_with("AUTH") {
            say("535 5.7.8 wrong password")?;
        } else if command == "QUIT" {
            return say("221 bye");
        } else {
            // EHLO, MAIL, RSET, NOOP: all are fine, and there is no extension.
            say("250 ok")?;
        }
    }
    Ok(())
}
