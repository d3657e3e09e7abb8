//! WeChat Pay (微信支付), API v3: Native (a QR code) and JSAPI (in WeChat), in CNY.
//!
//! ```text
//!   charge ──► trade ──► the buyer pays within 30 minutes ──► notice, or query ──► captured
//!                  └──► the end passes unpaid, or the trade is closed        ──► failed
//!   refund ──► accepted ──► notice, or query ──► succeeded, closed, or abnormal
//! ```
//!
//! Our ids are the numbers of trades and refunds (`out_trade_no`, `out_refund_no`), and WeChat Pay does a request
//! with a number once. It never forgets numbers. Requests are signed by the merchant, and an answer that WeChat
//! Pay has not signed is ignored. A refusal of a request is not final: an earlier request with the
//! same number may have been done. So the trade or the refund is looked up before it counts as failed.
//!
//! The page `docs/gateways/wechat.md` has the errors one by one.

mod answers;
mod client;
mod config;
mod errors;
mod masking;
mod notice;
mod payments;
mod refunds;
mod requests;
mod signature;
mod statement;
mod times;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{GatewayName, Money, RefundId, Timestamp, payment::CaptureMethod};
use ports::{
    Acknowledgement, Answer, AttemptLog, Charge, Clock, Gateway, GatewayCheck, InvalidSignature, Lookup,
    LookupAnswer, LookupSubject, NoResponse, Notice, NoticeHeaders, ParsedNotice, Statement, StatementFaults,
    Unsupported,
};

use client::{ApiClient, Reply};
use config::Parts;
use errors::Verdict;
use notice::NoticeOpener;
use requests::Product;

use crate::lookup_capture::capture_by_lookup;

pub use config::{PlatformKey, WECHAT_API_BASE, WeChatConfig, WeChatConfigError};

/// The gateway's name, as it appears in URLs.
const NAME: &str = "wechat";
const CURRENCY: &str = "CNY";
/// How long a request may be repeated. WeChat Pay never forgets a number; a request that was not done for a day
/// is an operator's case.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest body of a notice that is verified, in bytes.
const NOTICE_BYTES_MAX: usize = 64 * 1024;

/// WeChat Pay for one merchant and one application.
pub struct WeChat {
    config: WeChatConfig,
    client: ApiClient,
    opener: NoticeOpener,
}

impl WeChat {
    /// Opens the gateway. It makes no call.
    ///
    /// # Errors
    /// [`WeChatConfigError`] with every fault of the configuration.
    pub fn open(config: WeChatConfig, clock: Arc<dyn Clock>) -> Result<Self, WeChatConfigError> {
        let Parts { client, opener } = config::parse_config(&config, clock)?;
        Ok(Self { config, client, opener })
    }
}

#[async_trait]
impl Gateway for WeChat {
    fn name(&self) -> GatewayName {
        GatewayName::new(NAME.to_owned())
    }

    fn accepts_token(&self, token: &str) -> bool {
        Product::parse(token).is_some()
    }

    fn supports(&self, amount: Money, capture_method: CaptureMethod) -> Result<(), Unsupported> {
        match capture_method {
            CaptureMethod::Manual => Err(Unsupported::CaptureMethod),
            CaptureMethod::Automatic if amount.currency().code() != CURRENCY => Err(Unsupported::Currency),
            CaptureMethod::Automatic if amount.minor_units() < 1 => Err(Unsupported::Amount),
            CaptureMethod::Automatic => Ok(()),
        }
    }

    fn key_lifetime(&self) -> Duration {
        KEY_LIFETIME
    }

    /// A query of a trade has neither its `code_url` nor its `prepay_id`.
    fn states_action_by_charge(&self) -> bool {
        true
    }

    async fn charge(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        self.begin_trade(&charge, log).await
    }

    async fn look_up(&self, lookup: Lookup, log: &AttemptLog) -> Result<LookupAnswer, NoResponse> {
        match &lookup.subject {
            LookupSubject::Payment => self.find_trade(&lookup.charge, log).await,
            LookupSubject::Refund { id, .. } => self.find_refund(&lookup.charge, id, log).await,
        }
    }

    async fn capture(&self, charge: Charge, _: Money, log: &AttemptLog) -> Result<Answer, NoResponse> {
        capture_by_lookup(self, charge, log).await
    }

    /// Closes the trade, so that the buyer can no longer pay. The event is the capture if the buyer has paid.
    async fn void(&self, charge: Charge, log: &AttemptLog) -> Result<Answer, NoResponse> {
        self.close_trade(&charge, log).await
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
        headers: &NoticeHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Notice, InvalidSignature> {
        if body.len() > NOTICE_BYTES_MAX {
            return Err(InvalidSignature);
        }
        let header = |name: &str| headers.get(name).map(String::as_str);
        self.client.platform.verify(header, body, now).map_err(|_| InvalidSignature)?;
        Ok(self.opener.open(body))
    }

    fn parse_notice(&self, notice: &Notice, received_at: Timestamp) -> ParsedNotice {
        notice::parse_notice(notice, received_at)
    }

    /// Asks for a trade that does not exist. The signed answer to that proves the merchant's key and the
    /// platform's. Neither the APIv3 key nor `appid` takes part.
    async fn check(&self, log: &AttemptLog) -> Result<GatewayCheck, NoResponse> {
        let ready = || {
            let id = &self.config.merchant_id;
            format!(
                "Merchant {id}: Native and JSAPI payments in CNY, captured at once. Notices are not checked."
            )
        };
        match self.client.send(&requests::query_nothing(&self.config), log).await {
            Ok(Reply::Done(_)) => Ok(GatewayCheck::Ready(ready())),
            Ok(Reply::Refused(it)) if it.verdict == Verdict::Absent && it.is_signed => {
                Ok(GatewayCheck::Ready(ready()))
            }
            Ok(Reply::Refused(it)) => Ok(GatewayCheck::Refused(it.reason)),
            Err(error) => match client::find_lasting_reason(&error) {
                Some(reason) => Ok(GatewayCheck::Refused(reason)),
                None => Err(error),
            },
        }
    }

    fn acknowledge(&self, _duplicate: bool) -> Acknowledgement {
        Acknowledgement { status: 204, content_type: "text/plain", body: String::new() }
    }

    fn parse_statement(&self, file: &[u8]) -> Result<Statement, StatementFaults> {
        statement::parse_statement(file)
    }
}
