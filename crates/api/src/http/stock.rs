//! What operators do to the stock of a product, and who changed what of it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::catalogue::{self, Adjust, AdjustError, Adjusted};
use domain::{
    ChangeId, Invalid, ProductId, Text,
    product::{Recorded, STOCK_MAX},
};
use ports::{ChangeKind, Page, StoredReply};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::Body,
    catalogue::written_id,
    decode::{Cursors, Fields, Parameters, Read, text, whole},
    extract::Operator,
    idempotency,
    openapi::{IdempotencyKeyHeader, PageParameters},
    problem::{Answer, Fault, Kind, Problem, Rule},
    reply,
    view::{
        PageView,
        change::{AdjustmentView, ChangeView},
    },
};
use crate::service::Shared;

/// The name under which the cursors of adjustments are sealed.
const ADJUSTMENTS: &str = "stock-adjustments";
/// The name under which the cursors of changes are sealed.
const CHANGES: &str = "product-changes";

/// An adjustment of a product's stock.
#[derive(ToSchema)]
pub struct AdjustStock {
    /// How many come in, or go out if that is below zero; not 0.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000, example = -3)]
    pub by: i64,
    /// Why: 1-500 characters.
    #[schema(max_length = 500, example = "Three were broken")]
    pub reason: String,
}

/// Add to the stock of a product, or take from it
///
/// It is relative, so whatever is sold meanwhile counts too. It makes a version of the product.
#[utoipa::path(post, path = "/v1/products/{productId}/stock-adjustments", tag = "Catalogue",
    request_body = AdjustStock, security(("bearer" = ["OPERATOR"])),
    params(
        ("productId" = String, Path, description = "The operator's id."),
        IdempotencyKeyHeader
    ), responses(
    (status = 201, description = "The adjustment.", body = AdjustmentView),
    (status = 404, description = "No such product."),
    (status = 409, description = "`out-of-stock`: there is not as much as is to go out; `stock-not-tracked` or \
        `idempotency-in-progress`."),
    (status = 422, description = "`invalid-request`, also when there would be more than 1000000000; \
        `card-data-refused` or `idempotency-key-reused`.")
))]
pub async fn adjust(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> Answer {
    let body = body.json().await?;
    let request = idempotency::required(&service, &http, operator.caller(), &body)?;
    let ask = read_adjustment(&body, &id)?;
    let done = service
        .write(async move |app| catalogue::adjust(&app, &operator, request, ask, render).await)
        .await?;
    Ok(reply::give(done?))
}

fn read_adjustment(body: &Value, id: &str) -> Result<Adjust, Problem> {
    let mut it = Fields::of(body);
    let product = written_id(&mut it, id)?;
    let by = it.required("by", pieces);
    let reason = it.required("reason", text(Text::parse));
    it.finish(|| Some(Adjust { product: product?, by: by?, reason: reason? }))
}

/// Reads how many pieces come in or go out.
fn pieces(value: &Value) -> Read<i64> {
    match whole(-STOCK_MAX..=STOCK_MAX)(value)? {
        0 => Err(Rule::from(Invalid("must not be 0"))),
        by => Ok(by),
    }
}

fn render(it: &Adjusted) -> StoredReply {
    reply::stored(StatusCode::CREATED, &AdjustmentView::from(it))
}

impl From<AdjustError> for Problem {
    fn from(error: AdjustError) -> Self {
        let by = |rule| vec![Fault::at("/by", Invalid(rule))];
        match error {
            AdjustError::Key(error) => error.into(),
            AdjustError::NotFound => Kind::NotFound.into(),
            AdjustError::NotTracked => Kind::StockNotTracked.into(),
            AdjustError::OutOfStock => {
                Self::new(Kind::OutOfStock).errors(by("takes more than there is in stock"))
            }
            AdjustError::TooMuch => Self::invalid(by("makes the stock more than 1000000000")),
            AdjustError::Failed(away) => away.into(),
        }
    }
}

/// A product's stock adjustments, newest first, with who made each
#[utoipa::path(get, path = "/v1/products/{productId}/stock-adjustments", tag = "Catalogue",
    security(("bearer" = ["OPERATOR"])),
    params(("productId" = String, Path, description = "The operator's id."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<AdjustmentView>),
    (status = 404, description = "No such product.")
))]
pub async fn adjustments(service: Shared, http: HttpRequest, operator: Operator, id: Path<String>) -> Answer {
    let cursors = service.cursors(ADJUSTMENTS);
    let page = list_changes(&service, &http, &operator, &id, ChangeKind::Adjustment, &cursors).await?;
    let view = |it: &Recorded| AdjustmentView::from(it);
    Ok(HttpResponse::Ok().json(PageView::of(&page, &cursors, view)))
}

/// What operators changed of a product, newest version first, with who changed it
#[utoipa::path(get, path = "/v1/products/{productId}/changes", tag = "Catalogue",
    security(("bearer" = ["OPERATOR"])),
    params(("productId" = String, Path, description = "The operator's id."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<ChangeView>),
    (status = 404, description = "No such product.")
))]
pub async fn changes(service: Shared, http: HttpRequest, operator: Operator, id: Path<String>) -> Answer {
    let cursors = service.cursors(CHANGES);
    let page = list_changes(&service, &http, &operator, &id, ChangeKind::Any, &cursors).await?;
    let view = |it: &Recorded| ChangeView::from(it);
    Ok(HttpResponse::Ok().json(PageView::of(&page, &cursors, view)))
}

async fn list_changes(
    service: &Shared,
    http: &HttpRequest,
    operator: &Operator,
    id: &str,
    kind: ChangeKind,
    cursors: &Cursors<'_>,
) -> Result<Page<Recorded>, Problem> {
    let mut it = Parameters::of(http);
    let after = it.cursor(cursors, ChangeId::parse);
    let limit = it.limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    let id = ProductId::parse(id).map_err(|_| Kind::NotFound)?;
    let page = catalogue::list_changes(&service.app, operator, &id, kind, after, limit).await?;
    page.ok_or_else(|| Kind::NotFound.into())
}
