//! `idem.service`.

use std::{path::Path, time::Duration};

use api::{config::Config, serve::SHUTDOWN_TIMEOUT};

use super::{assignments, directive, read};

#[test]
fn it_starts_with_what_it_is_given() {
    let unit = read("deploy/idem.service");
    let set = unit.lines().filter_map(|it| it.strip_prefix("Environment="));
    let config = Config::from_sources(None, set.flat_map(assignments)).unwrap();
    assert!(config.http_addr.ip().is_loopback(), "a proxy stands before it");
    let folder = Path::new("/var/lib").join(directive(&unit, "StateDirectory="));
    assert_eq!(config.data_folder(), Some(folder.as_path()), "the only place where it may write");
    assert_eq!(Path::new(directive(&unit, "WorkingDirectory=")), folder);
}

#[test]
fn it_has_time_to_end_and_few_rights() {
    let unit = read("deploy/idem.service");
    let stop = Duration::from_secs(directive(&unit, "TimeoutStopSec=").parse().unwrap());
    assert!(stop > SHUTDOWN_TIMEOUT);
    for (right, value) in [
        ("DynamicUser=", "yes"),
        ("NoNewPrivileges=", "yes"),
        ("CapabilityBoundingSet=", ""),
        ("ProtectSystem=", "strict"),
        ("MemoryDenyWriteExecute=", "yes"),
        ("Restart=", "on-failure"),
    ] {
        assert_eq!(directive(&unit, right), value, "{right}");
    }
}
