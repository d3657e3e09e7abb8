//! What of Stripe's JSON is stored: ids stay whole, and secrets and personal data are hidden.

use crate::masking::{self, MaskRules};

/// What is kept of a card, and of the card to which a refund goes. Stripe adds members for each payment method and
/// wallet, many of which are about people, so these are listed and not those that are hidden.
const CARD_MEMBERS: &[&str] = &[
    "brand",
    "last4",
    "funding",
    "country",
    "network",
    "checks",
    "authorization_code",
    "amount_authorized",
    "capture_before",
    "case_type",
    "network_reason_code",
    "reference",
    "reference_status",
    "reference_type",
    "type",
];

/// The rules for the bodies of answers and of notices.
const MASK_RULES: MaskRules = MaskRules {
    within: None,
    ids: &[
        "id",
        "payment_intent",
        "charge",
        "latest_charge",
        "balance_transaction",
        "failure_balance_transaction",
        "transaction_id",
        "order_number",
        "refund_id",
        "idempotency_key",
    ],
    amounts: &[],
    hidden: &[
        // The client secret is enough to complete the payment, and the next action contains it.
        "client_secret",
        "next_action",
        // The token of the payment method, or the method itself with the name and the address of its owner.
        "payment_method",
        "payment_method_data",
        "source",
        "billing_details",
        "shipping",
        "customer",
        "customer_details",
        "receipt_email",
        "receipt_url",
        "receipt_number",
        "evidence",
        "owner",
        "name",
        "email",
        "phone",
        "address",
        "ip",
        "ip_address",
        "fingerprint",
        "exp_month",
        "exp_year",
        "iin",
        "dynamic_last4",
        "description",
        "return_url",
    ],
    only: &[("payment_method_details", &["type", "card"]), ("card", CARD_MEMBERS)],
};

/// The beginnings of words that stand for a card, a key or a client secret. Stripe's messages repeat the token that
/// it refuses.
const SECRET_PREFIXES: [&str; 6] = ["pm_", "tok_", "card_", "src_", "sk_", "rk_"];
/// The middle of a client secret.
const CLIENT_SECRET: &str = "_secret_";
/// Replaces the rest of such a word.
const MASK: &str = "***";

/// Masks the body of a notice. Its ids stay whole, also those that contain a word like a token.
pub(super) fn mask_notice(body: &[u8]) -> String {
    masking::mask_body(body, &MASK_RULES)
}

/// Masks the body of an answer for the record, which is not read again.
pub(super) fn mask_answer(body: &[u8]) -> String {
    hide_tokens(&mask_notice(body))
}

/// Hides the rest of every word that begins like a token, or that has a client secret in it.
fn hide_tokens(text: &str) -> String {
    let is_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let pieces = text.split_inclusive(|it| !is_word(it));
    let hidden = pieces.map(|piece| {
        let word = piece.trim_end_matches(|it| !is_word(it));
        let rest = piece.get(word.len()..).unwrap_or_default();
        let prefix = SECRET_PREFIXES.into_iter().find(|it| word.len() > it.len() && word.starts_with(it));
        match (prefix, word.split_once(CLIENT_SECRET)) {
            (Some(prefix), _) => format!("{prefix}{MASK}{rest}"),
            (None, Some((id, _))) => format!("{id}{CLIENT_SECRET}{MASK}{rest}"),
            (None, None) => piece.to_owned(),
        }
    });
    hidden.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_the_last_digits_stay_and_secrets_and_people_do_not() {
        let body = br#"{"id":"pi_1","client_secret":"pi_1_secret_x","payment_method":"pm_secret","latest_charge":
            {"id":"ch_1","billing_details":{"email":"ada@example.com"},"payment_method_details":{"card":
            {"brand":"visa","last4":"4242","exp_year":2034,"fingerprint":"f"}}},"next_action":{"redirect_to_url":
            {"url":"https://hooks.stripe.com/secret"}},"metadata":{"transaction_id":"356938035643809"}}"#;
        let masked = mask_answer(body);
        for kept in ["pi_1", "ch_1", "visa", "4242", "356938035643809"] {
            assert!(masked.contains(kept), "{kept}: {masked}");
        }
        for hidden in ["secret", "ada@", "2034", "hooks.stripe.com"] {
            assert!(!masked.replace("client_secret", "").contains(hidden), "{hidden}: {masked}");
        }
    }

    #[test]
    fn of_a_payment_method_only_its_type_and_the_card_are_kept() {
        let body = br#"{"payment_method_details":{"type":"paypal","paypal":{"payer_email":"ada@example.com","payer_name":
            "Ada","verified_email":"ada@example.com"},"cashapp":{"cashtag":"$ada","buyer_id":"ada-7"},"card":{"brand":
            "visa","last4":"4242","wallet":{"type":"apple_pay","verified_name":"Ada"},"later":"Ada"},"link":null}}"#;
        let masked = mask_notice(body);
        for kept in ["paypal", "visa", "4242", r#""link":null"#] {
            assert!(masked.contains(kept), "{kept}: {masked}");
        }
        assert!(!masked.to_lowercase().contains("ada"), "{masked}");
        let odd = mask_notice(br#"{"payment_method_details":["ada"],"card":"ada"}"#);
        assert_eq!(odd, r#"{"card":"***","payment_method_details":"***"}"#);
    }

    #[test]
    fn a_token_in_a_message_is_hidden() {
        let masked =
            mask_answer(br#"{"message":"No such PaymentMethod: 'pm_1Mq'; tok_visa, x_pm_1 pm_ card_1."}"#);
        assert_eq!(masked, r#"{"message":"No such PaymentMethod: 'pm_***'; tok_***, x_pm_1 pm_ card_***."}"#);
        let text = mask_answer(b"Invalid API Key provided: sk_test_1; pi_1_secret_2");
        assert_eq!(text, "Invalid API Key provided: sk_***; pi_1_secret_***");
    }
}
