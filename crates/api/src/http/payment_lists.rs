//! Handlers that list the payments and the refunds of all orders.

use actix_web::{HttpRequest, HttpResponse};
use application::payments;
use domain::{
    GatewayName, Invalid, Timestamp, TransactionId,
    payment::{PaymentStatus, RefundStatus},
};
use ports::{PaymentFilter, RefundCursor, RefundFilter, StoredRefund};

use super::{
    decode::QueryParameters,
    extract::Staff,
    openapi::PageParameters,
    problem::HandlerResult,
    view::{
        PageView,
        payment::{RefundView, TransactionView},
    },
};
use crate::service::SharedService;

/// List the transactions of all orders, newest first
///
/// Sorted by `createdAt`, which is stamped by the clocks of several instances. A client that polls for new ones must
/// look back for 20 s, as with the list of orders. Payments of archived orders are not listed; they are found by their ids.
#[utoipa::path(get, operation_id = "listAll", path = "/v1/payments", tag = "Payments", security(("bearer" = ["OPERATOR"])),
    params(
        ("status" = Option<String>, Query, description = "Only transactions with this status, or one of several, separated by commas.", example = "PENDING,AUTHORIZED"),
        ("gateway" = Option<String>, Query, description = "Only transactions of the gateway with this name."),
        ("createdAfter" = Option<String>, Query, description = "Only transactions made at or after this RFC 3339 time."),
        ("createdBefore" = Option<String>, Query, description = "Only transactions made before this RFC 3339 time."),
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<TransactionView>)
))]
pub async fn list_all_payments(service: SharedService, http: HttpRequest, staff: Staff) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let rule = Invalid("must be statuses of a payment, separated by commas");
    let common = CommonFilters::read_from(&mut it, PaymentStatus::parse, rule);
    let after = it.read_cursor(&cursors, |id| Ok(TransactionId::new(id.to_owned())));
    let limit = it.read_limit();
    let filter = it.finish(|| {
        let CommonFilters { statuses, gateway, created_after, created_before } = common?;
        Some(PaymentFilter { statuses, gateway, created_after, created_before, after: after?, limit: limit? })
    })?;
    let page = payments::list_payments(&service.app, &staff, filter).await?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| TransactionView::from(it))))
}

/// List the refunds of all transactions, newest first
///
/// Sorted by `createdAt`, as the list of all transactions. Refunds of archived orders are not listed.
#[utoipa::path(get, operation_id = "listAllRefunds", path = "/v1/refunds", tag = "Payments", security(("bearer" = ["OPERATOR"])),
    params(
        ("status" = Option<String>, Query, description = "Only refunds with this status, or one of several, separated by commas.", example = "PENDING,FAILED"),
        ("gateway" = Option<String>, Query, description = "Only refunds at the gateway with this name."),
        ("createdAfter" = Option<String>, Query, description = "Only refunds made at or after this RFC 3339 time."),
        ("createdBefore" = Option<String>, Query, description = "Only refunds made before this RFC 3339 time."),
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<RefundView>)
))]
pub async fn list_all_refunds(service: SharedService, http: HttpRequest, staff: Staff) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let rule = Invalid("must be statuses of a refund, separated by commas");
    let common = CommonFilters::read_from(&mut it, RefundStatus::parse, rule);
    let after = it.read_cursor(&cursors, RefundCursor::parse);
    let limit = it.read_limit();
    let filter = it.finish(|| {
        let CommonFilters { statuses, gateway, created_after, created_before } = common?;
        Some(RefundFilter { statuses, gateway, created_after, created_before, after: after?, limit: limit? })
    })?;
    let page = payments::list_all_refunds(&service.app, &staff, filter).await?;
    let view = |it: &StoredRefund| RefundView::new(it.transaction.as_str(), &it.refund, it.author.as_ref());
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, view)))
}

/// The filters that both lists have.
struct CommonFilters<S> {
    /// Empty: every status.
    statuses: Vec<S>,
    gateway: Option<GatewayName>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
}

impl<S> CommonFilters<S> {
    /// Reads `status`, `gateway`, `createdAfter` and `createdBefore`. `None` if one of them is a fault; `rule` is that of
    /// `status`.
    fn read_from(
        it: &mut QueryParameters,
        parse_status: impl Fn(&str) -> Option<S>,
        rule: Invalid,
    ) -> Option<Self> {
        let statuses = it.read_optional("status", |text| parse_all(text, parse_status).ok_or(rule));
        let gateway = it.read_optional("gateway", GatewayName::parse);
        let (created_after, created_before) = (it.read_time("createdAfter"), it.read_time("createdBefore"));
        Some(Self {
            statuses: statuses?.unwrap_or_default(),
            gateway: gateway?,
            created_after: created_after?,
            created_before: created_before?,
        })
    }
}

/// Every element of a list that is separated by commas; `None` if one of them is none.
fn parse_all<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(parse).collect()
}
