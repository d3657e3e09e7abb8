//! Alipay (支付宝) in mainland China: payments by QR code, page, mobile page and app, in CNY.
//!
//! The buyer pays at Alipay, so a charge has no result at once: it gives the buyer something to do, and the
//! result comes with a notice or a lookup. Only a QR code needs a call; the other ways are signed addresses,
//! which Alipay sees when the buyer opens them. `docs/gateways/alipay.md` has the tables of states and errors.

mod answers;
mod api;
mod china_time;
mod config;
mod events;
mod expiry;
mod masking;
mod methods;
mod notice;
mod parameters;
mod products;
mod refunds;
mod requests;
mod signature;
mod statement;
#[cfg(test)]
mod testing;
mod trades;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    GatewayName, Money, RefundId, Timestamp,
    payment::{CaptureMethod, NextAction},
};
use ports::{
    Acknowledgement, Answer, AttemptLog, Charge, Clock, Gateway, GatewayCheck, InvalidSignature, Lookup,
    LookupAnswer, LookupSubject, NoResponse, Notice, NoticeHeaders, ParsedNotice, Statement, StatementFaults,
    Unsupported,
};
use serde_json::json;

use answers::{CNY, TRADE_NOT_EXIST};
use api::{Api, ApiError};
use config::{NAME, Settings};
use expiry::{Phase, phase_at};
use methods::Method;
use products::Product;

use crate::lookup_capture::capture_by_lookup;

pub use config::{AlipayConfig, AlipayConfigError, AlipayConfigFault};

/// How long a request may be repeated. Alipay documents no end: our id of a payment is unique there forever,
/// and a refund of one `out_request_no` is made once. It is shorter than any time in which Alipay refunds.
const KEY_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The smallest amount, in fen: 0.01 yuan.
const FEN_MIN: i64 = 1;
/// The largest amount, in fen: 100,000,000.00 yuan.
const FEN_MAX: i64 = 10_000_000_000;
/// The id of a payment that does not exist: our ids have no underscore.
const NO_PAYMENT: &str = "idem_check";

/// The gateway of Alipay. `Debug` shows no secret.
pub struct Alipay {
    api: Api,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Alipay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alipay").field("settings", &self.api.settings).finish_non_exhaustive()
    }
}

impl Alipay {
    /// Opens the gateway. It connects when it is needed.
    ///
    /// # Errors
    /// [`AlipayConfigError`] with every fault of the configuration.
    pub fn open(config: AlipayConfig, clock: Arc<dyn Clock>) -> Result<Self, AlipayConfigError> {
        let api_fault = |reason: String| AlipayConfigFault { setting: "api_base", reason };
        let base = config::check_api_base(&config.api_base);
        match (Settings::parse(config), base) {
            (Ok(settings), Ok(())) => match Api::new(settings, Arc::clone(&clock)) {
                Ok(api) => Ok(Self { api, clock }),
                Err(error) => Err(AlipayConfigError { faults: vec![api_fault(error.to_string())] }),
            },
            (settings, base) => {
                let mut faults = settings.err().unwrap_or_default();
                faults.extend(base.err().map(|it| api_fault(it.to_string())));
                Err(AlipayConfigError { faults })
            }
        }
    }

    /// Returns what the buyer must do; `None` if it is a QR code, or too late.
    fn next_action(&self, charge: &Charge) -> Option<NextAction> {
        let is_payable = phase_at(charge, self.clock.now()) == Phase::Payable;
        is_payable.then(|| requests::sign_next_action(&self.api.settings, charge)).flatten()
    }
}

#[async_trait]
impl Gateway for Alipay {
    fn name(&self) -> GatewayName {
        GatewayName::new(NAME.to_owned())
    }

    fn accepts_token(&self, token: &str) -> bool {
        Product::parse(token).is_some()
    }

    fn supports(&self, amount: Money, capture_method: CaptureMethod) -> Result<(), Unsupported> {
        if capture_method == CaptureMethod::Manual {
            Err(Unsupported::CaptureMethod)
        } else if amount.currency().code() != CNY {
            Err(Unsupported::Currency)
        } else if (FEN_MIN..=FEN_MAX).contains(&amount.minor_units()) {
            Ok(())
        } else {
            Err(Unsupported::Amount)
        }
    }

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    async fn charge(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        // Too late to begin: whether an earlier attempt was paid is for a lookup to tell.
        if phase_at(&charge, self.clock.now()) != Phase::Payable {
            return Ok(Answer::Accepted { reference: None, next_action: None });
        }
        match self.next_action(&charge) {
            Some(action) => Ok(Answer::Accepted { reference: None, next_action: Some(action) }),
            None => self.create_qr_code(&charge, log).await,
        }
    }

    async fn look_up(&self, lookup: Lookup, log: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
        match &lookup.subject {
            LookupSubject::Payment => self.find_payment(&lookup.charge, log).await,
            LookupSubject::Refund { id, amount, .. } => {
                self.find_refund(&lookup.charge, id, *amount, log).await
            }
        }
    }

    async fn capture(&self, charge: Charge, _: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
        capture_by_lookup(self, charge, log).await
    }

    /// Closes a payment that is not paid. It never returns money: `alipay.trade.cancel` would refund a payment
    /// that the buyer has just made, and the service would not know.
    async fn void(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        self.close_payment(&charge, log).await
    }

    async fn refund(
        &self,
        charge: Charge,
        refund: RefundId,
        amount: Money,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        self.request_refund(&charge, &refund, amount, log).await
    }

    fn verify_notice(
        &self,
        _: &NoticeHeaders,
        body: &[u8],
        _: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        notice::verify_notice(&self.api.settings, body)
    }

    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
        notice::parse_notice(&self.api.settings, notice, received_at)
    }

    async fn check(&self, log: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
        match self.api.call(Method::Query, &json!({"out_trade_no": NO_PAYMENT}), log).await {
            Ok(it) if it.reply.is_success() || it.reply.refusal_code() == TRADE_NOT_EXIST => {
                let text = "The application and both keys are right. It takes CNY with the tokens qr, page, \
                            wap and app, as far as the account has signed up for these products.";
                Ok(GatewayCheck::Ready(text.to_owned()))
            }
            Ok(it) => Ok(GatewayCheck::Refused(it.reply.describe())),
            Err(ApiError::Credentials(reason)) => Ok(GatewayCheck::Refused(reason)),
            Err(ApiError::NoResponse(error)) => Err(error),
        }
    }

    fn acknowledge(&self, _: bool) -> Acknowledgement {
        Acknowledgement { status: 200, content_type: "text/plain", body: "success".to_owned() }
    }

    fn parse_statement(&self, file: &[u8]) -> Result<Statement, StatementFaults> {
        statement::parse_statement(file)
    }
}
