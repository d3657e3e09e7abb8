//! Commands that copy, export and import, beside a running server.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;

use crate::harness::{Client, Server, unique};

/// What a command printed on standard output, what on standard error, and whether it succeeded.
fn run(command: &mut Command) -> (bool, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// The user name of a person who has logged in.
async fn name_of(client: &Client) -> String {
    client.get("/v1/me").await.ok(200)["username"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_beside_a_running_server_and_is_a_record() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(9)).await;
    let order = customer.order(&product, 1).await;
    let file = server.place().folder().join("copy.db");
    let back_up = || run(server.place().command(&[]).arg("backup").arg(&file));
    let (succeeded, printed, told) = back_up();
    if !server.is_embedded() {
        assert!(!succeeded && told.contains("no backup was made"), "{told}");
        assert!(printed.starts_with("mariadb-dump --single-transaction --host=127.0.0.1 "), "{printed}");
        assert!(!file.exists());
        return;
    }
    assert!(succeeded && printed.contains("read back without a fault"), "{printed}{told}");
    let url = format!("sqlite://{}", file.display());
    let (succeeded, checked, told) = run(server.place().command(&[("IDEM_DATABASE_URL", &url)]).arg("check"));
    assert!(succeeded && checked.contains("1 products, 1 orders"), "{checked}{told}");
    let export = ["export", "--kind", "orders"];
    let (_, lines, _) = run(server.place().command(&[("IDEM_DATABASE_URL", &url)]).args(export));
    let line: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line["orderNumber"], order["orderNumber"]);
    let before = fs::read(&file).unwrap();
    let (succeeded, _, told) = back_up();
    assert!(!succeeded && told.contains("exists already"), "{told}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_row_as_the_api_shows_it() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", Some(99)).await;
    let first = customer.order(&product, 1).await;
    for _ in 0..2 {
        customer.order(&product, 1).await;
    }
    customer.pay(&first, "tok_visa").await;
    customer.order_becomes(&first, "PAID").await;
    let export = |kind: &str| {
        let (succeeded, lines, told) = run(server.place().command(&[]).args(["export", "--kind", kind]));
        assert!(succeeded, "{kind}: {told}");
        lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect::<Vec<Value>>()
    };
    for (kind, path, id) in [
        ("orders", "/v1/orders", "orderNumber"),
        ("payments", "/v1/payments", "transactionId"),
        ("refunds", "/v1/refunds", "refundId"),
        ("products", "/v1/products", "productId"),
        ("users", "/v1/users", "id"),
    ] {
        let listed = operator.get(&format!("{path}?limit=100")).await.ok(200)["data"].clone();
        let by_id = |it: &Value| (it[id].as_str().unwrap().to_owned(), it.to_string());
        let listed: BTreeSet<_> = listed.as_array().unwrap().iter().map(by_id).collect();
        let exported = export(kind);
        assert_eq!(exported.iter().map(by_id).collect::<BTreeSet<_>>(), listed, "{kind}");
        assert_eq!(exported.len(), listed.len(), "{kind}: each once");
    }
    assert!(!format!("{:?}", export("users")).contains("$2"), "no hash of a password");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_into_a_file_replaces_nothing_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::with(&[]);
    server.operator().await.product("5.00", None).await;
    let file = server.place().folder().join("products.jsonl");
    let export =
        || run(server.place().command(&[]).args(["export", "--kind", "products", "--output"]).arg(&file));
    let (succeeded, printed, told) = export();
    assert!(succeeded && printed.is_empty() && told.contains("1 rows"), "{printed}{told}");
    let content = fs::read_to_string(&file).unwrap();
    assert_eq!(content.lines().count(), 1);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (succeeded, _, told) = export();
    assert!(!succeeded && told.contains("products.jsonl cannot be written"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_products_is_imported_once_however_often_it_is_given() {
    let server = Server::with(&[]);
    let operator = server.operator().await;
    let (tea, cup) = (unique("tea"), unique("cup"));
    let file = server.place().folder().join("products.csv");
    fs::write(
        &file,
        format!("productId,name,price,currency,stock\n{tea},Tea,9.99,CNY,5\n{cup},Cup,12,CNY,\n"),
    )
    .unwrap();
    let import =
        |more: &[&str]| run(server.place().command(&[]).arg("import-products").arg(&file).args(more));
    let (succeeded, printed, told) = import(&["--dry-run"]);
    assert!(succeeded && printed.contains("nothing was written: 2 created, 0 changed"), "{printed}{told}");
    assert!(printed.contains(&format!("     2  create  {tea}  Tea, 9.99 CNY")), "{printed}");
    operator.get(&format!("/v1/products/{tea}")).await.ok(404);
    let name = name_of(&operator).await;
    let by = ["--operator", &name];
    let (succeeded, printed, told) = import(&by);
    assert!(succeeded && printed.contains("2 created, 0 changed, 0 as they were"), "{printed}{told}");
    let made = operator.get(&format!("/v1/products/{tea}")).await.ok(200);
    assert_eq!((&made["price"], &made["stock"], &made["version"]), (&"9.99".into(), &5.into(), &1.into()));
    let (succeeded, printed, _) = import(&by);
    assert!(succeeded && printed.contains("0 created, 0 changed, 2 as they were"), "{printed}");
    // After a sale the same file adds no stock without `--set-stock`.
    server.customer().await.order(&tea, 2).await;
    let stock = async || operator.get(&format!("/v1/products/{tea}")).await.ok(200)["stock"].clone();
    let (succeeded, printed, _) = import(&by);
    assert!(succeeded && printed.contains("0 created, 0 changed, 2 as they were"), "{printed}");
    assert!(printed.contains("stock stays 3, not 5"), "{printed}");
    assert_eq!(stock().await, 3);
    let (succeeded, printed, _) = import(&["--operator", &name, "--set-stock"]);
    assert!(succeeded && printed.contains("stock: 3 -> 5"), "{printed}");
    assert_eq!(stock().await, 5);
    fs::write(&file, format!("productId,name,price,currency,active\n{tea},Green tea,8.99,CNY,no\n")).unwrap();
    let (succeeded, printed, _) = import(&by);
    let change = "name: Tea -> Green tea; price: 9.99 CNY -> 8.99 CNY; active: true -> false";
    assert!(succeeded && printed.contains(change), "{printed}");
    let changes = operator.get(&format!("/v1/products/{tea}/changes")).await.ok(200);
    let me = operator.get("/v1/me").await.ok(200);
    assert_eq!(changes["data"][0]["createdBy"]["id"], me["id"], "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_one_line_or_a_wrong_name_writes_nothing() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let tea = unique("tea");
    let file = server.place().folder().join("products.csv");
    let import = |by: &str| {
        run(server.place().command(&[]).arg("import-products").arg(&file).args(["--operator", by]))
    };
    fs::write(&file, format!("productId,name,price,currency\n{tea},Tea,9.99,CNY\nno id,,-1,QQQ\n")).unwrap();
    let (succeeded, printed, told) = import(&name_of(&operator).await);
    assert!(!succeeded && told.contains("nothing was written"), "{told}");
    assert!(
        ["productId", "name", "currency"].iter().all(|it| printed.contains(&format!("line 3: {it} "))),
        "{printed}"
    );
    fs::write(&file, format!("productId,name,price,currency\n{tea},Tea,9.99,CNY\n")).unwrap();
    let (succeeded, _, told) = import(&name_of(&customer).await);
    assert!(!succeeded && told.contains("the user is no operator, or disabled"), "{told}");
    operator.get(&format!("/v1/products/{tea}")).await.ok(404);
}
