//! Stripe: payments by PaymentIntents, with refunds and disputes.
//!
//! A charge creates and confirms a PaymentIntent in one request. Its metadata have our transaction id and order
//! number, so that every answer and notice names them. Requests have idempotency keys that are derived from our ids,
//! and are sent again with the same key when an answer is lost. `docs/gateways/stripe.md` has the set-up and the
//! table of errors.

mod amount;
mod answers;
mod api;
mod config;
mod lookup;
mod masking;
mod notice;
mod object;
mod operations;
mod refunds;
mod requests;
mod signature;
mod statement;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{GatewayName, Money, RefundId, Timestamp, payment::CaptureMethod};
use ports::{
    Acknowledgement, Answer, AttemptLog, Charge, Clock, Gateway, GatewayCheck, InvalidSignature, Lookup,
    LookupAnswer, LookupSubject, NoResponse, Notice, NoticeHeaders, ParsedNotice, Statement, StatementFaults,
    Unsupported,
};

use api::{ApiError, Refusal, StripeApi};
use config::NAME;
use lookup::Finding;
use object::{StripeObject, read_object};
use signature::WebhookKeys;

pub use config::{StripeConfig, StripeConfigError, StripeFault};

/// The lifetime of idempotency keys: Stripe removes them after 24 h at the earliest.
const KEY_LIFETIME: Duration = Duration::from_secs(23 * 60 * 60);
/// The reason for which nothing is sent.
const NO_KEY: &str = "IDEM_STRIPE_API_KEY is not set";
/// The reason for a request that was not sent because of its amount.
const NOT_REPRESENTABLE: &str = "Stripe cannot represent this amount";

/// The gateway Stripe.
pub struct Stripe {
    /// `None` without an API key: then only notices are received.
    api: Option<StripeApi>,
    keys: WebhookKeys,
    return_url: Option<String>,
    is_live: bool,
    clock: Arc<dyn Clock>,
}

impl Stripe {
    /// Opens the gateway. It makes no call.
    ///
    /// # Errors
    /// [`StripeConfigError`] with every fault of the configuration.
    pub fn open(config: StripeConfig, clock: Arc<dyn Clock>) -> Result<Self, StripeConfigError> {
        let mut faults = config.find_faults();
        let key = config.api_key.clone().unwrap_or_else(|| "sk_".into());
        // The address is checked also if it is not used, so that its fault is not found only with the key.
        let api = StripeApi::new(&key, &config.api_base, Arc::clone(&clock));
        let api = api.inspect_err(|_| {
            let text = "must be https://host[:port][/path], or http:// to an address of this machine";
            faults.push(StripeFault { setting: "IDEM_STRIPE_API_BASE", text });
        });
        match api {
            Ok(api) if faults.is_empty() => Ok(Self {
                api: config.api_key.is_some().then_some(api),
                keys: WebhookKeys::new(&config.webhook_secrets),
                is_live: config.is_live_mode() == Some(true),
                return_url: config.return_url,
                clock,
            }),
            Ok(_) | Err(_) => Err(StripeConfigError { faults }),
        }
    }

    fn require_api(&self) -> Result<&StripeApi, NoResponse> {
        self.api.as_ref().ok_or_else(|| NoResponse::unavailable(NO_KEY))
    }
}

#[async_trait]
impl Gateway for Stripe {
    fn name(&self) -> GatewayName {
        GatewayName::new(NAME.to_owned())
    }

    fn accepts_token(&self, token: &str) -> bool {
        self.api.is_some() && requests::is_token(token)
    }

    fn supports(&self, amount: Money, _: CaptureMethod) -> Result<(), Unsupported> {
        amount::to_units(amount).map(|_| ())
    }

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    async fn charge(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let api = self.require_api()?;
        if !requests::is_token(charge.token.expose_secret()) {
            let refusal = Refusal::unsent("the token is not one of Stripe", self.clock.now());
            return Ok(answers::refused_charge(&charge, &refusal).into());
        }
        let Ok(units) = amount::to_units(charge.amount) else {
            let refusal = Refusal::unsent(NOT_REPRESENTABLE, self.clock.now());
            return Ok(answers::refused_charge(&charge, &refusal).into());
        };
        let call = requests::charge(&charge, units, self.return_url.as_deref());
        match api.call(&call, log).await {
            Ok(reply) if !reply.is_replayed => {
                read_object(&reply.body, |it| answers::intent_answer(&charge, it, reply.answered_at))
            }
            // A replayed answer is as old as the first request, and the buyer may have acted since.
            Ok(reply) => {
                let reference = read_object(&reply.body, |it| answers::reference(it.text("id")))?;
                self.current_answer(api, &Charge { reference, ..charge }, log).await
            }
            Err(ApiError::Refused(refusal)) if refusal.is_about_credentials() => Err((*refusal).into()),
            // The key was used with other parameters, so that request may have made the payment.
            Err(ApiError::Refused(refusal)) if refusal.is_about_key() => {
                self.current_answer(api, &charge, log).await
            }
            Err(ApiError::Refused(refusal)) => Ok(answers::refused_charge(&charge, &refusal).into()),
            Err(ApiError::NoResponse(error)) => Err(error),
        }
    }

    async fn look_up(&self, lookup: Lookup, log: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
        let Some(api) = &self.api else { return Ok(LookupAnswer::CannotTell) };
        let charge = &lookup.charge;
        let finding = match &lookup.subject {
            LookupSubject::Payment => api.find_intent(charge, self.clock.now(), log).await?,
            LookupSubject::Refund { id, reference, .. } => match self.find_reference(api, charge, log).await?
            {
                Some(intent) => api.find_refund(&intent, id, reference.as_ref(), log).await?,
                None => Finding::CannotTell,
            },
        };
        let is_refund = matches!(lookup.subject, LookupSubject::Refund { .. });
        match finding {
            Finding::Found(object, at) if is_refund => {
                read_object(&object, |it| refunds::found_refund(charge, it, at))
            }
            Finding::Found(object, at) => {
                let intent = StripeObject::from_value(&object).ok_or(NoResponse::Lost)?;
                self.found_payment(api, charge, intent, at, log).await
            }
            Finding::Unknown => Ok(LookupAnswer::Unknown),
            Finding::CannotTell => Ok(LookupAnswer::CannotTell),
        }
    }

    async fn capture(&self, charge: Charge, amount: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let units = amount::to_units(amount).ok();
        let build = |intent: &str| units.map(|it| requests::capture(&charge, intent, it));
        self.change_authorization(&charge, build, log).await
    }

    async fn void(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        let build = |intent: &str| Some(requests::void(&charge, intent));
        self.change_authorization(&charge, build, log).await
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let api = self.require_api()?;
        let reference = self.find_reference(api, &charge, log).await?.ok_or(NoResponse::Lost)?;
        let charge = Charge { reference: answers::reference(Some(&reference)), ..charge };
        let Ok(units) = amount::to_units(amount) else {
            let refusal = Refusal::unsent(NOT_REPRESENTABLE, self.clock.now());
            return Ok(refunds::refuse_refund(&refusal));
        };
        let result = api.call(&requests::refund(&charge, &reference, &refund, units), log).await;
        self.refund_result(&charge, &refund, result, log).await
    }

    fn verify_notice(
        &self,
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        self.keys.verify_notice(headers, body, now)?;
        Ok(notice::read_notice(body))
    }

    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
        notice::parse_notice(notice, received_at, self.is_live)
    }

    async fn check(&self, log: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
        let Some(api) = &self.api else {
            return Ok(GatewayCheck::Ready(format!("It only receives notices: {NO_KEY}.")));
        };
        match api.call(&requests::retrieve_balance(), log).await {
            Ok(reply) => {
                let live = StripeObject::from_value(&reply.body).and_then(|it| it.bool("livemode"));
                let mode = match live {
                    Some(true) => "Live mode: payments move money.",
                    Some(false) => "Test mode: payments move no money.",
                    None => "The API key is accepted; Stripe does not say of which mode it is.",
                };
                Ok(GatewayCheck::Ready(mode.to_owned()))
            }
            Err(ApiError::Refused(refusal)) => Ok(GatewayCheck::Refused(refusal.reason())),
            Err(ApiError::NoResponse(error)) => Err(error),
        }
    }

    fn acknowledge(&self, duplicate: bool) -> Acknowledgement {
        let body = format!(r#"{{"received":true,"duplicate":{duplicate}}}"#);
        Acknowledgement { status: 200, content_type: "application/json", body }
    }

    fn parse_statement(&self, file: &[u8]) -> Result<Statement, StatementFaults> {
        statement::parse_statement(file)
    }
}
