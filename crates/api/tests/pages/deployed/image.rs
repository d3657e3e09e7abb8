//! `Dockerfile`.

use std::path::Path;

use api::config::Config;

use super::{ROOT, assignments, directive, read};

const DOCKERFILE: &str = "deploy/Dockerfile";

/// The number of the image's user.
pub(super) fn user() -> u64 {
    directive(&read(DOCKERFILE), "USER ").split(':').next().unwrap().parse().unwrap()
}

/// The port that the image says it listens on.
pub(super) fn port() -> u64 {
    directive(&read(DOCKERFILE), "EXPOSE ").parse().unwrap()
}

#[test]
fn it_listens_where_it_says() {
    let set = assignments(directive(&read(DOCKERFILE), "ENV "));
    let address = Config::from_sources(None, set).unwrap().http_addr;
    assert!(address.ip().is_unspecified() && u64::from(address.port()) == port());
}

#[test]
fn the_image_is_not_root_and_stops_by_the_signal_that_the_program_handles() {
    assert!(user() > 0);
    assert_eq!(directive(&read(DOCKERFILE), "STOPSIGNAL "), "SIGTERM");
}

#[test]
fn it_is_built_by_the_compiler_of_the_workspace_for_the_system_it_runs_on() {
    let (image, manifest) = (read(DOCKERFILE), read("Cargo.toml"));
    let compiler = directive(&manifest, "rust-version = ").trim_matches('"');
    assert_eq!(directive(&image, "ARG BUILD_IMAGE="), format!("rust:{compiler}-slim-bookworm"));
    assert_eq!(directive(&image, "ARG RUNTIME_IMAGE="), "debian:bookworm-slim");
    let stages: Vec<_> = image.lines().filter_map(|it| it.strip_prefix("FROM ")).collect();
    assert_eq!(stages, ["${BUILD_IMAGE} AS build", "${RUNTIME_IMAGE}"]);
    assert!(image.contains(" --locked "));
}

#[test]
fn its_labels_say_what_is_in_it() {
    let image = read(DOCKERFILE);
    let label = |name: &str| {
        let start = format!("org.opencontainers.image.{name}=\"");
        image.split(&start).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(label("licenses"), directive(&read("Cargo.toml"), "license = ").trim_matches('"'));
    assert_eq!(label("revision"), "${BUILD_COMMIT}");
    // A stage forgets the arguments of the one before it.
    let (_, last_stage) = image.rsplit_once("\nFROM ").unwrap();
    assert!(last_stage.contains("\nARG BUILD_COMMIT=\n"));
}

#[test]
fn what_the_build_reads_is_there_and_nothing_else() {
    let ignore = read("deploy/Dockerfile.dockerignore");
    let mut lines = ignore.lines().filter(|it| !it.starts_with('#'));
    assert_eq!(lines.next(), Some("*"), "what is not named stays out");
    let taken: Vec<_> = lines.map(|it| it.strip_prefix('!').unwrap()).collect();
    assert_eq!(taken, ["Cargo.toml", "Cargo.lock", "crates", "docs/problems", "migrations"]);
    assert!(taken.iter().all(|it| Path::new(ROOT).join(it).exists()));
}
