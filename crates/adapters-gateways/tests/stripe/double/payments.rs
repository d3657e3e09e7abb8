//! Payment intents, charges and refunds of the double.

use serde_json::{Value, json};

use super::{
    State,
    answers::{ApiResult, Failure},
};

type Pairs = [(String, String)];

const INTENT_PARAMETERS: &[&str] = &[
    "amount",
    "currency",
    "confirm",
    "capture_method",
    "metadata[transaction_id]",
    "metadata[order_number]",
    "automatic_payment_methods[enabled]",
    "automatic_payment_methods[allow_redirects]",
    "use_stripe_sdk",
    "return_url",
    "payment_method",
    "payment_method_data[type]",
    "payment_method_data[card][token]",
    "expand[]",
];
const REFUND_PARAMETERS: &[&str] = &[
    "payment_intent",
    "amount",
    "metadata[refund_id]",
    "metadata[transaction_id]",
    "metadata[order_number]",
];

fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
}

fn number(pairs: &Pairs, name: &str) -> Option<i64> {
    value(pairs, name)?.parse().ok()
}

fn invalid(code: &str, message: &str) -> Failure {
    Failure::new(400, "invalid_request_error", code, message)
}

fn metadata(pairs: &Pairs) -> Value {
    let inner = pairs.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned(), json!(value)))
    });
    Value::Object(inner.collect())
}

impl State {
    /// Refuses parameters that the reference does not name, and those that are sent twice.
    fn check_names(&mut self, pairs: &Pairs, known: &[&str]) -> Result<(), Failure> {
        for (name, _) in pairs {
            let count = pairs.iter().filter(|(it, _)| it == name).count();
            if !known.contains(&name.as_str()) || count > 1 {
                self.complaints.push(format!("unknown or repeated parameter {name}"));
                return Err(invalid("parameter_unknown", "Received unknown parameter"));
            }
        }
        Ok(())
    }

    pub(super) fn create_intent(&mut self, form: &Pairs) -> ApiResult {
        self.check_names(form, INTENT_PARAMETERS)?;
        let amount =
            number(form, "amount").ok_or_else(|| invalid("parameter_invalid_integer", "Invalid integer"))?;
        if amount < 50 {
            return Err(invalid("amount_too_small", "Amount must convert to at least 50 cents."));
        }
        if value(form, "confirm") != Some("true")
            || value(form, "payment_method").is_none()
                == value(form, "payment_method_data[card][token]").is_none()
        {
            self.complaints.push("a charge confirms with one payment method".to_owned());
        }
        let token =
            value(form, "payment_method").or(value(form, "payment_method_data[card][token]")).unwrap_or("");
        if token.ends_with("missing") {
            let mut failure = invalid("resource_missing", &format!("No such PaymentMethod: '{token}'"));
            failure.more = json!({"param": "payment_method"});
            return Err(failure);
        }
        let id = self.next_id("pi");
        let mut intent = json!({
            "id": id, "object": "payment_intent", "amount": amount, "amount_capturable": 0, "amount_received": 0,
            "canceled_at": null, "cancellation_reason": null, "capture_method": value(form, "capture_method"),
            "client_secret": format!("{id}_secret_hidden"), "created": self.now, "currency": value(form, "currency"),
            "customer": null, "last_payment_error": null, "latest_charge": null, "livemode": false,
            "metadata": metadata(form), "next_action": null, "payment_method": token, "status": "processing",
        });
        self.emit("payment_intent.created", &intent);
        let declined = self.confirm(&mut intent, token, value(form, "return_url"));
        self.intents.push(intent.clone());
        declined?;
        Ok(self.expand(intent))
    }

    /// Confirms an intent by its token.
    fn confirm(&mut self, intent: &mut Value, token: &str, return_url: Option<&str>) -> Result<(), Failure> {
        if token.contains("authenticationRequired") {
            intent["status"] = json!("requires_action");
            intent["next_action"] = match return_url {
                Some(_) => json!({"type": "redirect_to_url",
                    "redirect_to_url": {"url": "https://hooks.stripe.com/3d_secure_2/hidden", "return_url": return_url}}),
                None => {
                    json!({"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}})
                }
            };
            self.emit("payment_intent.requires_action", intent);
        } else if token.contains("usBankAccount") {
            self.emit("payment_intent.processing", intent);
        } else if token.contains("chargeDeclined") {
            return Err(self.decline(intent));
        } else {
            self.succeed(intent);
        }
        Ok(())
    }

    /// The issuer approves: the money is captured, or held for a manual capture.
    pub(crate) fn succeed(&mut self, intent: &mut Value) {
        let id = self.next_id("ch");
        let is_manual = intent["capture_method"] == "manual";
        let charge = json!({
            "id": id, "object": "charge", "amount": intent["amount"], "captured": !is_manual, "created": self.now,
            "authorization_code": "231812", "billing_details": {"email": "ada@example.com"},
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242", "exp_year": 2034}},
            "refunded": false, "status": "succeeded", "metadata": intent["metadata"], "payment_intent": intent["id"],
        });
        intent["latest_charge"] = json!(id);
        (intent["next_action"], intent["last_payment_error"]) = (Value::Null, Value::Null);
        self.emit("charge.succeeded", &charge);
        self.charges.insert(id, charge);
        if is_manual {
            (intent["status"], intent["amount_capturable"]) =
                (json!("requires_capture"), intent["amount"].clone());
            self.emit("payment_intent.amount_capturable_updated", intent);
        } else {
            (intent["status"], intent["amount_received"]) = (json!("succeeded"), intent["amount"].clone());
            self.emit("payment_intent.succeeded", intent);
        }
    }

    fn decline(&mut self, intent: &mut Value) -> Failure {
        let card = json!({"id": "pm_hidden", "object": "payment_method", "type": "card",
            "billing_details": {"name": "Ada Lovelace"}, "card": {"brand": "visa", "last4": "0341"}});
        let error = json!({"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
            "message": "Your card has insufficient funds.", "payment_method": card});
        intent["status"] = json!("requires_payment_method");
        intent["last_payment_error"] = error;
        let id = self.next_id("ch");
        let charge = json!({"id": id, "object": "charge", "created": self.now, "status": "failed",
            "payment_method_details": {"card": {"brand": "visa", "last4": "0341"}}, "metadata": intent["metadata"]});
        intent["latest_charge"] = json!(id);
        self.emit("charge.failed", &charge);
        self.charges.insert(id, charge);
        self.emit("payment_intent.payment_failed", intent);
        let mut failure =
            Failure::new(402, "card_error", "card_declined", "Your card has insufficient funds.");
        failure.more =
            json!({"decline_code": "insufficient_funds", "payment_intent": intent, "payment_method": card});
        failure
    }

    fn expand(&self, mut intent: Value) -> Value {
        if let Some(charge) = intent["latest_charge"].as_str().and_then(|it| self.charges.get(it)) {
            intent["latest_charge"] = charge.clone();
        }
        intent
    }

    fn position(&self, id: &str) -> Result<usize, Failure> {
        let found = self.intents.iter().position(|it| it["id"] == id);
        found.ok_or_else(|| {
            Failure::new(404, "invalid_request_error", "resource_missing", "No such payment_intent")
        })
    }

    fn check_operations(&self) -> Result<(), Failure> {
        let refusal = || invalid("amount_too_small", "Amount must convert to at least 50 cents.");
        if self.refuses_operations { Err(refusal()) } else { Ok(()) }
    }

    /// Changes an intent, which is in this state.
    pub(crate) fn change_intent(&mut self, at: usize, change: impl FnOnce(&mut Self, &mut Value)) -> Value {
        let mut intent = self.intents[at].clone();
        change(self, &mut intent);
        self.intents[at] = intent.clone();
        intent
    }

    pub(super) fn capture_intent(&mut self, id: &str, form: &Pairs) -> ApiResult {
        self.check_names(form, &["amount_to_capture", "expand[]"])?;
        let at = self.position(id)?;
        self.check_operations()?;
        let intent = &self.intents[at];
        let amount = number(form, "amount_to_capture").unwrap_or_default();
        if intent["status"] != "requires_capture" {
            return Err(invalid(
                "payment_intent_unexpected_state",
                "This PaymentIntent could not be captured",
            ));
        }
        if amount < 1 || amount > intent["amount"].as_i64().unwrap() {
            return Err(invalid("amount_too_large", "You can only capture what is authorised"));
        }
        let changed = self.capture(at, amount);
        Ok(self.expand(changed))
    }

    /// Captures a part of an intent, and releases the rest.
    pub(crate) fn capture(&mut self, at: usize, amount: i64) -> Value {
        self.change_intent(at, |state, it| {
            (it["status"], it["amount_capturable"]) = (json!("succeeded"), json!(0));
            it["amount_received"] = json!(amount);
            state.emit("payment_intent.succeeded", it);
            let rest = it["amount"].as_i64().unwrap() - amount;
            if rest > 0 {
                state.emit_release(it, rest);
            }
        })
    }

    /// Money that was only held is released by a refund in versions of the API before 2025-03-31.
    fn emit_release(&mut self, intent: &Value, amount: i64) {
        let refund = json!({"id": self.next_id("re"), "object": "refund", "amount": amount,
            "charge": intent["latest_charge"], "currency": intent["currency"], "payment_intent": intent["id"],
            "status": "succeeded", "metadata": {}, "reason": null, "balance_transaction": self.release_transaction});
        self.emit("refund.created", &refund);
    }

    pub(super) fn cancel_intent(&mut self, id: &str, form: &Pairs) -> ApiResult {
        self.check_names(form, &["expand[]"])?;
        let at = self.position(id)?;
        self.check_operations()?;
        if std::mem::take(&mut self.pays_at_cancellation) {
            self.change_intent(at, |state, it| state.succeed(it));
        }
        if matches!(self.intents[at]["status"].as_str(), Some("succeeded" | "canceled" | "processing")) {
            return Err(invalid("payment_intent_unexpected_state", "You cannot cancel this PaymentIntent"));
        }
        let changed = self.cancel(at, "requested_by_customer");
        Ok(self.expand(changed))
    }

    /// Cancels an intent for this reason; what was held is released.
    pub(crate) fn cancel(&mut self, at: usize, reason: &str) -> Value {
        self.change_intent(at, |state, it| {
            (it["status"], it["amount_capturable"]) = (json!("canceled"), json!(0));
            (it["canceled_at"], it["cancellation_reason"]) = (json!(state.now), json!(reason));
            it["next_action"] = Value::Null;
            if !it["latest_charge"].is_null() {
                state.emit_release(it, it["amount"].as_i64().unwrap());
            }
            state.emit("payment_intent.canceled", it);
        })
    }

    pub(super) fn create_refund(&mut self, form: &Pairs) -> ApiResult {
        self.check_names(form, REFUND_PARAMETERS)?;
        let at = self.position(value(form, "payment_intent").unwrap_or(""))?;
        let (intent, amount) = (self.intents[at].clone(), number(form, "amount").unwrap_or_default());
        let of_intent = self.refunds.iter().filter(|it| it["payment_intent"] == intent["id"]);
        let returned: i64 =
            of_intent.filter(|it| it["status"] != "failed").map(|it| it["amount"].as_i64().unwrap()).sum();
        let left = intent["amount_received"].as_i64().unwrap() - returned;
        if left == 0 {
            return Err(invalid("charge_already_refunded", "Charge has already been refunded."));
        }
        if amount < 1 || amount > left {
            return Err(invalid("", "Refund amount is greater than unrefunded amount on charge"));
        }
        let status = if self.slow_refunds { "pending" } else { "succeeded" };
        let transaction = (!self.slow_refunds).then_some("txn_1");
        let refund = json!({
            "id": self.next_id("re"), "object": "refund", "amount": amount, "balance_transaction": transaction,
            "charge": intent["latest_charge"], "created": self.now, "currency": intent["currency"],
            "metadata": metadata(form), "payment_intent": intent["id"], "status": status,
        });
        self.refunds.push(refund.clone());
        self.emit("refund.created", &refund);
        Ok(refund)
    }

    pub(super) fn retrieve_intent(&mut self, id: &str, query: &Pairs) -> ApiResult {
        self.check_names(query, &["expand[]"])?;
        let at = self.position(id)?;
        Ok(self.expand(self.intents[at].clone()))
    }

    pub(super) fn retrieve_refund(&mut self, id: &str) -> ApiResult {
        let found = self.refunds.iter().find(|it| it["id"] == id).cloned();
        found.ok_or_else(|| Failure::new(404, "invalid_request_error", "resource_missing", "No such refund"))
    }

    pub(super) fn list_intents(&mut self, query: &Pairs) -> ApiResult {
        let names = ["created[gte]", "created[lte]", "limit", "starting_after"];
        self.check_names(query, &names)?;
        let (from, to) = (number(query, "created[gte]").unwrap(), number(query, "created[lte]").unwrap());
        let within = |it: &&Value| (from..=to).contains(&it["created"].as_i64().unwrap());
        let all: Vec<_> = self.intents.iter().filter(within).cloned().collect();
        let mut page = self.page(all, query);
        if self.has_long_lists {
            page["text"] = json!("x".repeat(1024 * 1024));
        }
        Ok(page)
    }

    pub(super) fn search_intents(&mut self, query: &Pairs) -> ApiResult {
        self.check_names(query, &["query", "limit"])?;
        let text = value(query, "query").unwrap_or("");
        let id = text.strip_prefix("metadata['transaction_id']:'").and_then(|it| it.strip_suffix('\''));
        let found = self.intents.iter().filter(|it| it["metadata"]["transaction_id"].as_str() == id);
        let found: Vec<_> = found.filter(|_| self.has_search).cloned().collect();
        Ok(json!({"object": "search_result", "data": found, "has_more": false}))
    }

    pub(super) fn list_refunds(&mut self, query: &Pairs) -> ApiResult {
        self.check_names(query, &["payment_intent", "limit", "starting_after"])?;
        let of = value(query, "payment_intent").unwrap_or("");
        let all = self.refunds.iter().filter(|it| it["payment_intent"] == of).cloned().collect();
        Ok(self.page(all, query))
    }

    /// A page of a list, newest first.
    fn page(&self, mut all: Vec<Value>, query: &Pairs) -> Value {
        all.reverse();
        let after = value(query, "starting_after");
        let skipped = after.map_or(0, |id| 1 + all.iter().position(|it| it["id"] == id).unwrap());
        let size = self.page_max.min(number(query, "limit").unwrap().try_into().unwrap());
        let has_more = all.len() > skipped + size;
        let data: Vec<_> = all.into_iter().skip(skipped).take(size).collect();
        json!({"object": "list", "data": data, "has_more": has_more})
    }
}
