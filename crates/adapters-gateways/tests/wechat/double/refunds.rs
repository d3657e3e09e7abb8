//! Refunds of the double.

use domain::Timestamp;
use ports::Clock;
use serde_json::{Value, json};

use super::super::keys::vector;
use super::{Double, Reply, State, beijing, check_members, check_number};

/// A refund.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) status: &'static str,
    request: Value,
    transaction_id: String,
    refund_id: String,
    created_at: Timestamp,
    done_at: Option<Timestamp>,
}

impl Refund {
    /// The refund as answers show it.
    fn describe(&self, number: &str) -> Value {
        let mut content = self.describe_for_notice(number);
        let members = content.as_object_mut().unwrap();
        for name in ["mchid", "refund_status"] {
            members.remove(name);
        }
        content["status"] = self.status.into();
        content["create_time"] = beijing(self.created_at).into();
        content["amount"]["currency"] = "CNY".into();
        content["channel"] = "ORIGINAL".into();
        content
    }

    /// The refund as notices show it: with the merchant, without currency and time of request.
    pub(crate) fn describe_for_notice(&self, number: &str) -> Value {
        let amount = &self.request["amount"];
        let mut content = json!({
            "mchid": vector("merchant_id"), "out_trade_no": self.request["out_trade_no"],
            "transaction_id": self.transaction_id, "out_refund_no": number, "refund_id": self.refund_id,
            "refund_status": self.status, "user_received_account": "招商银行信用卡0403",
            "amount": { "total": amount["total"], "refund": amount["refund"], "payer_refund": 1 },
        });
        if let Some(done_at) = self.done_at {
            content["success_time"] = beijing(done_at).into();
        }
        content
    }
}

impl Double {
    /// Ends a refund that was accepted.
    pub(crate) fn end_refund(&self, number: &str, status: &'static str) {
        let now = self.clock.now();
        let mut state = self.state();
        let refund = state.refunds.get_mut(number).unwrap();
        refund.status = status;
        refund.done_at = refund.done_at.or((status == "SUCCESS").then_some(now));
    }
}

impl State {
    pub(super) fn begin_refund(&mut self, body: &Value, now: Timestamp) -> Result<Reply, String> {
        check_members(body, &["out_trade_no", "out_refund_no", "notify_url", "amount"])?;
        check_members(&body["amount"], &["refund", "total", "currency"])?;
        let number = check_number(&body["out_refund_no"], 64)?;
        if let Some(known) = self.refunds.get(&number) {
            let is_same = known.request == *body;
            let again = || Reply::done(&known.describe(&number));
            return Ok(if is_same { again() } else { Reply::error(400, "INVALID_REQUEST") });
        }
        let trade_number = check_number(&body["out_trade_no"], 32)?;
        let trade = self.trades.get(&trade_number).filter(|it| matches!(it.state, "SUCCESS" | "REFUND"));
        let Some(trade) = trade else { return Ok(Reply::error(404, "RESOURCE_NOT_EXISTS")) };
        let total = &trade.request["amount"]["total"];
        (body["amount"]["total"] == *total && body["amount"]["currency"] == "CNY")
            .then_some(())
            .ok_or("another total or currency")?;
        let fen = |it: &Value| it["amount"]["refund"].as_u64().unwrap_or_default();
        let others = self.refunds.values().filter(|it| it.status != "CLOSED");
        let others = others.map(|it| &it.request).filter(|it| it["out_trade_no"] == body["out_trade_no"]);
        if fen(body) == 0 || Some(others.map(fen).sum::<u64>() + fen(body)) > total.as_u64() {
            return Ok(Reply::error(400, "INVALID_REQUEST"));
        }
        let transaction_id = trade.transaction_id.clone();
        let count = self.next_number();
        let refund = Refund {
            status: "PROCESSING",
            request: body.clone(),
            transaction_id,
            refund_id: format!("503003098820261122{count:011}"),
            created_at: now,
            done_at: None,
        };
        self.trades.entry(trade_number).and_modify(|it| it.state = "REFUND");
        let reply = Reply::done(&refund.describe(&number));
        self.refunds.insert(number, refund);
        Ok(reply)
    }

    pub(super) fn query_refund(&self, number: &str) -> Reply {
        let found = self.refunds.get(number);
        found.map_or_else(|| Reply::error(404, "RESOURCE_NOT_EXISTS"), |it| Reply::done(&it.describe(number)))
    }
}
