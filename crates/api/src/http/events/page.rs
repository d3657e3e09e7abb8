//! The page about events, `docs/events.md`, made from the types themselves.

use std::fmt::Write as _;

use domain::FeedEventType;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::{
    openapi::document_json,
    view::{
        feed::{DisputeView, EventPageView, EventView},
        finding::FindingView,
        order::OrderView,
        payment::{RefundView, TransactionView},
        user::UserView,
    },
};

const INTRODUCTION: &str = "\
# Events

<!-- Written by `cargo run -- events > docs/events.md`; a test compares. -->

`GET /v1/events` is a feed of everything that happens to orders, payments, refunds, disputes, findings and accounts, for
other systems. Operators may read it, and [API keys](api-keys.md) with the scope `events:read`.

```text
GET /v1/events                       the oldest events that are kept
GET /v1/events?after=1042            what came after event 1042
GET /v1/events?types=order.paid,order.shipped&after=1042
GET /v1/events?start=now             no event, and the number after which those of the future come
```

- **Nothing is missed.** An event is stored in the commit that makes it true, and gets the next
  `sequence` after it. Ask again and again with the `nextAfter` of the answer before, on any instance.
- **Order.** `sequence` grows in the order in which commits became visible, without gaps. The events of one order, with
  those of its payments, refunds and disputes, come in the order of its changes; `version` of an order never falls. Do not
  sort by `createdAt`: the clocks of instances differ.
- **Time.** An event is in the feed within about 100 ms after its commit.
- **After a crash.** A consumer that stops before it stores `nextAfter` reads the same events again, with the same `id`.
- **A filter passes over other types.** An answer with `types` looks at up to 1000 numbers, so it may be empty although
  more follows; `nextAfter` goes on all the same. Nothing is new when `nextAfter` is what you sent and `data` is empty.
- **Kept for a time.** Events are deleted after `IDEM_EVENT_RETENTION` (30 days). An `after` from before what was deleted
  is 410 [`events-expired`](problems/events-expired.md), not an empty page.
- **Personal data.** When an account is erased, its name and address, and the contacts of its orders, are erased in its
  events, too; the events stay.

A new type of event may be added at any time: pass over those that you do not know.
";

/// A representation with the name of its schema and its title on the page.
fn list_representations() -> [(&'static str, String); 6] {
    [
        ("order", OrderView::name().into_owned()),
        ("payment", TransactionView::name().into_owned()),
        ("refund", RefundView::name().into_owned()),
        ("dispute", DisputeView::name().into_owned()),
        ("finding", FindingView::name().into_owned()),
        ("user", UserView::name().into_owned()),
    ]
}

/// Writes the page as Markdown, from the types and the contract.
#[must_use]
pub fn events_markdown() -> String {
    let document: Value = serde_json::from_str(document_json()).unwrap_or_default();
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Types\n\n| type | when | `data` |\n| --- | --- | --- |\n");
    for kind in FeedEventType::ALL {
        let about = kind.as_str().split('.').next().unwrap_or_default();
        add_line(&mut page, &format!("| `{}` | {} | [{about}](#{about}) |", kind.as_str(), kind.meaning()));
    }
    page.push_str("\n## The answer\n\n");
    add_members(&mut page, &schemas, &EventPageView::name());
    page.push_str("\nAn event:\n\n");
    add_members(&mut page, &schemas, &EventView::name());
    page.push_str("\n## Representations\n\n`data` is what the API shows to an operator at that moment.\n");
    for (title, schema) in list_representations() {
        add_line(&mut page, &format!("\n### {title}\n"));
        if title == "payment" {
            page.push_str("`nextAction` is always null here: it belongs to the buyer.\n\n");
        }
        add_members(&mut page, &schemas, &schema);
    }
    page
}

fn add_line(page: &mut String, line: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(page, "{line}");
}

/// Adds a table of the members of a schema, by name.
fn add_members(page: &mut String, schemas: &Value, name: &str) {
    page.push_str("| member | type | meaning |\n| --- | --- | --- |\n");
    // The document leaves out the word that tells our shapes apart.
    let schema = schemas.get(name.trim_end_matches("View"));
    let members = schema.and_then(|it| it.get("properties")).and_then(Value::as_object);
    for (member, schema) in members.into_iter().flatten() {
        let meaning =
            schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
        add_line(page, &format!("| `{member}` | {} | {meaning} |", type_text(schema)));
    }
}

/// The type of a member in a word or two.
fn type_text(schema: &Value) -> String {
    let of = |key: &str| schema.get(key);
    if let Some(name) = of("$ref").and_then(Value::as_str) {
        return name.rsplit('/').next().unwrap_or(name).trim_end_matches("View").to_owned();
    }
    if let Some(choices) = of("oneOf").or_else(|| of("allOf")).and_then(Value::as_array) {
        return choices.iter().map(type_text).collect::<Vec<_>>().join(" or ");
    }
    let name = |it: &Value| {
        let name = it.as_str().unwrap_or_default();
        match (name, of("items"), of("format").and_then(Value::as_str)) {
            ("array", Some(items), _) => format!("list of {}", type_text(items)),
            ("string", _, Some("date-time")) => "time".to_owned(),
            _ => name.to_owned(),
        }
    };
    match of("type") {
        Some(Value::Array(all)) => all.iter().map(name).collect::<Vec<_>>().join(" or "),
        Some(one) => name(one),
        None => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_code_says() {
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md"));
        assert!(
            page.trim_end() == events_markdown().trim_end(),
            "run `cargo run -- events > docs/events.md`"
        );
    }

    #[test]
    fn every_type_has_a_representation_with_members() {
        let page = events_markdown();
        for kind in FeedEventType::ALL {
            let about = kind.as_str().split('.').next().unwrap();
            assert!(list_representations().iter().any(|(title, _)| *title == about), "{kind:?}");
        }
        for (title, _) in list_representations() {
            let section = page.split(&format!("\n### {title}\n")).nth(1).unwrap();
            let members = section.lines().skip_while(|it| !it.starts_with("| ---")).nth(1).unwrap();
            assert!(members.starts_with("| `"), "{title}: {members}");
        }
        assert!(page.contains("| `sequence` | integer |"), "{page}");
    }
}
