//! `idem.service`.

use std::{path::Path, time::Duration};

use super::{find_directive, parse_assignments, read_file};
use crate::{config::Config, serve::SHUTDOWN_TIMEOUT};

#[test]
fn it_starts_with_what_it_is_given() {
    let unit = read_file("deploy/idem.service");
    let set = unit.lines().filter_map(|it| it.strip_prefix("Environment="));
    let config = Config::from_sources(None, set.flat_map(parse_assignments)).unwrap();
    assert!(config.http_addr.ip().is_loopback(), "a proxy stands before it");
    let folder = Path::new("/var/lib").join(find_directive(&unit, "StateDirectory="));
    assert_eq!(config.data_folder(), Some(folder.as_path()), "the only place where it may write");
    assert_eq!(Path::new(find_directive(&unit, "WorkingDirectory=")), folder);
}

#[test]
fn it_has_time_to_end_and_few_rights() {
    let unit = read_file("deploy/idem.service");
    let stop = Duration::from_secs(find_directive(&unit, "TimeoutStopSec=").parse().unwrap());
    assert!(stop > SHUTDOWN_TIMEOUT);
    for (right, value) in [
        ("DynamicUser=", "yes"),
        ("NoNewPrivileges=", "yes"),
        ("CapabilityBoundingSet=", ""),
        ("ProtectSystem=", "strict"),
        ("MemoryDenyWriteExecute=", "yes"),
        ("Restart=", "on-failure"),
    ] {
        assert_eq!(find_directive(&unit, right), value, "{right}");
    }
}
