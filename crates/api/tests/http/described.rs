//! The decoders enforce what the document says about each member and parameter: on both sides of every limit.
//!
//! The cases are made from the document, so a new route is tried without a line here.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, Reply, Server, unique};

/// Rules that a value can break although it is as described: they compare it with what is stored, or with others.
const COMPARED: &[&str] = &[
    "Is no gateway of this service.",
    "Is no token that the gateway knows.",
    "Is only for a move to SHIPPED.",
    "Has more decimals than the currency.",
    "Is one of the most commonly used passwords.",
    "Makes the stock more than 1000000000.",
];
/// Texts over this length do not fit into a body with the rest.
const LENGTH_MAX: usize = 10_000;
/// The limits that the many requests of one user would reach.
pub(crate) const LIMITS: &[(&str, &str)] = &[
    ("IDEM_LOGIN_FAILURES_PER_ACCOUNT", "1000000"),
    ("IDEM_LOGIN_FAILURES_PER_ACCOUNT_TOTAL", "1000000"),
    ("IDEM_LOGIN_FAILURES_PER_ADDRESS", "1000000"),
    ("IDEM_ATTEMPTS_PER_ADDRESS", "1000000"),
];

/// A value at a place, and whether it is as described.
#[derive(Debug, Clone)]
struct Case {
    pointer: String,
    value: Value,
    fits: bool,
}

/// The document, with what a value that fits looks like.
pub(crate) struct Document(pub(crate) Value);

impl Document {
    /// The schema itself, or the one that it names.
    pub(crate) fn resolve<'d>(&'d self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str() {
            Some(pointer) => self.resolve(self.0.pointer(pointer.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }

    /// The schema of what is not null, and whether null fits too.
    fn not_null<'d>(&'d self, schema: &'d Value) -> (&'d Value, bool) {
        let is_null = |it: &&Value| it["type"] == "null";
        match schema["oneOf"].as_array() {
            Some(choices) if choices.iter().any(|it| is_null(&it)) => {
                (self.resolve(choices.iter().find(|it| !is_null(it)).unwrap()), true)
            }
            _ => {
                let schema = self.resolve(schema);
                (schema, schema["type"].as_array().is_some_and(|it| it.contains(&json!("null"))))
            }
        }
    }

    /// A value that fits.
    pub(crate) fn sample(&self, schema: &Value) -> Value {
        let (inner, _) = self.not_null(schema);
        if let Some(example) = schema["examples"].get(0).or_else(|| inner["examples"].get(0)) {
            return example.clone();
        }
        match kind(inner) {
            "object" => {
                let members = inner["properties"].as_object().into_iter().flatten();
                members
                    .map(|(name, it)| (name.clone(), self.sample(it)))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }
            "array" => json!([self.sample(&inner["items"])]),
            "integer" => inner["minimum"].clone(),
            "boolean" => json!(true),
            _ => inner["enum"]
                .get(0)
                .cloned()
                .unwrap_or_else(|| text(inner, length(inner, "minLength").unwrap_or(1))),
        }
    }

    /// Every case of a schema and of what is within it.
    fn cases(&self, schema: &Value, pointer: &str) -> Vec<Case> {
        let (inner, is_nullable) = self.not_null(schema);
        let case = |value: Value, fits: bool| Case { pointer: pointer.to_owned(), value, fits };
        let mut all = vec![case(Value::Null, is_nullable), case(json!({"another": [true]}), false)];
        let number = |keyword: &str| inner[keyword].as_i64();
        match kind(inner) {
            "object" => return [all_of_object(&all), self.object_cases(inner, pointer)].concat(),
            "array" => {
                let elements = |count: usize| {
                    let words = self.resolve(&inner["items"])["enum"].as_array();
                    match words.filter(|_| inner["uniqueItems"] == true) {
                        Some(words) => words.iter().cycle().take(count).cloned().collect(),
                        None => json!(vec![self.sample(&inner["items"]); count]),
                    }
                };
                if let Some(least) = length(inner, "minItems") {
                    all.extend([case(elements(least), true), case(elements(least - 1), false)]);
                }
                if let Some(most) = length(inner, "maxItems") {
                    all.extend([case(elements(most), true), case(elements(most + 1), false)]);
                }
                all.extend(self.cases(&inner["items"], &format!("{pointer}/0")));
            }
            "integer" => {
                all.extend([case(json!("1"), false), case(json!(1.5), false)]);
                let [least, most] = ["minimum", "maximum"].map(number);
                all.extend(least.map(|it| case(json!(it - 1), false)));
                all.extend(least.map(|it| case(json!(it), true)));
                all.extend(most.map(|it| case(json!(it + 1), false)));
                all.extend(most.map(|it| case(json!(it), true)));
                all.extend(inner["not"].get("const").map(|it| case(it.clone(), false)));
            }
            "boolean" => {
                all.extend([case(json!(true), true), case(json!(false), true), case(json!("true"), false)])
            }
            _ => all.extend(text_cases(inner).into_iter().map(|(value, fits)| case(value, fits))),
        }
        all
    }

    fn object_cases(&self, schema: &Value, pointer: &str) -> Vec<Case> {
        let mut all = Vec::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            all.extend(self.cases(member, &format!("{pointer}/{name}")));
        }
        all
    }
}

/// A number or a text where an object belongs, besides null.
fn all_of_object(cases: &[Case]) -> Vec<Case> {
    let wrong = |it: &Case| Case {
        value: if it.fits || it.value.is_null() { it.value.clone() } else { json!(7) },
        ..it.clone()
    };
    cases.iter().map(wrong).collect()
}

fn kind(schema: &Value) -> &str {
    let kinds = schema["type"].as_array();
    let kind = kinds.map_or(&schema["type"], |it| it.iter().find(|it| *it != "null").unwrap());
    kind.as_str().unwrap_or("string")
}

fn length(schema: &Value, keyword: &str) -> Option<usize> {
    usize::try_from(schema[keyword].as_u64()?).ok()
}

/// A text of a length that fits in every other way.
fn text(schema: &Value, length: usize) -> Value {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    json!(match schema["format"].as_str() {
        Some("email") if length > 8 => format!("{}@b.example", "a".repeat(length - 10)),
        Some("email") => "a@b.cd".chars().take(length).collect(),
        // The shortest one has characters of four bytes, because its bytes are counted.
        Some("password") if length < 8 => "🔑".repeat(length),
        Some("password") => "aZ3-".repeat(length).chars().take(length).collect(),
        _ if pattern.contains("://") => format!("http://{}", "a".repeat(length.saturating_sub(7))),
        _ => "1".repeat(length),
    })
}

fn text_cases(schema: &Value) -> Vec<(Value, bool)> {
    let mut all = vec![(json!(7), false)];
    if let Some(words) = schema["enum"].as_array() {
        all.extend(words.iter().take(3).map(|it| (it.clone(), true)));
        all.push((json!("NO_SUCH_WORD"), false));
        return all;
    }
    let fitting = |it: &usize| *it < LENGTH_MAX && schema["format"] != "email";
    if let Some(least) = length(schema, "minLength").filter(|it| *it > 0) {
        all.extend([(text(schema, least), true), (text(schema, least - 1), false)]);
    }
    if let Some(most) = length(schema, "maxLength").filter(fitting) {
        all.extend([(text(schema, most), true), (text(schema, most + 1), false)]);
    }
    if schema["pattern"].is_string() {
        all.push((json!("\0"), false));
    }
    all
}

/// The places of the faults that are about the values alone.
fn faults(reply: &Reply) -> Vec<String> {
    if reply.status != 422 || reply.json()["type"] != "/problems/invalid-request" {
        return Vec::new();
    }
    let problem = reply.json();
    let own = problem["errors"].as_array().unwrap().iter();
    let own = own.filter(|it| !COMPARED.contains(&it["detail"].as_str().unwrap()));
    own.map(|it| it["pointer"].as_str().or(it["parameter"].as_str()).unwrap().to_owned()).collect()
}

/// Every operation: method, path with parameters that name nothing, and its description.
pub(crate) fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/") || path.starts_with("/v1/callbacks/") {
            continue;
        }
        let parts = path.split('/').map(|it| if it.starts_with('{') { "described" } else { it });
        let path = parts.collect::<Vec<_>>().join("/");
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase().parse().unwrap(), path.clone(), operation.clone()));
        }
    }
    all
}

/// The document as the service publishes it.
pub(crate) async fn fetch_document(client: &Client) -> Document {
    Document(client.get("/openapi.json").await.ok(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_decoded_as_it_is_described() {
    let server = Server::with(LIMITS);
    let client = server.operator().await;
    let document = fetch_document(&client).await;
    let mut tried = 0;
    for (method, path, operation) in operations(&document.0) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let send = async |body: &Value| {
            client.request(method.clone(), &path).json(body).idempotent(&unique("described")).await
        };
        let mut whole = document.sample(document.resolve(schema));
        // Only an API key may name the customer of an order, and a refund is of an amount or of items.
        let left_out = if path.ends_with("/refunds") { "amount" } else { "customerId" };
        whole.as_object_mut().map(|it| it.remove(left_out));
        if let Some(url) = whole.get_mut("url") {
            *url = json!("https://example.com/hooks");
        }
        assert_eq!(faults(&send(&whole).await), [""; 0], "{method} {path}: {whole}");
        for case in document.cases(document.resolve(schema), "") {
            // An address is more than its length.
            if case.fits && case.pointer == "/url" {
                continue;
            }
            let mut body = whole.clone();
            match body.pointer_mut(&case.pointer) {
                Some(place) => *place = case.value.clone(),
                None => continue,
            }
            // An empty body is a body that was left out.
            let found = faults(&send(&body).await);
            // A list of words is judged as a whole.
            let list = case.pointer.strip_suffix("/0").unwrap_or(&case.pointer);
            let is_refused = found.iter().any(|it| it.starts_with(&case.pointer) || it == list);
            assert_eq!(is_refused, !case.fits, "{method} {path}: {case:?}: {found:?}");
            tried += 1;
        }
        let schema = document.resolve(schema);
        for name in schema["required"].as_array().into_iter().flatten() {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(name.as_str().unwrap());
            assert_eq!(
                faults(&send(&body).await),
                [format!("/{}", name.as_str().unwrap())],
                "{method} {path}"
            );
        }
        let mut body = whole.clone();
        body["another"] = json!(1);
        assert_eq!(faults(&send(&body).await), ["/another"], "{method} {path}");
    }
    assert!(tried > 200, "{tried} cases");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_decoded_as_it_is_described() {
    let server = Server::with(LIMITS);
    let client = server.operator().await;
    let document = fetch_document(&client).await;
    let mut tried = 0;
    for (method, path, operation) in operations(&document.0).into_iter().filter(|it| it.0 == Method::GET) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<_> = parameters.filter(|it| it["in"] == "query").collect();
        for parameter in &parameters {
            let name = parameter["name"].as_str().unwrap();
            for (value, fits) in query_cases(document.resolve(&parameter["schema"]), name, &document) {
                let reply = client.get(&format!("{path}?{name}={value}")).await;
                let is_refused = faults(&reply).contains(&name.to_owned());
                assert_eq!(is_refused, !fits, "{method} {path}?{name}={value}: {}", reply.text);
                tried += 1;
            }
        }
        let unknown = client.get(&format!("{path}?another=1")).await;
        let required = parameters.iter().filter(|it| it["required"] == true);
        let mut expected: Vec<_> = required.map(|it| it["name"].as_str().unwrap()).collect();
        expected.push("another");
        assert_eq!(faults(&unknown), expected, "{method} {path}");
    }
    assert!(tried > 50, "{tried} cases");
}

/// The values of a query, escaped.
fn query_cases(schema: &Value, name: &str, document: &Document) -> Vec<(String, bool)> {
    let number = |keyword: &str| schema[keyword].as_i64();
    match kind(schema) {
        "integer" => {
            let [least, most] = ["minimum", "maximum"].map(|it| number(it).unwrap());
            [(least - 1, false), (least, true), (most, true), (most + 1, false)]
                .map(|(it, fits)| (it.to_string(), fits))
                .to_vec()
        }
        "boolean" => vec![("true".to_owned(), true), ("yes".to_owned(), false)],
        "array" => {
            let words = document.resolve(&schema["items"])["enum"].as_array().unwrap();
            let all: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            vec![(all.join(","), true), ("NO_SUCH_WORD".to_owned(), false), (String::new(), false)]
        }
        _ if schema["format"] == "date-time" => {
            vec![("2026-11-22T08:30:00.123Z".to_owned(), true), ("2026-11-22".to_owned(), false)]
        }
        // Sealed: only one that was given fits.
        _ if name == "cursor" => vec![("x".to_owned(), false), (String::new(), false)],
        _ => text_cases(schema)
            .into_iter()
            .filter_map(|(value, fits)| Some((value.as_str()?.replace('\0', "%00"), fits)))
            .collect(),
    }
}
