//! What SQLite keeps in its folder, and makes there on the first start.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{Place, Server};

#[test]
fn the_database_is_a_file_of_the_folder() {
    let place = Place::new();
    assert!(place.command(&[]).arg("migrate").output().unwrap().status.success());
    assert!(place.folder().join("idem.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_secrets_that_only_their_owner_can_read() {
    let server = Server::with(&[]);
    let customer = server.customer().await;
    customer.get("/v1/me").await.ok(200);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut secrets = 0;
    for file in std::fs::read_dir(server.place().folder()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains("secret") {
            secrets += 1;
            assert_eq!(mode(&path), 0o600, "{name}");
            let secret = std::fs::read_to_string(&path).unwrap();
            assert!(secret.trim().len() >= 32, "{name}");
            assert!(!server.log().contains(secret.trim()), "{name} is in the log");
        }
    }
    assert!(secrets >= 1);
}
