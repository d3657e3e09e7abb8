//! Every promise also holds where clients and servers speak TLS: on a cluster, and on the master that Sentinels name.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod certificate;
mod scoped;

use std::{sync::LazyLock, time::Duration};

use adapters_redis::{Redis, RedisAddress};
use certificate::Certificate;
use ports::HealthCheck;

/// The one of all servers here, which announce their address and not a name.
static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate("127.0.0.1"));
/// More than on a machine with other work, so that what is tested is the answer and not its time.
const TIMEOUT: Duration = Duration::from_secs(10);

fn redis(url: &str, authority: Option<&[u8]>) -> Redis {
    Redis::from_address(RedisAddress::parse(url, authority).unwrap(), TIMEOUT)
}

async fn assert_trusted_only_by_its_authority(url: &str) {
    assert!(url.starts_with("rediss+"), "{url}");
    redis(url, Some(&CERTIFICATE.authority)).check_health().await.unwrap();
    let other = Certificate::generate("127.0.0.1");
    assert!(redis(url, Some(&other.authority)).check_health().await.is_err());
    assert!(redis(url, None).check_health().await.is_err());
}

mod cluster {
    use std::sync::{Arc, LazyLock};

    use adapters_redis::Redis;
    use test_servers::RedisCluster;

    use crate::{CERTIFICATE, scoped};

    static SERVERS: LazyLock<RedisCluster> = LazyLock::new(|| {
        RedisCluster::start_encrypted(&CERTIFICATE.file(), &CERTIFICATE.key_file()).unwrap()
    });

    fn redis() -> Redis {
        crate::redis(&SERVERS.url(), Some(&CERTIFICATE.authority))
    }

    crate::every_contract!(redis);

    #[tokio::test(flavor = "multi_thread")]
    async fn a_cluster_is_trusted_only_by_its_authority() {
        crate::assert_trusted_only_by_its_authority(&SERVERS.url()).await;
    }
}

mod sentinel {
    use std::sync::{Arc, LazyLock};

    use adapters_redis::Redis;
    use test_servers::RedisSentinel;

    use crate::{CERTIFICATE, scoped};

    static SERVERS: LazyLock<RedisSentinel> = LazyLock::new(|| {
        RedisSentinel::start_encrypted(&CERTIFICATE.file(), &CERTIFICATE.key_file()).unwrap()
    });

    fn redis() -> Redis {
        crate::redis(&SERVERS.url(), Some(&CERTIFICATE.authority))
    }

    crate::every_contract!(redis);

    #[tokio::test(flavor = "multi_thread")]
    async fn sentinels_are_trusted_only_by_their_authority() {
        crate::assert_trusted_only_by_its_authority(&SERVERS.url()).await;
    }
}
