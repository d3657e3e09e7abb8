//! The methods of the double: what Alipay does with a correct request, and which requests are correct.

use domain::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    double::{APP_ID, BUYER_ID, State},
    keys::{self, Form},
};

/// The common parameters of every request.
const COMMON: &[&str] =
    &["app_id", "method", "format", "charset", "sign_type", "sign", "timestamp", "version", "biz_content"];
const PAYMENT: &[&str] = &["out_trade_no", "total_amount", "subject", "passback_params", "time_expire"];

/// Returns the members that a method must and may have, apart from `trade_no` and `out_trade_no`.
fn known_members(method: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match method {
        "alipay.trade.precreate" => (PAYMENT, &[]),
        "alipay.trade.page.pay" | "alipay.trade.app.pay" => (PAYMENT, &["product_code"]),
        "alipay.trade.wap.pay" => (PAYMENT, &["product_code", "quit_url"]),
        "alipay.trade.query" => (&[], &["query_options"]),
        "alipay.trade.close" => (&[], &[]),
        "alipay.trade.refund" => (&["refund_amount", "out_request_no"], &[]),
        "alipay.trade.fastpay.refund.query" => (&["out_request_no"], &["query_options"]),
        _ => return None,
    })
}

/// Checks a request; returns its content.
pub(crate) fn check_request(form: &Form) -> Result<Value, String> {
    let method = form.get("method").ok_or("no method")?;
    let (required, optional) = known_members(method).ok_or("an unknown method")?;
    let known =
        |it: &&String| COMMON.contains(&it.as_str()) || ["notify_url", "return_url"].contains(&it.as_str());
    if let Some(name) = form.keys().find(|it| !known(it)) {
        return Err(format!("an unknown parameter {name}"));
    }
    for (name, expected) in [
        ("app_id", APP_ID),
        ("format", "JSON"),
        ("charset", "utf-8"),
        ("sign_type", "RSA2"),
        ("version", "1.0"),
    ] {
        if form.get(name).map(String::as_str) != Some(expected) {
            return Err(format!("{name} is not {expected}"));
        }
    }
    if form.get("timestamp").is_none_or(|it| it.len() != 19) || form.values().any(String::is_empty) {
        return Err("a parameter is empty".to_owned());
    }
    if !keys::is_signed_by_us(form) {
        return Err("the signature is wrong".to_owned());
    }
    let content: Map<String, Value> =
        serde_json::from_str(&form["biz_content"]).map_err(|_| "the content is no object")?;
    check_members(&content, required, optional)?;
    Ok(Value::Object(content))
}

fn check_members(content: &Map<String, Value>, required: &[&str], optional: &[&str]) -> Result<(), String> {
    let is_known = |it: &&str| {
        ["trade_no", "out_trade_no"].contains(it) || required.contains(it) || optional.contains(it)
    };
    if let Some(name) = content.keys().find(|it| !is_known(&it.as_str())) {
        return Err(format!("an unknown member {name}"));
    }
    if let Some(name) = required.iter().find(|it| !content.contains_key(**it)) {
        return Err(format!("no {name}"));
    }
    let is_id =
        |text: &str| text.len() <= 64 && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    for name in ["trade_no", "out_trade_no", "out_request_no"] {
        if content.get(name).is_some_and(|it| !it.as_str().is_some_and(is_id)) {
            return Err(format!("{name} is no id"));
        }
    }
    for name in ["total_amount", "refund_amount"].into_iter().filter_map(|it| content.get(it)) {
        let amount = name.as_str().unwrap_or_default();
        if amount.split_once('.').is_none_or(|(_, decimals)| decimals.len() != 2) {
            return Err("the amount has not two decimals".to_owned());
        }
    }
    if content.contains_key("trade_no") || content.contains_key("out_trade_no") {
        Ok(())
    } else {
        Err("no payment is named".to_owned())
    }
}

/// Does what a correct request asks for.
pub(crate) fn answer_method(state: &mut State, now: Timestamp, method: &str, content: &Value) -> Value {
    let id = find_trade(state, content);
    match (method, id) {
        ("alipay.trade.precreate", id) => precreate(state, content, id.as_deref()),
        (_, None) => refusal("ACQ.TRADE_NOT_EXIST", "交易不存在"),
        ("alipay.trade.query", Some(id)) => query(state, &id),
        ("alipay.trade.close", Some(id)) => close(state, &id),
        ("alipay.trade.refund", Some(id)) => refund(state, &id, content, &china_time(now)),
        ("alipay.trade.fastpay.refund.query", Some(id)) => query_refund(state, &id, content),
        (other, Some(_)) => panic!("{other} is not called"),
    }
}

/// `trade_no` outranks `out_trade_no`.
fn find_trade(state: &State, content: &Value) -> Option<String> {
    let by_number =
        |number: &str| state.trades.iter().find(|(_, it)| it.number == number).map(|(id, _)| id.clone());
    match content["trade_no"].as_str() {
        Some(number) => by_number(number),
        None => {
            content["out_trade_no"].as_str().filter(|it| state.trades.contains_key(*it)).map(str::to_owned)
        }
    }
}

fn precreate(state: &mut State, content: &Value, existing: Option<&str>) -> Value {
    if let Some(trade) = existing.map(|it| &state.trades[it]) {
        match trade.status {
            "WAIT_BUYER_PAY" if trade.content == *content => {}
            "WAIT_BUYER_PAY" => return refusal("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"),
            "TRADE_CLOSED" => return refusal("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
            _ => return refusal("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
        }
    }
    let id = content["out_trade_no"].as_str().unwrap();
    state.precreated.insert(id.to_owned(), content.clone());
    success(json!({"out_trade_no": id, "qr_code": format!("https://qr.alipay.com/{id}")}))
}

fn query(state: &State, id: &str) -> Value {
    let trade = &state.trades[id];
    let mut answer = success(json!({
        "out_trade_no": id, "trade_no": trade.number, "trade_status": trade.status,
        "total_amount": trade.content["total_amount"], "buyer_logon_id": "159****5620", "buyer_user_id": BUYER_ID,
    }));
    if let Some(at) = &trade.paid_at {
        answer["send_pay_date"] = json!(at);
        answer["fund_bill_list"] = json!([{"fund_channel": "ALIPAYACCOUNT"}]);
    }
    answer
}

fn close(state: &mut State, id: &str) -> Value {
    let trade = state.trades.get_mut(id).unwrap();
    if trade.status != "WAIT_BUYER_PAY" {
        return refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法");
    }
    trade.status = "TRADE_CLOSED";
    success(json!({"out_trade_no": id, "trade_no": trade.number}))
}

fn refund(state: &mut State, id: &str, content: &Value, now: &str) -> Value {
    let is_later = state.refunds_later;
    let trade = state.trades.get_mut(id).unwrap();
    let total = fen(&trade.content["total_amount"]);
    let (request, amount) = (content["out_request_no"].as_str().unwrap(), fen(&content["refund_amount"]));
    let done: i64 = trade.refunds.values().map(|(fen, _)| fen).sum();
    let answer = |change: &str, done: i64| {
        success(
            json!({"out_trade_no": id, "trade_no": trade.number, "fund_change": change, "buyer_user_id": BUYER_ID,
                       "refund_fee": yuan(done), "gmt_refund_pay": now}),
        )
    };
    match trade.refunds.get(request) {
        Some((known, _)) if *known == amount => return answer("N", done),
        Some(_) => return refusal("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致"),
        None => {}
    }
    match trade.status {
        "TRADE_SUCCESS" => {}
        "TRADE_FINISHED" => return refusal("ACQ.TRADE_HAS_FINISHED", "交易已完结"),
        "TRADE_CLOSED" => return refusal("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
        _ => return refusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
    }
    if done + amount > total {
        return refusal("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效");
    }
    if is_later {
        return answer("N", done);
    }
    let answer = answer("Y", done + amount);
    trade.refunds.insert(request.to_owned(), (amount, now.to_owned()));
    if done + amount == total {
        trade.status = "TRADE_CLOSED";
    }
    answer
}

fn query_refund(state: &State, id: &str, content: &Value) -> Value {
    let (trade, request) = (&state.trades[id], content["out_request_no"].as_str().unwrap());
    // A refund that is not done is answered with success, and without a status.
    let Some((amount, at)) = trade.refunds.get(request) else { return success(json!({})) };
    success(json!({
        "out_trade_no": id, "trade_no": trade.number, "out_request_no": request, "refund_amount": yuan(*amount),
        "total_amount": trade.content["total_amount"], "refund_status": "REFUND_SUCCESS", "gmt_refund_pay": at,
    }))
}

fn success(mut members: Value) -> Value {
    (members["code"], members["msg"]) = (json!("10000"), json!("Success"));
    members
}

fn refusal(sub_code: &str, sub_msg: &str) -> Value {
    json!({"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": sub_msg})
}

fn fen(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

pub(crate) fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

pub(crate) fn china_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap();
    jiff::tz::Offset::constant(8).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
