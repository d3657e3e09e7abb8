//! What a member may hold, by its name: the same name means the same thing in every request and answer.
//!
//! A rule for one schema or path goes before the rule for a name. A new route uses the names that exist; a new name
//! gets a rule here, and a test says so: no text of a request is without a bound.

use serde_json::{Value, json};

use super::{
    limits::Limit::{self, *},
    pages_of_documents,
    walk::{Side, Site, elements_mut, reference_to, visit_operations, visit_schemas},
};

/// What is known about a member.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// It is what the schema with this name describes.
    Named(&'static str),
    /// A list of such values in one parameter, separated by commas.
    ListOf(&'static str),
    Limited(Limit),
    Time,
    /// It is the name of a file of the documentation.
    File,
}

use Rule::{File, Limited, ListOf, Named, Time};

/// Rules for the member of one schema, or the parameter of one path.
pub(super) const OF_ONE: &[(&str, &str, Rule)] = &[
    ("ChangedBy", "type", Named("ActorType")),
    ("StoredNotice", "disposition", Named("NoticeDisposition")),
    ("FindingCount", "kind", Named("FindingKind")),
    ("Overview", "bucket", Named("BucketSize")),
    ("OverviewFigures", "orderedAmount", Named("AmountSum")),
    ("OverviewFigures", "capturedAmount", Named("AmountSum")),
    ("OverviewFigures", "refundedAmount", Named("AmountSum")),
    ("/v1/operations/overview", "bucket", Named("BucketSize")),
    ("/v1/operations/overview", "from", Time),
    ("/v1/operations/overview", "to", Time),
    ("/v1/operations/overview", "utcOffset", Named("UtcOffset")),
    ("Finding", "kind", Named("FindingKind")),
    ("Operation", "type", Named("OperationType")),
    ("Attempt", "operation", Named("AttemptOperation")),
    ("Attempt", "outcome", Named("AttemptOutcome")),
    ("Change", "stock", Named("StockEffect")),
    ("Order", "status", Named("OrderStatus")),
    ("Move", "to", Named("OrderStatus")),
    ("Transaction", "status", Named("PaymentStatus")),
    ("Refund", "status", Named("RefundStatus")),
    ("Problem", "type", Named("ProblemType")),
    ("CreateApiKey", "scopes", Limited(Scopes)),
    ("CreateApiKey", "name", Limited(Text)),
    ("Dispute", "status", Named("DisputeStatus")),
    ("PasswordResetConfirmation", "token", Limited(AnyText)),
    ("EmailVerificationConfirmation", "token", Limited(AnyText)),
    ("/v1/events", "types", ListOf("EventType")),
    ("/v1/events", "start", Named("FeedStart")),
    ("/v1/orders/export", "status", ListOf("OrderStatus")),
    ("/v1/orders/export", "sort", Named("OrderExportSort")),
    ("/v1/orders/export", "format", Named("OrderExportFormat")),
    ("/v1/orders/export", "username", Limited(FilterName)),
    ("/console/assets/{file}", "file", Limited(Id)),
    ("/console/{screen}", "screen", Limited(Id)),
    ("/console/{screen}/{id}", "screen", Limited(Id)),
    ("SandboxNotice", "type", Named("NoticeType")),
    ("PutProduct", "currency", Named("CurrencyInUse")),
    ("PutProduct", "name", Limited(Text)),
    ("PutProduct", "stock", Limited(Stock)),
    ("PatchProduct", "name", Limited(Text)),
    ("PatchProduct", "stock", Limited(Stock)),
    ("AdjustStock", "by", Limited(Adjustment)),
    ("PlaceOrder", "items", Limited(OrderLines)),
    ("PlaceOrder", "metadata", Limited(Metadata)),
    ("ContactInput", "name", Limited(ContactName)),
    ("AddressInput", "lines", Limited(AddressLines)),
    ("AddressChanges", "lines", Limited(AddressLines)),
    ("TrackingInput", "carrier", Limited(Carrier)),
    ("TrackingInput", "number", Limited(TrackingNumber)),
    ("TrackingInput", "url", Limited(TrackingUrl)),
    ("Credentials", "username", Limited(AnyText)),
    ("Credentials", "password", Limited(AnyText)),
    ("Credentials", "totpCode", Limited(AnyText)),
    ("PaymentMethod", "token", Limited(AnyText)),
    ("/v1/orders", "status", ListOf("OrderStatus")),
    ("/v1/orders", "sort", Named("OrderSort")),
    ("/v1/orders", "username", Limited(FilterName)),
    ("/v1/payments", "status", ListOf("PaymentStatus")),
    ("/v1/refunds", "status", ListOf("RefundStatus")),
    ("/v1/users", "email", Limited(FilterName)),
    ("/v1/users", "username", Limited(FilterName)),
    ("/problems/{slug}", "slug", Named("ProblemSlug")),
    ("/docs/{file}", "file", File),
];

/// Rules for a member in requests and in answers.
const OF_ALL: &[(&str, Rule)] = &[
    ("allowedTransitions", Named("OrderStatus")),
    ("fromStatus", Named("OrderStatus")),
    ("toStatus", Named("OrderStatus")),
    ("captureMethod", Named("CaptureMethod")),
    ("role", Named("Role")),
    ("currency", Named("Currency")),
];

/// Names of amounts, beside those that end with `Amount`.
const AMOUNTS: &[&str] = &["amount", "price", "subtotal"];

/// Rules for a member or parameter of a request. An answer shows what is stored, also what an adopted database has
/// under other rules.
const OF_REQUESTS: &[(&str, Rule)] = &[
    ("reason", Limited(Text)),
    ("note", Limited(Text)),
    ("username", Limited(Username)),
    ("email", Limited(Email)),
    ("password", Limited(Password)),
    ("newPassword", Limited(Password)),
    ("currentPassword", Limited(AnyText)),
    ("totpCode", Limited(AnyText)),
    ("refreshToken", Limited(AnyText)),
    ("gateway", Limited(GatewayName)),
    ("productId", Limited(ProductId)),
    ("id", Limited(Id)),
    ("cursor", Limited(Cursor)),
    ("limit", Limited(PageSize)),
    ("Idempotency-Key", Limited(IdempotencyKey)),
    ("reference", Limited(Reference)),
    ("phone", Limited(Phone)),
    ("lines", Limited(AddressLine)),
    ("city", Limited(PlaceName)),
    ("region", Limited(PlaceName)),
    ("postalCode", Limited(PostalCode)),
    ("country", Named("CountryCode")),
    ("url", Limited(WebhookUrl)),
    ("description", Limited(Text)),
    ("metadata.key", Limited(MetadataKey)),
    ("metadata.value", Limited(MetadataValue)),
    ("quantity", Limited(Quantity)),
    ("orderNumber", Limited(Id)),
];

/// Applies the rules to every member and parameter.
pub(super) fn apply_rules(document: &mut Value) {
    visit_schemas(document, &mut |site, schema| {
        if let Some(rule) = find_rule(site, schema) {
            apply_rule(rule, schema);
        }
    });
    visit_operations(document, &mut |_, operation| {
        for parameter in elements_mut(operation.get_mut("parameters")) {
            // Commas within one parameter, instead of one parameter for each element.
            if parameter["schema"]["type"] == "array" {
                parameter["style"] = json!("form");
                parameter["explode"] = json!(false);
                let words = parameter["example"]
                    .as_str()
                    .map(|it| it.split(',').map(str::to_owned).collect::<Vec<_>>());
                if let Some(words) = words {
                    parameter["example"] = json!(words);
                }
            }
        }
    });
}

pub(super) fn find_rule(site: Site<'_>, schema: &Value) -> Option<Rule> {
    let of_one = OF_ONE.iter().find(|(owner, member, _)| *owner == site.owner && *member == site.member);
    // The list itself has no rule of its elements, and the other way round.
    let fits = |rule: &Rule| match rule {
        Limited(AddressLines | OrderLines | Scopes) => is_type(schema, "array"),
        Limited(Metadata) => is_type(schema, "object"),
        Limited(PageSize | Quantity | Stock | Adjustment) => is_type(schema, "integer"),
        Limited(_) | Named(_) | ListOf(_) | Time | File => is_type(schema, "string"),
    };
    let by_name =
        |rules: &[(&str, Rule)]| rules.iter().find(|(name, _)| *name == site.member).map(|(_, rule)| *rule);
    let of_one = of_one.map(|(_, _, rule)| *rule).filter(&fits);
    let of_request = || by_name(OF_REQUESTS).or_else(|| suffix_rule(site.member, ID, Limited(Id)));
    of_one
        .or_else(|| by_name(OF_ALL))
        .or_else(|| amount_rule(site))
        .or_else(|| TIMES.iter().find_map(|suffix| suffix_rule(site.member, suffix, Time)))
        .or_else(|| if site.side == Side::Request { of_request() } else { None })
        .filter(fits)
}

/// The ends of names of times.
const TIMES: &[&str] = &["At", "After", "Before"];
/// The end of names of ids.
const ID: &str = "Id";

fn suffix_rule(member: &str, suffix: &str, rule: Rule) -> Option<Rule> {
    member.ends_with(suffix).then_some(rule)
}

/// An amount that a client sends is above zero; one that it gets may be nothing.
fn amount_rule(site: Site<'_>) -> Option<Rule> {
    let is_amount = AMOUNTS.contains(&site.member) || site.member.ends_with("Amount");
    let name = if site.side == Side::Request { "PositiveAmount" } else { "Amount" };
    is_amount.then_some(Named(name))
}

pub(super) fn apply_rule(rule: Rule, schema: &mut Value) {
    match rule {
        Named(name) => replace_by_reference(schema, name),
        ListOf(name) => {
            let description = schema["description"].take();
            *schema = json!({"type": "array", "items": {"$ref": reference_to(name)}, "minItems": 1});
            if !description.is_null() {
                schema["description"] = description;
            }
        }
        Limited(limit) => merge_keywords(schema, limit.keywords()),
        Time => merge_keywords(schema, json!({"format": "date-time"})),
        File => merge_keywords(schema, json!({"enum": pages_of_documents()})),
    }
}

/// Replaces the type by a reference; what the member says about itself stays.
fn replace_by_reference(schema: &mut Value, name: &str) {
    let reference = reference_to(name);
    let is_nullable = schema["type"].is_array();
    let Some(members) = schema.as_object_mut() else { return };
    members.remove("type");
    if is_nullable {
        members.insert("oneOf".to_owned(), json!([{"$ref": reference}, {"type": "null"}]));
    } else {
        members.insert("$ref".to_owned(), json!(reference));
    }
}

fn merge_keywords(schema: &mut Value, keywords: Value) {
    if let (Some(schema), Value::Object(keywords)) = (schema.as_object_mut(), keywords) {
        schema.extend(keywords);
    }
}

/// Whether a schema is of this type, or of this type or null.
pub(super) fn is_type(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|it| it.iter().any(|it| it == kind))
}
