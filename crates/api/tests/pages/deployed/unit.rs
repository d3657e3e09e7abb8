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
fn systemd_accepts_it() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("idem.service");
    // Another program, because this one is not installed where the tests run.
    let unit = read("deploy/idem.service").replace("ExecStart=idem serve", "ExecStart=/bin/true serve");
    assert!(unit.contains("/bin/true"));
    std::fs::write(&copy, unit).unwrap();
    let mut command = std::process::Command::new("systemd-analyze");
    match command.args(["verify", "--man=no"]).arg(&copy).output() {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            // It also loads what the unit depends on, and complains of what this machine lacks.
            let about_it: Vec<_> = told.lines().filter(|it| it.contains("idem.service")).collect();
            assert!(about_it.is_empty(), "{told}");
        }
        Err(_) => println!("SKIPPED: there is no systemd-analyze (Debian: systemd)"),
    }
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
        ("LimitNOFILE=", "65536"),
    ] {
        assert_eq!(directive(&unit, right), value, "{right}");
    }
}
