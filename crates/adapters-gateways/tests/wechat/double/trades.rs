//! Trades of the double.

use domain::Timestamp;
use serde_json::{Value, json};

use super::super::keys::vector;
use super::{Double, Reply, State, beijing, check_members, check_merchant, check_number};
use ports::Clock;

/// A trade.
#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) state: &'static str,
    pub(crate) request: Value,
    product: String,
    /// What the answer to the request says.
    answer: Value,
    /// WeChat Pay's own number, which a paid trade has.
    pub(crate) transaction_id: String,
    paid_at: Option<Timestamp>,
}

impl Trade {
    /// The trade as queries and notices show it. Only a paid trade shows more than its state.
    pub(crate) fn describe(&self, number: &str) -> Value {
        let mut content = json!({
            "appid": self.request["appid"], "mchid": self.request["mchid"], "out_trade_no": number,
            "trade_type": self.product.to_uppercase(), "trade_state": self.state, "trade_state_desc": "状态",
            "amount": { "total": self.request["amount"]["total"], "currency": "CNY" },
        });
        if let Some(paid_at) = self.paid_at {
            content["transaction_id"] = self.transaction_id.clone().into();
            content["attach"] = self.request["attach"].clone();
            content["success_time"] = beijing(paid_at).into();
            content["bank_type"] = "CMC_DEBIT".into();
            content["payer"] = json!({ "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" });
            content["amount"]["payer_total"] = 1.into();
        }
        content
    }
}

impl Double {
    /// The buyer pays, if that is possible.
    pub(crate) fn pay(&self, number: &str) {
        let now = self.clock.now();
        let mut state = self.state();
        if let Some(trade) = state.trades.get_mut(number).filter(|it| it.state == "NOTPAY") {
            trade.state = "SUCCESS";
            trade.paid_at = Some(now);
        }
    }

    /// Sets the state of a trade.
    pub(crate) fn set_trade_state(&self, number: &str, to: &'static str) {
        self.state().trades.get_mut(number).unwrap().state = to;
    }
}

impl State {
    pub(super) fn begin_trade(
        &mut self,
        product: &str,
        body: &Value,
        now: Timestamp,
    ) -> Result<Reply, String> {
        let mut members = vec![
            "appid",
            "mchid",
            "description",
            "out_trade_no",
            "time_expire",
            "notify_url",
            "attach?",
            "amount",
        ];
        members.extend((product == "jsapi").then_some("payer"));
        check_members(body, &members)?;
        check_members(&body["amount"], &["total", "currency"])?;
        check_merchant(body)?;
        let number = check_number(&body["out_trade_no"], 32)?;
        let is_ours = body["appid"] == vector("app_id") && body["amount"]["currency"] == "CNY";
        is_ours.then_some(()).ok_or("another appid or currency")?;
        (body["amount"]["total"].as_u64() >= Some(1)).then_some(()).ok_or("no total")?;
        let ends: jiff::Timestamp =
            body["time_expire"].as_str().and_then(|it| it.parse().ok()).ok_or("no time_expire")?;
        let is_beijing =
            body["time_expire"].as_str().is_some_and(|it| it.len() == 25 && it.ends_with("+08:00"));
        is_beijing.then_some(()).ok_or("time_expire is not in Beijing time")?;
        (ends.as_millisecond() > now.as_millis()).then_some(()).ok_or("time_expire has passed")?;
        if product == "jsapi" {
            check_members(&body["payer"], &["openid"])?;
        }
        if let Some(known) = self.trades.get(&number) {
            return Ok(match known.state {
                "NOTPAY" if known.request == *body && known.product == product => Reply::done(&known.answer),
                "NOTPAY" => Reply::error(403, "OUT_TRADE_NO_USED"),
                "CLOSED" => Reply::error(400, "ORDER_CLOSED"),
                _ => Reply::error(400, "ORDERPAID"),
            });
        }
        let count = self.next_number();
        let answer = match product {
            "native" => json!({ "code_url": format!("weixin://wxpay/bizpayurl?pr={count}") }),
            _ => json!({ "prepay_id": format!("wx2611221633{count:010}") }),
        };
        let trade = Trade {
            state: "NOTPAY",
            request: body.clone(),
            product: product.to_owned(),
            answer: answer.clone(),
            transaction_id: format!("42000012342026112655{count:08}"),
            paid_at: None,
        };
        self.trades.insert(number, trade);
        Ok(Reply::done(&answer))
    }

    pub(super) fn query_trade(&self, kind: &str, number: &str, query: &str) -> Result<Reply, String> {
        (query == format!("mchid={}", vector("merchant_id")))
            .then_some(())
            .ok_or(format!("the query {query}"))?;
        let is_named = |(own, trade): &(&String, &Trade)| match kind {
            "id" => trade.paid_at.is_some() && trade.transaction_id == number,
            _ => *own == number,
        };
        let found = self.trades.iter().find(is_named);
        Ok(found.map_or_else(
            || Reply::error(404, "ORDER_NOT_EXIST"),
            |(own, trade)| Reply::done(&trade.describe(own)),
        ))
    }

    pub(super) fn close_trade(&mut self, number: &str, body: &Value) -> Result<Reply, String> {
        check_members(body, &["mchid"])?;
        check_merchant(body)?;
        let Some(trade) = self.trades.get_mut(number) else {
            return Ok(Reply::error(404, "ORDER_NOT_EXIST"));
        };
        Ok(match trade.state {
            "NOTPAY" => {
                trade.state = "CLOSED";
                Reply { status: 204, body: String::new() }
            }
            "CLOSED" => Reply::error(400, "ORDER_CLOSED"),
            _ => Reply::error(400, "ORDERPAID"),
        })
    }
}
