//! What the buyer of a transaction must do, as JSON: `{"REDIRECT": url}`, `{"QR_CODE": content}` or
//! `{"CLIENT_SDK": {name: value}}`.

use std::collections::BTreeMap;

use domain::payment::NextAction;
use serde::{Deserialize, Serialize};

/// The stored form of an action. Its names are those of [`NextAction::kind`].
#[derive(Serialize, Deserialize)]
enum StoredAction {
    #[serde(rename = "REDIRECT")]
    Redirect(String),
    #[serde(rename = "QR_CODE")]
    QrCode(String),
    #[serde(rename = "CLIENT_SDK")]
    ClientSdk(BTreeMap<String, String>),
}

pub(in crate::sql) fn format_action(action: &NextAction) -> String {
    let stored = match action.clone() {
        NextAction::Redirect { url } => StoredAction::Redirect(url),
        NextAction::QrCode { content } => StoredAction::QrCode(content),
        NextAction::ClientSdk { parameters } => StoredAction::ClientSdk(parameters),
    };
    // Texts and maps of texts can always be written. An empty content would be unreadable, and lose only the action.
    serde_json::to_string(&stored).unwrap_or_default()
}

/// Parses what [`format_action`] wrote; `None` for any other text.
pub(super) fn parse_action(content: &str) -> Option<NextAction> {
    Some(match serde_json::from_str(content).ok()? {
        StoredAction::Redirect(url) => NextAction::Redirect { url },
        StoredAction::QrCode(content) => NextAction::QrCode { content },
        StoredAction::ClientSdk(parameters) => NextAction::ClientSdk { parameters },
    })
}
