//! The commands of the one binary.

use std::{fs, io::Write, process::Stdio};

use serde_json::Value;

use crate::harness::{PASSWORD, Person, Place, SECRET, Server, unique};

/// What a command said, on either stream, and whether it succeeded.
fn said(command: &mut std::process::Command) -> (bool, String) {
    let output = command.output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(both).unwrap())
}

#[test]
fn an_unknown_or_malformed_key_stops_the_start_and_is_named() {
    let place = Place::new();
    for (key, value) in [
        ("IDEM_HTTP_ADRR", "127.0.0.1:0"),
        ("IDEM_ORDER_TTL", "soon"),
        ("IDEM_BCRYPT_COST", "99"),
        ("IDEM_JWT_SECRET", "too short"),
        ("IDEM_SANDBOX_SECRET", "whsec_nonsense!"),
        ("IDEM_DATABASE_URL", "postgres://localhost/idem"),
        ("IDEM_TRUSTED_PROXIES", "everybody"),
        ("IDEM_HTTP_ADDR", "localhost"),
    ] {
        let (succeeded, said) = said(&mut place.command(&[(key, value)]));
        let lower = key.strip_prefix("IDEM_").unwrap().to_lowercase();
        assert!(!succeeded && (said.contains(key) || said.contains(&lower)), "{key}: {said}");
        if key.ends_with("SECRET") {
            assert!(!said.contains(value), "a secret is repeated: {said}");
        }
    }
}

#[test]
fn an_unknown_key_in_the_file_stops_the_start_too() {
    let place = Place::new();
    let file = place.folder().join("idem.toml");
    fs::write(&file, "order_ttll = \"30m\"\n").unwrap();
    let (succeeded, said) = said(place.command(&[]).arg("--config").arg(&file));
    assert!(!succeeded && said.contains("order_ttll"), "{said}");
    let (succeeded, _) = self::said(place.command(&[]).args(["--config", "no-such-file.toml"]));
    assert!(!succeeded);
}

#[test]
fn the_configuration_in_force_is_shown_without_secrets() {
    let place = Place::new();
    let file = place.folder().join("idem.toml");
    fs::write(&file, "order_ttl = \"17m\"\nlogin_window = \"3m\"\n").unwrap();
    let jwt = "a-secret-of-more-than-thirty-two-bytes";
    let settings = [("IDEM_JWT_SECRET", jwt), ("IDEM_LOGIN_WINDOW", "4m")];
    let (succeeded, said) = said(place.command(&settings).arg("config").arg("--config").arg(&file));
    assert!(succeeded, "{said}");
    assert!(said.contains("order_ttl = \"17m\"  # file"), "{said}");
    assert!(said.contains("login_window = \"4m\"  # environment"), "{said}");
    assert!(said.contains("4m") && !said.contains("3m"), "the environment wins: {said}");
    assert!(said.contains("jwt_secret") && !said.contains(jwt), "{said}");
    assert!(said.contains("sandbox_secret") && !said.contains(SECRET), "{said}");
    let again = place.folder().join("again.toml");
    fs::write(&again, &said).unwrap();
    let (succeeded, back) = self::said(place.command(&settings).arg("config").arg("--config").arg(&again));
    let values =
        |text: &str| text.lines().map(|it| it.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert!(succeeded && values(&back) == values(&said), "{back}");
}

#[test]
fn the_document_is_printed_as_it_is_served() {
    let place = Place::new();
    let output = place.command(&[]).arg("openapi").output().unwrap();
    assert!(output.status.success());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(document["paths"]["/v1/orders"].is_object());
    assert!(fs::read_dir(place.folder()).unwrap().next().is_none(), "it needs no data");
}

#[test]
fn the_version_says_the_commit_and_completions_need_no_settings() {
    let place = Place::new();
    let broken = [("IDEM_ORDER_TTL", "soon")];
    let (succeeded, said) = said(place.command(&broken).arg("--version"));
    assert!(succeeded && said.starts_with(&format!("api {} (commit ", env!("CARGO_PKG_VERSION"))), "{said}");
    let (succeeded, said) = self::said(place.command(&broken).args(["completions", "bash"]));
    assert!(succeeded && said.contains("import-products") && said.contains("complete -F _api"), "{said}");
}

#[test]
fn the_database_is_migrated_as_often_as_one_likes() {
    let place = Place::new();
    for _ in 0..2 {
        let (succeeded, said) = said(place.command(&[]).arg("migrate"));
        assert!(succeeded, "{said}");
    }
}

/// On a server the database is always there; what is missing is a file.
#[test]
fn a_database_that_is_not_there_is_made_by_no_command_that_changes_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data").join("idem.db");
    let place = Place::new();
    let run = |arguments: &[&str]| {
        let url = format!("sqlite://{}", file.display());
        let mut command = place.command(&[("IDEM_DATABASE_URL", &url), ("IDEM_OPERATOR_PASSWORD", PASSWORD)]);
        said(command.args(arguments))
    };
    let name = unique("first");
    for arguments in [
        &["list-operators"][..],
        &["check"],
        &["backup", "copy.db"],
        &["export", "--kind", "orders"],
        &["import-products", "products.csv", "--dry-run"],
        &["set-role", "--username", &name, "--role", "OPERATOR"],
        &["disable-user", "--username", &name],
        &["enable-user", "--username", &name],
        &["set-password", "--username", &name],
    ] {
        let (succeeded, said) = run(arguments);
        assert!(!succeeded && said.contains("there is no database at"), "{arguments:?}: {said}");
        assert!(said.contains(file.to_str().unwrap()), "{said}");
        assert!(!file.parent().unwrap().exists(), "{arguments:?} makes nothing");
    }
    let email = format!("{name}@example.com");
    let (succeeded, said) = run(&["create-operator", "--username", &name, "--email", &email]);
    assert!(succeeded && said.contains("it was made") && said.contains(file.to_str().unwrap()), "{said}");
    let (succeeded, said) = run(&["list-operators"]);
    assert!(succeeded && said.contains(&name), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_made_beside_a_running_server() {
    let server = Server::with(&[]);
    let name = unique("boss");
    let email = format!("{name}@example.com");
    let make = |email: &str| {
        let mut it = server.place().command(&[]);
        it.args(["create-operator", "--username", &name, "--email", email]).stdin(Stdio::piped());
        let mut child = it.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        child.wait_with_output().unwrap()
    };
    let made = make(&email);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let operator = Person { username: name.clone(), email: email.clone() }.login(&server.client()).await;
    assert_eq!(operator.get("/v1/me").await.ok(200)["role"], "OPERATOR");
    let again = make(&email);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && !said.contains(PASSWORD), "{said}");
    let weak = server
        .place()
        .command(&[("IDEM_OPERATOR_PASSWORD", "password123")])
        .args(["create-operator", "--username", &unique("weak"), "--email", "weak@example.com"])
        .output()
        .unwrap();
    assert!(!weak.status.success(), "a commonly used password");
}

#[test]
fn the_demo_tells_its_story() {
    let place = Place::new();
    let (succeeded, said) = said(place.command(&[]).arg("demo"));
    assert!(succeeded, "{said}");
    for told in
        ["replayed, byte by byte", "delivery 5: known: no effect", "DELIVERED  ┆ COMPLETED  ┆ CUSTOMER"]
    {
        assert!(said.contains(told), "{told} in\n{said}");
    }
    let wide: Vec<_> = said.lines().filter(|it| it.chars().count() > 80).collect();
    assert!(wide.is_empty(), "more than 80 columns: {wide:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_checked_beside_a_running_server() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(9)).await;
    let (good, bad) = (customer.order(&product, 1).await, customer.order(&product, 2).await);
    let paid = customer.pay(&good, "tok_visa").await;
    let check = || said(server.place().command(&[]).arg("check"));
    let (succeeded, said) = check();
    assert!(succeeded && said.contains("nothing is wrong"), "{said}");
    let (bad, good) = (bad["orderNumber"].as_str().unwrap(), good["orderNumber"].as_str().unwrap());
    let paid = paid["transactionId"].as_str().unwrap();
    server.corrupt(&format!(
        "UPDATE orders SET amount = amount * 2 WHERE orderNumber = '{bad}'; \
         UPDATE payment_transactions SET currency = 'ZZZ' WHERE transaction_id = '{paid}';"
    ));
    let (succeeded, said) = check();
    assert!(!succeeded && said.contains("the record is not in order; faults: 2"), "{said}");
    assert!(said.contains(bad) && said.contains("The lines do not add up to the amount."), "{said}");
    assert!(said.contains("payment_transactions") && !said.contains(good), "{said}");
}
