//! Views of the feed of events.

use std::borrow::Cow;

use application::{
    feed::{FeedContent, FeedPeople, FeedRenderer},
    payments::VisibleTransaction,
};
use domain::{
    Actor, FeedEventType, NumberedEvent, Transaction,
    payment::{Dispute, DisputeStatus},
};
use ports::FeedPage;
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use super::{
    finding::FindingView,
    order::OrderView,
    payment::{RefundView, TransactionView},
    timestamp_text,
    user::UserView,
};

/// A dispute about a payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisputeView {
    /// The gateway's id of the dispute, or that of the notice that opened it.
    pub dispute_id: String,
    /// Id of the transaction that is disputed.
    pub transaction_id: String,
    /// Number of the order that it pays.
    pub order_number: String,
    /// `OPEN`, `WON` (the shop keeps the money) or `LOST`.
    #[schema(example = "OPEN")]
    pub status: &'static str,
    /// Disputed amount, in major units.
    #[schema(example = "19.98")]
    pub amount: String,
    /// ISO 4217 code of the amount's currency.
    #[schema(example = "CNY")]
    pub currency: &'static str,
    /// Time of the gateway's latest word about it, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

impl DisputeView {
    fn new(transaction: &Transaction, it: &Dispute) -> Self {
        Self {
            dispute_id: it.id.to_string(),
            transaction_id: transaction.id.to_string(),
            order_number: transaction.order_number.to_string(),
            status: DisputeStatus::as_str(it.status),
            amount: it.amount.to_string(),
            currency: it.amount.currency().code(),
            updated_at: timestamp_text(it.at),
        }
    }
}

/// The type of an event: what it is about, a point, and what happened.
#[derive(Debug)]
pub struct EventType;

impl PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        let names = FeedEventType::ALL.iter().map(|it| it.as_str());
        let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        object.description(Some("What the event is about, a point, and what happened.")).into()
    }
}

impl ToSchema for EventType {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EventType")
    }
}

/// The representation at the moment of the event, as the API shows it to operators. Which one it is follows from the
/// `type`. The `nextAction` of a payment is always null: it belongs to its buyer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum EventDataView {
    /// The data of `order.*`: the order with its customer.
    Order(Box<OrderView>),
    /// The data of `payment.*`: the transaction.
    Payment(Box<TransactionView>),
    /// The data of `refund.*`: one refund.
    Refund(RefundView),
    /// The data of `dispute.*`: one dispute.
    Dispute(DisputeView),
    /// The data of `finding.*`: the finding as it was reported.
    Finding(Box<FindingView>),
    /// The data of `user.*`: the account without anything secret.
    User(UserView),
}

/// Something that happened, with its place in the feed.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes what `page_text` writes")]
pub struct EventView {
    /// Public id of the event. An event that is delivered twice has the same id.
    #[schema(min_length = 1, max_length = 255, example = "ob5d7ckw2vn3yhq6zt4xgjr8ea")]
    id: String,
    /// Number of the event in the feed: it grows in the order of commits, without gaps.
    #[schema(minimum = 1)]
    sequence: i64,
    /// What it is about, a point, and what happened.
    r#type: EventType,
    /// Time at which it happened, by the clock of the instance that did it, RFC 3339 in UTC. Sort by `sequence`.
    #[schema(format = DateTime)]
    created_at: String,
    /// What it is about, as it was at that moment.
    data: EventDataView,
}

/// A part of the feed.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes what `page_text` writes")]
pub struct EventPageView {
    /// The events, lowest number first, at most `limit`.
    data: Vec<EventView>,
    /// Value of `after` for the next request, whether or not there was an event.
    #[schema(minimum = 0)]
    next_after: i64,
}

/// Writes a part of the feed as JSON; [`EventPageView`] describes it.
// By hand, because `data` is stored as JSON: to parse it and write it again would cost much and change nothing.
#[must_use]
pub fn page_text(page: &FeedPage) -> String {
    let (events, next_after) = match page {
        FeedPage::Events { events, next_after } => (events.as_slice(), next_after.get()),
        FeedPage::Expired { pruned } => (&[][..], pruned.get()),
    };
    let events: Vec<_> = events.iter().map(event_text).collect();
    format!(r#"{{"data":[{}],"nextAfter":{next_after}}}"#, events.join(","))
}

/// Writes one event as JSON; [`EventView`] describes it.
#[must_use]
pub fn event_text(it: &NumberedEvent) -> String {
    let event = &it.event;
    let text = |it: &str| serde_json::Value::from(it).to_string();
    format!(
        r#"{{"id":{},"sequence":{},"type":{},"createdAt":{},"data":{}}}"#,
        text(event.id.as_str()),
        it.sequence.get(),
        text(event.kind.as_str()),
        text(&timestamp_text(event.created_at)),
        event.data,
    )
}

/// Renders the content of events as operators see it.
#[derive(Debug, Clone, Copy)]
pub struct ViewRenderer;

impl FeedRenderer for ViewRenderer {
    fn render_content(&self, content: &FeedContent, people: &FeedPeople) -> String {
        // Nothing in a view can fail to be written: there is no map with keys that are no texts.
        serde_json::to_string(&content_view(content, people)).unwrap_or_else(|_| "{}".to_owned())
    }
}

fn content_view(content: &FeedContent, people: &FeedPeople) -> EventDataView {
    match content {
        FeedContent::Order(order) => {
            let view = OrderView::for_actor(order, Actor::Operator).with_customer(people.user(order.owner));
            EventDataView::Order(Box::new(view))
        }
        FeedContent::Payment(transaction) => {
            let shown = VisibleTransaction { transaction: (**transaction).clone(), requests: None };
            let view = TransactionView::from(&shown);
            EventDataView::Payment(Box::new(TransactionView { next_action: None, ..view }))
        }
        FeedContent::Refund(transaction, refund) => {
            let author = refund.requested_by.author.and_then(|it| people.author_id(it));
            EventDataView::Refund(RefundView::new(transaction.id.as_str(), refund, author.as_ref()))
        }
        FeedContent::Dispute(transaction, dispute) => {
            EventDataView::Dispute(DisputeView::new(transaction, dispute))
        }
        FeedContent::Finding(finding) => EventDataView::Finding(Box::new(FindingView::from(&**finding))),
        FeedContent::User(user) => EventDataView::User(UserView::from(&**user)),
    }
}

#[cfg(test)]
mod tests {
    use domain::{FeedEvent, FeedEventId, FeedSequence, FeedSubject, OrderNumber, Timestamp};
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_page_is_json_with_the_data_as_it_is_stored() {
        let event = FeedEvent {
            id: FeedEventId::new("e\"1".to_owned()),
            kind: FeedEventType::OrderPaid,
            subject: FeedSubject::Order(OrderNumber::new("n1".to_owned())),
            owner: None,
            data: r#"{"status":"PAID"}"#.to_owned(),
            created_at: Timestamp::from_millis(1_795_336_200_123),
            trace_parent: None,
        };
        let event = |sequence| NumberedEvent { sequence: FeedSequence::new(sequence), event: event.clone() };
        let shown = |sequence: i64| {
            json!({
                "id": "e\"1", "sequence": sequence, "type": "order.paid", "createdAt": "2026-11-22T08:30:00.123Z",
                "data": {"status": "PAID"}
            })
        };
        let page = FeedPage::Events { events: vec![event(7), event(8)], next_after: FeedSequence::new(9) };
        let text: Value = serde_json::from_str(&page_text(&page)).unwrap();
        assert_eq!(text, json!({"data": [shown(7), shown(8)], "nextAfter": 9}));
        let none = FeedPage::Events { events: vec![], next_after: FeedSequence::START };
        assert_eq!(page_text(&none), r#"{"data":[],"nextAfter":0}"#);
    }
}
