//! Hides signatures, and everything that identifies the buyer, before anything is recorded.

use crate::masking::{MaskRules, mask_body};

/// The rules for requests, answers and notices alike; their members have the same names.
pub(super) const MASK_RULES: MaskRules = MaskRules {
    within: None,
    ids: &[
        "app_id",
        "auth_app_id",
        "notify_id",
        "out_biz_no",
        "out_request_no",
        "out_trade_no",
        "passback_params",
        "seller_id",
        "trade_no",
    ],
    amounts: &[
        "buyer_pay_amount",
        "invoice_amount",
        "mdiscount_amount",
        "discount_amount",
        "pay_amount",
        "point_amount",
        "receipt_amount",
        "refund_amount",
        "refund_fee",
        "send_back_fee",
        "settle_amount",
        "total_amount",
    ],
    hidden: &[
        "buyer_id",
        "buyer_logon_id",
        "buyer_open_id",
        "buyer_user_id",
        "buyer_user_name",
        "external_payer_info",
        "ext_user_info",
        "open_id",
        "passport_id",
        "payer_logon_id",
        "payer_user_id",
        "seller_email",
        "sign",
        "trans_in",
        "trans_in_email",
        "trans_out",
        "trans_out_email",
    ],
    only: &[],
};

/// Masks the body of an answer for the record.
pub(super) fn mask_answer(body: &[u8]) -> String {
    mask_body(body, &MASK_RULES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_recorded_without_the_buyer_and_the_signature() {
        let answer = br#"{"alipay_trade_query_response":{"code":"10000","buyer_logon_id":"159****5620",
            "buyer_user_id":"2088101117955611","buyer_open_id":"01501o8f93I3nJAGB1jG4ONLtNV4G2QP34gntEyHf3hkOMb",
            "buyer_user_name":"Zhang San","out_trade_no":"6823789339978248","total_amount":"88.88",
            "trade_no":"2013112011001004330000121536","fund_bill_list":[{"fund_channel":"ALIPAYACCOUNT"}]},
            "sign":"ERITJKEIJKJHKKKKKKKHJEREEEEEEEEEEE"}"#;
        let masked = mask_answer(answer);
        for hidden in ["159", "2088101117955611", "01501o8f", "Zhang", "ERITJ"] {
            assert!(!masked.contains(hidden), "{hidden}: {masked}");
        }
        for shown in ["6823789339978248", "\"88.88\"", "2013112011001004330000121536", "ALIPAYACCOUNT"] {
            assert!(masked.contains(shown), "{shown}: {masked}");
        }
    }

    #[test]
    fn times_stay_readable() {
        for second in (0..86_400).step_by(7) {
            let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
            let time = format!("2026-11-26 {hour:02}:{minute:02}:{second:02}");
            let masked = mask_answer(format!(r#"{{"gmt_payment":"{time}"}}"#).as_bytes());
            assert!(masked.contains(&time), "{masked}");
        }
    }
}
