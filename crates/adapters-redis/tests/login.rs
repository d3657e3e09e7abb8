//! TLS, and users with rights of their own.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod certificate;

use std::time::Duration;

use adapters_redis::{InvalidUrl, Redis, RedisAddress, RedisLocks};
use certificate::Certificate;
use ports::{HealthCheck, LockManager};
use test_servers::{Redis as Server, RedisTls};

/// More than on a machine with other work, so that what is tested is the answer and not its time.
const TIMEOUT: Duration = Duration::from_secs(10);

fn redis(url: &str, authorities: Option<&[u8]>) -> Redis {
    Redis::from_address(RedisAddress::parse(url, authorities).unwrap(), TIMEOUT)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_of_a_trusted_authority_is_used() {
    let own = Certificate::generate("localhost");
    let server = RedisTls::start(&own.file(), &own.key_file()).unwrap();
    let trusting = redis(&server.url("localhost"), Some(&own.authority));
    trusting.check_health().await.unwrap();
    let held = RedisLocks::new(trusting).acquire_lock("name", TIMEOUT, Duration::ZERO).await.unwrap();
    assert!(held.is_some());
    let other = Certificate::generate("localhost");
    for distrusting in [
        redis(&server.url("localhost"), Some(&other.authority)),
        redis(&server.url("localhost"), None),
        redis(&server.url("127.0.0.1"), Some(&own.authority)),
    ] {
        assert!(distrusting.check_health().await.is_err());
    }
}

#[test]
fn authorities_are_refused_where_they_are_of_no_use() {
    let pem = Certificate::generate("localhost").authority;
    assert!(RedisAddress::parse("rediss+sentinel://a,b/shop", Some(&pem)).is_ok());
    assert!(RedisAddress::parse("rediss+cluster://a,b", Some(&pem)).is_ok());
    let plain = RedisAddress::parse("redis+cluster://a,b", Some(&pem));
    assert_eq!(plain.unwrap_err(), InvalidUrl::Certificates);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_no_more_rights_than_those_for_its_own_keys() {
    let server = Server::start().unwrap();
    let ask = |command: &[&str]| {
        let mut connection = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
        let (name, arguments) = command.split_first().unwrap();
        redis::cmd(name).arg(arguments).query::<redis::Value>(&mut connection).unwrap();
    };
    let rights =
        "+get +set +del +eval +publish +subscribe +ping +getrange +incr +incrby +pttl +pexpire +time";
    let user = ["ACL", "SETUSER", "idem", "on", ">s@cret", "~idem:*", "&idem:*", "-@all"];
    ask(&user.into_iter().chain(rights.split(' ')).collect::<Vec<_>>());
    let place = format!("127.0.0.1:{}/0", server.port());
    let redis = self::redis(&format!("redis://idem:s%40cret@{place}"), None);
    redis.check_health().await.unwrap();
    assert!(RedisLocks::new(redis).acquire_lock("name", TIMEOUT, Duration::ZERO).await.unwrap().is_some());
    assert!(self::redis(&format!("redis://idem:wrong@{place}"), None).check_health().await.is_err());
}
