//! A full card number in a notice is never kept.

use std::{fs, path::Path};

use memchr::memmem::Finder;
use serde_json::{Value, json};

use crate::harness::{Notice, SECRET, Server, field, now, sign};

/// A number that no other test sends.
const CARD: &str = "5105105105105100";
const CARD_APART: &str = "5105-1051 0510-5100";
/// The same with escapes of JSON.
const CARD_ESCAPED: &str = r"\u0035105105\u00310510510\u0030";
const CVC: &str = "cvc-73519-only-here";
/// What a member with a security code may be called.
const CVC_NAMES: [&str; 6] = ["cvc", "security_code", "CVV2", "cardVerificationValue", "csc", "cvn-code"];

/// Adds all files of a folder and of the folders in it.
fn read_files(folder: &Path, found: &mut Vec<(&str, Vec<u8>)>) {
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            read_files(&path, found);
        } else if path.is_file() {
            found.push(("file", fs::read(path).unwrap()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_in_a_notice_is_found_nowhere_afterwards() {
    let server = Server::with(&[("IDEM_SANDBOX_PENDING_DELAY", "10m"), ("IDEM_LOG", "debug")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (order, waiting) = customer.undecided(&operator.product("5.00", None).await).await;
    let mut body: Value = serde_json::from_str(&Notice::of("payment.captured", &waiting).body).unwrap();
    body["data"]["card"] = json!({"number": CARD});
    for name in CVC_NAMES {
        body["data"]["card"][name] = json!(CVC);
    }
    body["data"]["note"] = json!(format!("paid with {CARD_APART}"));
    body["data"]["digits"] = json!(CARD.parse::<u64>().unwrap());
    body[CARD] = json!("as a name");
    let applied = Notice::text(&body.to_string());
    assert!(!applied.deliver(&customer).await);
    assert_eq!(customer.reread(&order).await["status"], "PAID", "otherwise as the row that fits");
    let garbage = Notice::text(&format!("card={CARD}&apart={CARD_APART}"));
    assert!(!garbage.deliver(&customer).await);
    let unknown = Notice::saying(&format!("card.{CARD}"), &waiting, &json!({}));
    assert!(!unknown.deliver(&customer).await);
    for (id, end) in [("evt-not-text", "}}"), ("evt-cut-short", "")] {
        let reason = format!("card {CARD_ESCAPED}");
        let head =
            format!(r#"{{"type":"payment.failed","data":{{"cvc":"{CVC}","failureReason":"{reason}","x":""#);
        let body = [head.as_bytes(), b"\xff\"", end.as_bytes()].concat();
        let sent = now().as_second();
        let request = customer.request(reqwest::Method::POST, "/v1/callbacks/sandbox");
        let request =
            request.body("application/json", body.clone()).header("x-request-id", &format!("r:{CARD}"));
        let signature = sign(SECRET, id, sent, &body);
        let request = request.header("webhook-id", id).header("webhook-timestamp", &sent.to_string());
        request.header("webhook-signature", &signature).await.ok(200);
    }
    let named = Notice { id: CARD.to_owned(), ..Notice::text("{}") };
    assert!(!named.deliver(&customer).await);
    assert!(named.deliver(&customer).await, "it is known again though its id is masked");
    let path = format!("/v1/orders/{}/transitions", field(&order, "orderNumber"));
    let reason = json!({"to": "REFUND_PENDING", "reason": format!("card {CARD}")});
    customer.post(&path, &reason).await.refused(422, "card-data-refused");
    customer.get(&format!("/v1/orders?userId={CARD}")).await;
    customer.get(&format!("/v1/orders/{CARD}")).await;

    let findings = operator.get("/v1/operations/findings").await;
    let mut places = vec![("findings", findings.text.into_bytes()), ("log", server.log().into_bytes())];
    for folder in server.place().data() {
        read_files(&folder, &mut places);
    }
    let number = Finder::new(field(&order, "orderNumber"));
    let mut files = places.iter().filter(|(place, _)| *place == "file");
    assert!(files.any(|(_, it)| number.find(it).is_some()), "the files are those of the data");
    for secret in [CARD, CARD_APART, CARD_ESCAPED, CVC] {
        let secret_text = Finder::new(secret);
        for (place, bytes) in &places {
            assert!(secret_text.find(bytes).is_none(), "{secret} in {place}");
        }
    }
}
