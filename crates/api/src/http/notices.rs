//! What payment gateways reported about a transaction, for operators.

use actix_web::{HttpRequest, HttpResponse, web::Path};
use application::payments;
use domain::EventId;

use super::{
    decode::QueryParameters,
    extract::Staff,
    openapi::PageParameters,
    payments::parse_transaction_id,
    problem::{HandlerResult, Kind},
    view::{PageView, notice::StoredNoticeView},
};
use crate::service::SharedService;

/// List what the gateway reported about a transaction, oldest first
///
/// Every notice that was genuine is listed once, in the order of arrival, with what became of it. One that the gateway sent
/// again under the same id is not listed again.
#[utoipa::path(get, operation_id = "notices", path = "/v1/payments/{transactionId}/notices", tag = "Payments", security(("bearer" = ["OPERATOR"])),
    params(("transactionId" = String, Path, description = "The transaction's id."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<StoredNoticeView>),
    (status = 404, description = "No such transaction.")
))]
pub async fn list_notices(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let after = it.read_cursor(&cursors, |text| Ok(EventId::new(text.to_owned())));
    let limit = it.read_limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    let id = parse_transaction_id(&id)?;
    let page =
        payments::list_notices(&service.app, &staff, &id, after, limit).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| StoredNoticeView::from(it))))
}
