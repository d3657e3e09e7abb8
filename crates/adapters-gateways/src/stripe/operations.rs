//! Captures, voids and refunds: what follows from an answer, and from a refusal.

use std::time::Duration;

use domain::{RefundId, Timestamp, payment::EventKind};
use ports::{Answer, AttemptLog, Charge, LookupAnswer, NoResponse};

use super::{
    NOT_REPRESENTABLE, Stripe, answers,
    api::{ApiError, Refusal, Reply, StripeApi},
    lookup::Finding,
    object::{StripeObject, read_object},
    refunds,
    requests::{self, ApiCall},
};

/// How long a buyer may take to authenticate: 30 min, and 2 min because clocks differ and pages take time.
const AUTHENTICATION_TIME: Duration = Duration::from_secs(32 * 60);

impl Stripe {
    /// The state of the payment as Stripe has it now, as an answer. A payment that cannot be found has none: the
    /// request stays open, and is looked up later.
    pub(super) async fn current_answer(
        &self,
        api: &StripeApi,
        charge: &Charge,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        match api.find_intent(charge, self.clock.now(), log).await? {
            Finding::Found(intent, at) => read_object(&intent, |it| answers::intent_answer(charge, it, at)),
            Finding::Unknown | Finding::CannotTell => Err(NoResponse::Lost),
        }
    }

    /// What a lookup says about a payment that it found. A buyer who leaves the authentication page would block the
    /// order for good, because Stripe waits forever; so the lookup ends such a payment when its time is over.
    pub(super) async fn found_payment(
        &self,
        api: &StripeApi,
        charge: &Charge,
        intent: StripeObject<'_>,
        at: Timestamp,
        log: &AttemptLog,
    ) -> Result<LookupAnswer, NoResponse> {
        let found = answers::found_intent(charge, intent, at);
        let is_over = charge.created_at.saturating_add(AUTHENTICATION_TIME) < self.clock.now();
        let id = intent.text("id").filter(|_| is_over && answers::waits_for_buyer(intent));
        let Some(id) = id else { return Ok(found) };
        match api.call(&requests::void(charge, id), log).await {
            Ok(reply) => read_object(&reply.body, |it| answers::found_unpaid(charge, it, reply.answered_at)),
            Err(ApiError::Refused(refusal)) if refusal.is_about_credentials() => Err((*refusal).into()),
            // The buyer has acted in the meantime, and the next lookup tells the result.
            Err(ApiError::Refused(_)) => Ok(found),
            Err(ApiError::NoResponse(error)) => Err(error),
        }
    }

    /// The reference of the payment: the known one, or that of the payment with our id.
    pub(super) async fn find_reference(
        &self,
        api: &StripeApi,
        charge: &Charge,
        log: &AttemptLog,
    ) -> Result<Option<String>, NoResponse> {
        if let Some(reference) = &charge.reference {
            return Ok(Some(reference.as_str().to_owned()));
        }
        Ok(match api.find_intent(charge, self.clock.now(), log).await? {
            Finding::Found(intent, _) => {
                StripeObject::from_value(&intent).and_then(|it| it.text("id")).map(str::to_owned)
            }
            Finding::Unknown | Finding::CannotTell => None,
        })
    }

    /// Captures or voids: sends the request. If Stripe refuses it, the payment is retrieved: it was captured or voided
    /// before, the authorisation has expired, or it is held as before and this request was wrong.
    pub(super) async fn change_authorization(
        &self,
        charge: &Charge,
        build: impl FnOnce(&str) -> Option<ApiCall>,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let api = self.require_api()?;
        let reference = self.find_reference(api, charge, log).await?.ok_or(NoResponse::Lost)?;
        let known = Charge { reference: answers::reference(Some(&reference)), ..charge.clone() };
        let Some(call) = build(&reference) else {
            let refusal = Refusal::unsent(NOT_REPRESENTABLE, self.clock.now());
            return self.refused_answer(api, &known, &refusal, log).await;
        };
        match api.call(&call, log).await {
            Ok(reply) if !reply.is_replayed => {
                read_object(&reply.body, |it| answers::intent_answer(charge, it, reply.answered_at))
            }
            // A replayed answer is as old as the first request, and the payment may have changed since.
            Ok(_) => self.current_answer(api, &known, log).await,
            Err(ApiError::Refused(refusal)) if refusal.is_about_credentials() => Err((*refusal).into()),
            Err(ApiError::Refused(refusal)) => self.refused_answer(api, &known, &refusal, log).await,
            Err(ApiError::NoResponse(error)) => Err(error),
        }
    }

    /// The answer to a refused capture or void: what the payment is now, or the refusal if the money is held as before.
    async fn refused_answer(
        &self,
        api: &StripeApi,
        charge: &Charge,
        refusal: &Refusal,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let answer = self.current_answer(api, charge, log).await?;
        let is_held = matches!(&answer, Answer::Event(event) if event.kind == EventKind::Authorized);
        // A key that was used for another request: that one may still be under way.
        let is_refused = is_held && !refusal.is_about_key();
        Ok(if is_refused { Answer::OperationRefused(Box::new(refusal.details())) } else { answer })
    }

    /// The answer to a refund request. What was refused may have been done by an earlier request, whose key is
    /// forgotten; otherwise the refund has failed.
    pub(super) async fn refund_result(
        &self,
        charge: &Charge,
        id: &RefundId,
        result: Result<Reply, ApiError>,
        log: &AttemptLog,
    ) -> Result<Answer, NoResponse> {
        let api = self.require_api()?;
        let intent = charge.reference.as_ref().map_or("", |it| it.as_str());
        let refusal = match result {
            Ok(reply) if !reply.is_replayed => {
                return read_object(&reply.body, |it| refunds::refund_answer(charge, it, reply.answered_at));
            }
            Ok(_) => None,
            Err(ApiError::Refused(refusal)) if refusal.is_about_credentials() => {
                return Err((*refusal).into());
            }
            Err(ApiError::Refused(refusal)) => Some(refusal),
            Err(ApiError::NoResponse(error)) => return Err(error),
        };
        match (api.find_refund(intent, id, None, log).await?, refusal) {
            (Finding::Found(refund, at), _) => {
                read_object(&refund, |it| refunds::refund_answer(charge, it, at))
            }
            // The key was used for another request, which may have been a refund that cannot be seen yet.
            (Finding::Unknown, Some(refusal)) if !refusal.is_about_key() => {
                Ok(refunds::refuse_refund(&refusal))
            }
            (Finding::Unknown | Finding::CannotTell, _) => Err(NoResponse::Lost),
        }
    }
}
