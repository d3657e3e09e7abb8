//! What was asked of a payment gateway, and what it answered, for operators.

use actix_web::{HttpRequest, HttpResponse, web::Path};
use application::payments;
use domain::AttemptId;

use super::{
    decode::QueryParameters,
    extract::Staff,
    openapi::PageParameters,
    payments::parse_transaction_id,
    problem::{HandlerResult, Kind},
    view::{PageView, attempt::AttemptView},
};
use crate::service::SharedService;

/// List a transaction's gateway requests, oldest first
///
/// Every request is listed with its answer, without secrets, card data and personal data. Requests are deleted after
/// 90 days, or whatever the service is configured with.
#[utoipa::path(get, operation_id = "attempts", path = "/v1/payments/{transactionId}/attempts", tag = "Payments", security(("bearer" = ["OPERATOR"])),
    params(("transactionId" = String, Path, description = "The transaction's id."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<AttemptView>),
    (status = 404, description = "No such transaction.")
))]
pub async fn list_attempts(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let after = it.read_cursor(&cursors, AttemptId::parse);
    let limit = it.read_limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    let id = parse_transaction_id(&id)?;
    let page =
        payments::list_attempts(&service.app, &staff, &id, after, limit).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| AttemptView::from(it))))
}
