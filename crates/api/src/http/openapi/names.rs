//! Names of schemas as clients see them in generated code.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::walk::{elements_mut, members_mut, reference_to};

/// The prefix that the library gives to a page of a list.
const PAGE: &str = "PageView_";
/// The suffix of types that render an answer.
const VIEW: &str = "View";
/// The member that tells the shapes of a schema apart.
const TAG: &str = "type";

/// Names `OrderView` as `Order`, and its page `OrderPage`, whose elements are references to `Order`.
pub(super) fn shorten_names(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for name in schemas.keys() {
        let short = short_name(name);
        // A name that is taken is left alone: two schemas must never become one.
        if short != *name && !schemas.contains_key(&short) {
            renamed.insert(reference_to(name), reference_to(&short));
        }
    }
    rename_references(document, &renamed);
    let shortened = schemas.into_iter().map(|(name, mut schema)| {
        rename_references(&mut schema, &renamed);
        let is_renamed = renamed.contains_key(&reference_to(&name));
        // The library writes the element out, so that a generated client gets a second type for it.
        if let Some(element) = name.strip_prefix(PAGE) {
            let element = reference_to(element);
            let element = renamed.get(&element).unwrap_or(&element).clone();
            schema["properties"]["data"]["items"] = json!({ "$ref": element });
        }
        (if is_renamed { short_name(&name) } else { name }, schema)
    });
    document["components"]["schemas"] = Value::Object(shortened.collect());
}

/// Gives each shape of a schema that is one of several a name of its own, by the word in its `type`: `NextAction` can be
/// a `NextActionRedirect`. Generators make up names for shapes without one, and some make up one twice.
pub(super) fn name_variants(document: &mut Value) {
    let mut named = Vec::new();
    for (name, schema) in members_mut(&mut document["components"]["schemas"]) {
        let mut mapping = Map::new();
        for variant in elements_mut(schema.get_mut("oneOf")) {
            let Some(word) = variant["properties"][TAG]["enum"][0].as_str().map(str::to_owned) else {
                continue;
            };
            let own = format!("{name}{}", pascal_case(&word));
            mapping.insert(word, json!(reference_to(&own)));
            named.push((own.clone(), std::mem::replace(variant, json!({"$ref": reference_to(&own)}))));
        }
        if !mapping.is_empty() {
            schema["discriminator"] = json!({"propertyName": TAG, "mapping": mapping});
        }
    }
    for (name, variant) in named {
        document["components"]["schemas"][name] = variant;
    }
}

/// Joins the words of a name in capitals: `QR_CODE` as `QrCode`.
fn pascal_case(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters.flat_map(char::to_lowercase)).collect::<String>()
    };
    word.split('_').map(capital).collect()
}

fn short_name(name: &str) -> String {
    let without = |it: &str| it.strip_suffix(VIEW).filter(|it| !it.is_empty()).unwrap_or(it).to_owned();
    name.strip_prefix(PAGE).map_or_else(|| without(name), |element| format!("{}Page", without(element)))
}

fn rename_references(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref")
                && let Some(short) = renamed.get(target)
            {
                target.clone_from(short);
            }
            members.values_mut().for_each(|it| rename_references(it, renamed));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|it| rename_references(it, renamed)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
