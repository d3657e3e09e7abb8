//! Finding payments and refunds at Stripe by our ids, without an effect there.
//!
//! Payments cannot be retrieved by metadata. They are listed by the time of their creation, because a list is up to
//! date, and each page is compared with our id; a period that was read to its end and has no such payment is proof
//! that Stripe did not make it. On a busy account the period may have more payments than are read here. Then the
//! search is asked, whose index is late and not available everywhere: what it finds is there, but what it does not
//! find may be there all the same.

use std::time::Duration;

use domain::{RefundId, Timestamp, payment::GatewayReference};
use ports::{AttemptLog, Charge, NoResponse};
use serde_json::Value;

use super::{
    KEY_LIFETIME,
    answers::is_about,
    api::{ApiError, Reply, StripeApi},
    object::StripeObject,
    requests::{self, ApiCall},
};
use crate::http_client::AnswerTooLong;

/// The largest difference between this clock and Stripe's, and the longest time until a first request arrives.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(10 * 60);
/// The usual difference of the clocks, and the usual time until a first request arrives.
const USUAL_DELAY: Duration = Duration::from_secs(60);
/// The number of pages that one lookup reads. A page of 100 payments takes Stripe up to a second; with two of them,
/// the search and one payment, a lookup fits into the time limit of the call, 5 s.
const PAGES_MAX: usize = 2;

/// The result of a search for one object.
pub(super) enum Finding {
    /// The object, and the time of the answer that states it.
    Found(Value, Timestamp),
    /// There is no such object.
    Unknown,
    /// There may be one.
    CannotTell,
}

/// The result of reading a list.
enum Scan {
    Found(Value, Timestamp),
    /// The list was read to its end.
    Exhausted,
    /// The list is longer than what may be read.
    TooLong,
}

impl StripeApi {
    /// Returns the payment with this reference. `CannotTell` if Stripe does not know it: it existed, so the API key
    /// is that of another account or mode.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub(super) async fn find_known_intent(
        &self,
        reference: &GatewayReference,
        log: &AttemptLog,
    ) -> Result<Finding, NoResponse> {
        let reply = self.read_resource(&requests::retrieve_intent(reference.as_str()), log).await?;
        Ok(reply.map_or(Finding::CannotTell, |it| Finding::Found(it.body, it.answered_at)))
    }

    /// Returns the payment of this charge, by its reference or by our id.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub(super) async fn find_intent(
        &self,
        charge: &Charge,
        now: Timestamp,
        log: &AttemptLog,
    ) -> Result<Finding, NoResponse> {
        if let Some(reference) = &charge.reference {
            return self.find_known_intent(reference, log).await;
        }
        let mut pages = PAGES_MAX;
        for (from, to) in creation_periods(charge.created_at, now) {
            let list = |after: Option<&str>| requests::list_intents(from, to, after);
            let is_ours = |it: StripeObject<'_>| is_about(it, &charge.transaction);
            match self.scan_list(list, is_ours, &mut pages, log).await? {
                // The page has no charges. They are asked for this one payment only, which costs Stripe less time.
                Some(Scan::Found(intent, _)) => return self.refresh_intent(&intent, log).await,
                Some(Scan::Exhausted) => {}
                Some(Scan::TooLong) => return self.search_intent(charge, log).await,
                None => return Ok(Finding::CannotTell),
            }
        }
        Ok(Finding::Unknown)
    }

    /// Asks the search, and retrieves what it finds: the index may be older than the payment's present state.
    async fn search_intent(&self, charge: &Charge, log: &AttemptLog) -> Result<Finding, NoResponse> {
        let Some(search) = requests::search_intents(charge) else { return Ok(Finding::CannotTell) };
        let Some(reply) = self.read_resource(&search, log).await? else { return Ok(Finding::CannotTell) };
        let found = StripeObject::from_value(&reply.body).map(StripeObject::data).unwrap_or_default();
        match found
            .iter()
            .find(|it| StripeObject::from_value(it).is_some_and(|it| is_about(it, &charge.transaction)))
        {
            Some(intent) => self.refresh_intent(intent, log).await,
            None => Ok(Finding::CannotTell),
        }
    }

    /// Retrieves a payment that a list or the search states.
    async fn refresh_intent(&self, intent: &Value, log: &AttemptLog) -> Result<Finding, NoResponse> {
        let id = StripeObject::from_value(intent).and_then(|it| it.text("id"));
        match id.and_then(|it| GatewayReference::parse(it).ok()) {
            Some(reference) => self.find_known_intent(&reference, log).await,
            None => Ok(Finding::CannotTell),
        }
    }

    /// Returns a refund of the payment `intent`, by its reference or by our id.
    ///
    /// # Errors
    /// [`NoResponse`].
    pub(super) async fn find_refund(
        &self,
        intent: &str,
        id: &RefundId,
        reference: Option<&GatewayReference>,
        log: &AttemptLog,
    ) -> Result<Finding, NoResponse> {
        if let Some(reference) = reference {
            let reply = self.read_resource(&requests::retrieve_refund(reference.as_str()), log).await?;
            return Ok(reply.map_or(Finding::CannotTell, |it| Finding::Found(it.body, it.answered_at)));
        }
        let list = |after: Option<&str>| requests::list_refunds(intent, after);
        let is_ours =
            |it: StripeObject<'_>| it.metadata_id("refund_id", RefundId::parse).as_ref() == Some(id);
        Ok(match self.scan_list(list, is_ours, &mut PAGES_MAX.clone(), log).await? {
            Some(Scan::Found(refund, at)) => Finding::Found(refund, at),
            Some(Scan::Exhausted) => Finding::Unknown,
            Some(Scan::TooLong) | None => Finding::CannotTell,
        })
    }

    /// Reads a list page by page, until an object matches or no page is left. `None` if Stripe refuses it.
    async fn scan_list(
        &self,
        list: impl Fn(Option<&str>) -> ApiCall,
        matches: impl Fn(StripeObject<'_>) -> bool,
        pages: &mut usize,
        log: &AttemptLog,
    ) -> Result<Option<Scan>, NoResponse> {
        let mut after: Option<String> = None;
        while *pages > 0 {
            *pages -= 1;
            let reply = match self.read_resource(&list(after.as_deref()), log).await {
                Err(error) if AnswerTooLong::is_cause_of(&error) => return Ok(Some(Scan::TooLong)),
                result => result?,
            };
            let Some(reply) = reply else { return Ok(None) };
            let Some(page) = StripeObject::from_value(&reply.body) else { return Ok(None) };
            let is_match = |it: &&Value| StripeObject::from_value(it).is_some_and(&matches);
            if let Some(found) = page.data().iter().find(is_match) {
                return Ok(Some(Scan::Found(found.clone(), reply.answered_at)));
            }
            let last = page.data().last().and_then(StripeObject::from_value).and_then(|it| it.text("id"));
            match (page.bool("has_more"), last) {
                (Some(false), _) => return Ok(Some(Scan::Exhausted)),
                (Some(true), Some(last)) => after = Some(last.to_owned()),
                // Without a word about the rest nothing is proved.
                (Some(true) | None, _) => return Ok(None),
            }
        }
        Ok(Some(Scan::TooLong))
    }

    /// Sends a request that only reads; `None` if Stripe refuses it, except for the credentials.
    async fn read_resource(&self, call: &ApiCall, log: &AttemptLog) -> Result<Option<Reply>, NoResponse> {
        match self.call(call, log).await {
            Ok(reply) => Ok(Some(reply)),
            Err(ApiError::Refused(refusal)) if refusal.is_about_credentials() => Err((*refusal).into()),
            Err(ApiError::Refused(_)) => Ok(None),
            Err(ApiError::NoResponse(error)) => Err(error),
        }
    }
}

/// The periods in which a payment may have been made. Most payments are in the first and short one, around the first
/// request, which a busy account reads on one page. The second one is the whole time during which the request may have
/// arrived, also if it was sent again: only its end proves that there is no payment.
fn creation_periods(requested_at: Timestamp, now: Timestamp) -> [(Timestamp, Timestamp); 2] {
    let around = |it: Duration| (requested_at.saturating_sub(it), requested_at.saturating_add(it));
    let usual = around(USUAL_DELAY);
    let last = requested_at.saturating_add(KEY_LIFETIME).min(now).saturating_add(CLOCK_TOLERANCE);
    let (first, end) = around(CLOCK_TOLERANCE);
    [usual, (first, last.max(end))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_periods_cover_the_time_in_which_a_request_may_have_arrived() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let requested = at(1_000_000);
        let usual = (at(999_940), at(1_000_060));
        assert_eq!(creation_periods(requested, requested), [usual, (at(999_400), at(1_000_600))]);
        assert_eq!(creation_periods(requested, at(999_000)), [usual, (at(999_400), at(1_000_600))]);
        assert_eq!(creation_periods(requested, at(1_000_300)), [usual, (at(999_400), at(1_000_900))]);
        let end = requested.saturating_add(KEY_LIFETIME).saturating_add(CLOCK_TOLERANCE);
        assert_eq!(creation_periods(requested, at(9_000_000)), [usual, (at(999_400), end)]);
    }
}
