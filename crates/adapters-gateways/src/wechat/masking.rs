//! The members that are hidden in stored requests, answers and notices.

use crate::masking::{MaskRules, mask_body};

/// Nothing is an amount in decimals: all amounts are numbers of fen.
pub(super) const RULES: MaskRules = MaskRules {
    within: None,
    ids: &["id", "appid", "mchid", "out_trade_no", "transaction_id", "out_refund_no", "refund_id", "attach"],
    amounts: &[],
    hidden: &[
        // Personal data: the buyer's id and devices, and the account that a refund went to.
        "openid",
        "sub_openid",
        "payer_client_ip",
        "device_id",
        "user_received_account",
        "bank_account",
        // With these a payment can be made, so they belong to the buyer alone.
        "code_url",
        "prepay_id",
        // Error answers repeat the beginning of the signed text, which has the body.
        "truncated_sign_message",
        "ciphertext",
        // Error answers repeat the value of the member that is wrong, such as an openid (`detail`).
        "value",
    ],
    only: &[],
};

/// Masks an answer for the record of attempts.
pub(super) fn mask_answer(body: &[u8]) -> String {
    mask_body(body, &RULES)
}
