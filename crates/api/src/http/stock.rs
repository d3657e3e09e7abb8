//! Handlers for a product's stock and for the history of its changes, for operators.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::{
    IfMatch,
    catalogue::{self, AdjustError, AppliedAdjustment, StockAdjustment},
};
use domain::{
    ChangeId, Invalid, ProductId, Text,
    product::{STOCK_MAX, StoredProductChange},
};
use ports::{ChangeFilter, Page, StoredReply};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{Body, JsonBody},
    catalogue::read_product_id,
    conditional::if_match,
    decode::{Cursors, QueryParameters, ReadResult, text, whole_number},
    extract::Staff,
    idempotency,
    openapi::{IdempotencyKeyHeader, IfMatchHeader, PageParameters},
    problem::{Fault, HandlerResult, Kind, Problem, Rule},
    reply,
    view::{
        PageView,
        change::{AdjustmentView, ChangeView},
    },
};
use crate::service::SharedService;

/// An adjustment of a product's stock, relative to the stock at the commit.
#[derive(ToSchema)]
pub struct AdjustStock {
    /// Number of pieces that come in, or go out if it is below zero; not 0.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000, example = -3)]
    pub by: i64,
    /// Reason for the adjustment, stored in the product's history: 1-500 characters.
    #[schema(max_length = 500, example = "Three were broken")]
    pub reason: String,
}

/// Add to the stock of a product, or take from it
///
/// The adjustment is relative, so what is sold meanwhile counts too. It makes a new version of the product. `If-Match`
/// is for a client that adjusts what it has seen; sales do not change the version.
#[utoipa::path(post, operation_id = "adjust", path = "/v1/products/{productId}/stock-adjustments", tag = "Catalogue",
    request_body = AdjustStock, security(("bearer" = ["OPERATOR"])),
    params(
        ("productId" = String, Path, description = "The operator's id of the product."),
        IdempotencyKeyHeader, IfMatchHeader
    ), responses(
    (status = 201, description = "The adjustment.", body = AdjustmentView),
    (status = 404, description = "No such product."),
    (status = 409, description = "`out-of-stock`: there are fewer pieces in stock than are to go out; `stock-not-tracked` or \
        `idempotency-in-progress`."),
    (status = 412, description = "The product has another version."),
    (status = 422, description = "`invalid-request`, also when the stock would exceed 1000000000; \
        `card-data-refused` or `idempotency-key-reused`.")
))]
pub async fn adjust_stock(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    // Required, because the change is relative: a retry without a key would count the delivery twice.
    let request = idempotency::require_key(&service, &http, staff.caller(), body.value())?;
    let ask = read_adjustment(&body, &id, if_match(&http))?;
    reply::run_write(&service, async move |app| {
        catalogue::adjust_stock(&app, &staff, request, ask, render_adjustment).await
    })
    .await
}

fn read_adjustment(body: &JsonBody, id: &str, if_match: IfMatch) -> Result<StockAdjustment, Problem> {
    let mut it = body.fields();
    let product = read_product_id(&mut it, id)?;
    let by = it.read_required("by", read_pieces);
    let reason = it.read_required("reason", text(Text::parse));
    it.finish(|| Some(StockAdjustment { product: product?, by: by?, reason: reason?, if_match }))
}

/// Reads the number of pieces that come in or go out.
fn read_pieces(value: &Value) -> ReadResult<i64> {
    match whole_number(-STOCK_MAX..=STOCK_MAX)(value)? {
        // It would make a version and a row of history in which nothing changed.
        0 => Err(Rule::from(Invalid("must not be 0"))),
        by => Ok(by),
    }
}

fn render_adjustment(it: &AppliedAdjustment) -> StoredReply {
    reply::json_reply(StatusCode::CREATED, &AdjustmentView::from(it))
}

impl From<AdjustError> for Problem {
    fn from(error: AdjustError) -> Self {
        let by = |rule| vec![Fault::at_pointer("/by", Invalid(rule))];
        match error {
            AdjustError::Key(error) => error.into(),
            AdjustError::NotFound => Kind::NotFound.into(),
            AdjustError::PreconditionFailed => Kind::PreconditionFailed.into(),
            AdjustError::NotTracked => Kind::StockNotTracked.into(),
            AdjustError::OutOfStock => {
                Self::new(Kind::OutOfStock).with_errors(by("takes more than there is in stock"))
            }
            AdjustError::TooMuch => Self::invalid_request(by("makes the stock more than 1000000000")),
            AdjustError::Failed(error) => error.into(),
        }
    }
}

/// List a product's stock adjustments, newest first, with their authors
#[utoipa::path(get, operation_id = "adjustments", path = "/v1/products/{productId}/stock-adjustments", tag = "Catalogue",
    security(("bearer" = ["OPERATOR"])),
    params(("productId" = String, Path, description = "The operator's id of the product."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<AdjustmentView>),
    (status = 404, description = "No such product.")
))]
pub async fn list_adjustments(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
) -> HandlerResult {
    let it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let page = changes_page(&service, it, &staff, &id, ChangeFilter::Adjustment, &cursors).await?;
    let view = |it: &StoredProductChange| AdjustmentView::from(it);
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, view)))
}

/// List what operators changed of a product, newest version first, with the authors
#[utoipa::path(get, operation_id = "changes", path = "/v1/products/{productId}/changes", tag = "Catalogue",
    security(("bearer" = ["OPERATOR"])),
    params(("productId" = String, Path, description = "The operator's id of the product."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<ChangeView>),
    (status = 404, description = "No such product.")
))]
pub async fn list_product_changes(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
) -> HandlerResult {
    let it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let page = changes_page(&service, it, &staff, &id, ChangeFilter::Any, &cursors).await?;
    let view = |it: &StoredProductChange| ChangeView::from(it);
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, view)))
}

async fn changes_page(
    service: &SharedService,
    mut it: QueryParameters,
    staff: &Staff,
    id: &str,
    kind: ChangeFilter,
    cursors: &Cursors<'_>,
) -> Result<Page<StoredProductChange>, Problem> {
    let after = it.read_cursor(cursors, ChangeId::parse);
    let limit = it.read_limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    // A text that cannot be an id is the id of no product: 404, as for any other unknown one.
    let id = ProductId::parse(id).map_err(|_| Kind::NotFound)?;
    let page = catalogue::list_changes(&service.app, staff, &id, kind, after, limit).await?;
    page.ok_or_else(|| Kind::NotFound.into())
}
