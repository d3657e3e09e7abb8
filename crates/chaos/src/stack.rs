//! Everything that runs: three servers, a proxy before each, and two instances of the service.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use tempfile::TempDir;
use test_servers::{MariaDb, Memcached, Redis, Server, ServerKind};

use crate::{
    ChaosError, Plan,
    fault::{Blow, Fault, Victim},
    instance::Instance,
    proxy::{LinkMode, Proxy},
    rows::{Rows, STATEMENTS},
    signature::SECRET,
};

const DATABASE: &str = "idem";
/// The largest limit that a setting takes: all load comes from a few customers.
const UNLIMITED: &str = "4294967295";
/// Settings of both instances.
const SETTINGS: &[(&str, &str)] = &[
    ("IDEM_JWT_SECRET", "for-chaos-only-and-never-for-a-service"),
    ("IDEM_SANDBOX_SECRET", SECRET),
    ("IDEM_SANDBOX_PENDING_DELAY", "1s"),
    ("IDEM_BCRYPT_COST", "4"),
    ("IDEM_WORKERS", "2"),
    ("IDEM_ATTEMPTS_PER_ADDRESS", UNLIMITED),
    ("IDEM_OPEN_ORDERS_PER_USER", UNLIMITED),
    ("IDEM_OPEN_PIECES_PER_USER", UNLIMITED),
    ("IDEM_ORDERS_PER_MINUTE", UNLIMITED),
    ("IDEM_LOGIN_FAILURES_PER_ADDRESS", UNLIMITED),
    ("IDEM_ORDER_TTL", "10d"),
    ("IDEM_ACCESS_TOKEN_TTL", "10d"),
    ("IDEM_WEBHOOK_ALLOW", "127.0.0.1"),
];
/// By how much the clock of the second instance differs, as a setting and as a time; the seed chooses.
const CLOCK_OFFSETS: [(&str, Duration); 3] = [
    ("+50ms", Duration::from_millis(50)),
    ("-50ms", Duration::from_millis(50)),
    ("-8s", Duration::from_secs(8)),
];
/// How long a server may take to obey a command that empties it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);

/// The servers, their proxies and the instances.
#[derive(Debug)]
pub(crate) struct Stack {
    // Dropped in this order: the instances before their servers, and the folder last.
    instances: [Instance; 2],
    /// By how much their clocks differ.
    pub(crate) clock_skew: Duration,
    links: [Proxy; 3],
    mariadb: MariaDb,
    redis: Redis,
    memcached: Memcached,
    _folder: TempDir,
}

impl Stack {
    /// Starts everything, and waits until both instances are ready.
    pub(crate) async fn start(plan: &Plan, http: &reqwest::Client) -> Result<Self, ChaosError> {
        let (mariadb, redis, memcached) = (MariaDb::start()?, Redis::start()?, Memcached::start()?);
        mariadb.create_database(DATABASE)?;
        let links = [
            Proxy::start(mariadb.port()).await?,
            Proxy::start(redis.port()).await?,
            Proxy::start(memcached.port()).await?,
        ];
        let folder = tempfile::Builder::new().prefix("idem-chaos-").tempdir()?;
        let [database, locks, cache] = &links;
        let urls = [
            ("IDEM_DATABASE_URL", format!("mysql://root@127.0.0.1:{}/{DATABASE}", database.port())),
            ("IDEM_REDIS_URL", format!("redis://127.0.0.1:{}/0", locks.port())),
            ("IDEM_MEMCACHED_URL", format!("memcache://127.0.0.1:{}", cache.port())),
        ];
        let settings: Vec<(String, String)> = SETTINGS
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .chain(urls.map(|(name, value)| (name.to_owned(), value)))
            .collect();
        let choice = usize::try_from(plan.seed.checked_rem(3).unwrap_or(0))?;
        let [first, ..] = CLOCK_OFFSETS;
        let (offset, clock_skew) = CLOCK_OFFSETS.get(choice).copied().unwrap_or(first);
        let skewed = [settings.clone(), vec![("IDEM_CLOCK_OFFSET".to_owned(), offset.to_owned())]].concat();
        let first = Instance::start(&plan.program, folder.path().join("first"), settings)?;
        // One after the other: the first one makes the schema.
        first.wait_until_ready(http).await?;
        let second = Instance::start(&plan.program, folder.path().join("second"), skewed)?;
        second.wait_until_ready(http).await?;
        Ok(Self { instances: [first, second], clock_skew, links, mariadb, redis, memcached, _folder: folder })
    }

    /// The ports of the instances, which stay the same over restarts.
    pub(crate) fn ports(&self) -> [u16; 2] {
        let [first, second] = &self.instances;
        [first.port(), second.port()]
    }

    /// Waits until both instances are ready and miss none of their servers.
    pub(crate) async fn wait_until_ready(&self, http: &reqwest::Client) -> Result<(), ChaosError> {
        for instance in &self.instances {
            instance.wait_until_ready(http).await?;
        }
        Ok(())
    }

    /// Runs a command of the service on the record.
    pub(crate) fn run_command(
        &self,
        arguments: &[&str],
        more: &[(&str, &str)],
    ) -> std::io::Result<(bool, String)> {
        let [first, _] = &self.instances;
        first.run(arguments, more)
    }

    /// Reads what a judgement needs, past the service.
    pub(crate) fn read_rows(&self) -> Result<Rows, ChaosError> {
        let mut printed = String::new();
        for statement in STATEMENTS {
            printed.push_str(&self.mariadb.query_sql(&format!("USE {DATABASE}; {statement}"))?);
        }
        Rows::parse(&printed)
    }

    /// Changes the record behind the service's back, without the checks of its schema.
    pub(crate) fn corrupt(&self, sql: &str) -> std::io::Result<()> {
        let unchecked = "SET check_constraint_checks = 0; SET foreign_key_checks = 0";
        self.mariadb.execute_sql(&format!("USE {DATABASE}; {unchecked}; {sql}"))
    }

    /// A fault begins.
    pub(crate) fn strike(&mut self, fault: Fault) -> Result<(), ChaosError> {
        let [database, locks, cache] = &self.links;
        let [first, second] = &mut self.instances;
        match fault.victim {
            Victim::Database => strike_server(&mut self.mariadb, database, fault.blow),
            Victim::Redis if fault.blow == Blow::Empty => {
                send_command(self.redis.port(), "FLUSHALL\r\n", "+OK\r\n")
            }
            Victim::Redis => strike_server(&mut self.redis, locks, fault.blow),
            Victim::Memcached if fault.blow == Blow::Empty => {
                send_command(self.memcached.port(), "flush_all\r\n", "OK\r\n")
            }
            Victim::Memcached => strike_server(&mut self.memcached, cache, fault.blow),
            Victim::First => strike_instance(first, fault.blow),
            Victim::Second => strike_instance(second, fault.blow),
        }
    }

    /// The fault ends: whatever was away is back.
    pub(crate) fn heal(&mut self, fault: Fault) -> Result<(), ChaosError> {
        let [database, locks, cache] = &self.links;
        let [first, second] = &mut self.instances;
        match fault.victim {
            Victim::Database => heal_server(&mut self.mariadb, database, fault.blow),
            Victim::Redis => heal_server(&mut self.redis, locks, fault.blow),
            Victim::Memcached => heal_server(&mut self.memcached, cache, fault.blow),
            Victim::First => heal_instance(first, fault.blow),
            Victim::Second => heal_instance(second, fault.blow),
        }
    }
}

fn strike_server<K: ServerKind>(server: &mut Server<K>, link: &Proxy, blow: Blow) -> Result<(), ChaosError> {
    match blow {
        Blow::Kill => server.kill()?,
        Blow::Hang => server.pause()?,
        Blow::Cut => link.set_mode(LinkMode::Cut),
        Blow::Delay => link.set_mode(LinkMode::Slow),
        Blow::HalfClose => link.set_mode(LinkMode::HalfClosed),
        Blow::Empty => return Err("this server cannot be emptied".into()),
    }
    Ok(())
}

fn heal_server<K: ServerKind>(server: &mut Server<K>, link: &Proxy, blow: Blow) -> Result<(), ChaosError> {
    match blow {
        Blow::Kill => server.restart()?,
        Blow::Hang => server.resume()?,
        Blow::Cut | Blow::Delay | Blow::HalfClose => link.set_mode(LinkMode::Open),
        Blow::Empty => {}
    }
    Ok(())
}

fn strike_instance(instance: &mut Instance, blow: Blow) -> Result<(), ChaosError> {
    match blow {
        Blow::Kill => instance.kill(),
        Blow::Hang => instance.pause()?,
        Blow::Empty | Blow::Cut | Blow::Delay | Blow::HalfClose => {
            return Err("this does not happen to an instance".into());
        }
    }
    Ok(())
}

fn heal_instance(instance: &mut Instance, blow: Blow) -> Result<(), ChaosError> {
    match blow {
        Blow::Kill => instance.restart()?,
        Blow::Hang => instance.resume()?,
        Blow::Empty | Blow::Cut | Blow::Delay | Blow::HalfClose => {}
    }
    Ok(())
}

/// Sends a server a line of its own protocol, and waits for the answer that means success.
fn send_command(port: u16, command: &str, expected: &str) -> Result<(), ChaosError> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(COMMAND_TIMEOUT))?;
    stream.write_all(command.as_bytes())?;
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer)?;
    if answer == expected.as_bytes() { Ok(()) } else { Err("a server was not emptied".into()) }
}
