//! Servers that belong together find each other.

use test_servers::{RedisCluster, RedisSentinel};

#[test]
fn a_cluster_serves_all_slots_and_each_master_has_a_replica() {
    let cluster = RedisCluster::start().unwrap();
    assert!(cluster.ask(5, "CLUSTER INFO").unwrap().contains("cluster_slots_ok:16384"));
    let role = |index| cluster.ask(index, "INFO replication").unwrap();
    assert!((0..3).all(|it| role(it).contains("role:master")));
    assert!((3..6).all(|it| role(it).contains("role:slave")));
    assert_eq!(cluster.url().split(',').count(), 6);
}

#[test]
fn sentinels_name_the_master() {
    let servers = RedisSentinel::start().unwrap();
    let port = servers.master_port().unwrap();
    assert!(servers.server_url(0).unwrap().ends_with(&format!(":{port}")));
    servers.wait_whole().unwrap();
}
