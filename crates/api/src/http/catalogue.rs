//! Handlers for the catalogue: products for everyone to read, and for operators to change.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::catalogue::{self, PatchError, ProductInput, ProductPatch, PutError, PutOutcome};
use domain::{
    Currency, Invalid, Money, Product, ProductId, Text, card,
    product::{STOCK_MAX, StockUpdate},
};
use ports::StoredReply;
use utoipa::ToSchema;

use super::{
    body::{Body, JsonBody},
    conditional::{conditional_response, full_response, version_etag, write_conditions},
    decode::{Fields, QueryParameters, decimal_string, nullable, read_bool, text, whole_number},
    extract::{MaybeCaller, Staff},
    idempotency,
    openapi::{IfAbsentHeader, IfMatchHeader, IfNoneMatchHeader, OptionalKeyHeader, PageParameters},
    problem::{Fault, FaultLocation, HandlerResult, Kind, Problem},
    reply,
    view::{PageView, product::ProductView},
};
use crate::service::SharedService;

/// The name of the path parameter, as faults name it.
const PRODUCT_ID: &str = "productId";

/// A product as an operator defines it.
#[derive(ToSchema)]
pub struct PutProduct {
    /// Name of the product: 1-500 characters.
    #[schema(example = "Tea", max_length = 500)]
    pub name: String,
    /// Price of one piece in major units, above zero, with no more decimals than the currency has.
    #[schema(example = "9.99")]
    pub price: String,
    /// ISO 4217 code of the price's currency.
    #[schema(example = "CNY")]
    pub currency: String,
    /// Number of pieces that can be ordered; null: the stock is not tracked. Missing: the stock of an
    /// existing product stays as it is, and that of a new one is not tracked.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub stock: Option<i64>,
    /// Whether the product can be ordered. Null or missing: it stays as it is, and a new product can be
    /// ordered.
    pub active: Option<bool>,
}

/// Changes of a product; a member that is missing stays as it is.
#[derive(ToSchema)]
pub struct PatchProduct {
    /// Name of the product: 1-500 characters.
    #[schema(example = "Tea", max_length = 500, nullable = false)]
    pub name: Option<String>,
    /// Price of one piece in major units, in the product's currency.
    #[schema(example = "8.99", nullable = false)]
    pub price: Option<String>,
    /// Whether the product can be ordered from now on.
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Number of pieces that can be ordered from now on; null: the stock is no longer tracked.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub stock: Option<i64>,
}

/// Create or replace a product
///
/// The stock stays as it is unless the body has the member `stock`, and sales cause no conflict: `version`
/// counts what operators change, and not what is sold. `If-None-Match: *` only creates a product and never
/// replaces one.
#[utoipa::path(put, operation_id = "put", path = "/v1/products/{productId}", tag = "Catalogue", request_body = PutProduct,
    security(("bearer" = ["OPERATOR"])),
    params(
        ("productId" = String, Path, description = "The operator's id: 1-255 of `A-Z a-z 0-9 . _ ~ : -`."),
        IfMatchHeader, IfAbsentHeader, OptionalKeyHeader
    ), responses(
    (status = 200, description = "Replaced.", body = ProductView),
    (status = 201, description = "Created.", body = ProductView, headers(
        ("Location" = String, description = "Path of the product.")
    )),
    (status = 412, description = "The product has another version, or exists although it must not.")
))]
pub async fn put_product(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, staff.caller(), body.value())?;
    let (id, offer) = read_offer(&body, &id)?;
    let meant = write_conditions(&http);
    reply::run_write(&service, async move |app| {
        catalogue::put_product(&app, &staff, request, id, offer, meant, render_put).await
    })
    .await
}

fn render_put(put: &PutOutcome) -> StoredReply {
    match put {
        PutOutcome::Created(product) => StoredReply {
            location: Some(format!("/v1/products/{}", product.id)),
            ..render_product(StatusCode::CREATED, product)
        },
        PutOutcome::Replaced(product) => render_product(StatusCode::OK, product),
    }
}

fn render_product(status: StatusCode, product: &Product) -> StoredReply {
    StoredReply {
        etag: Some(version_etag(product.version)),
        ..reply::json_reply(status, &ProductView::from(product))
    }
}

fn read_offer(body: &JsonBody, id: &str) -> Result<(ProductId, ProductInput), Problem> {
    let mut it = body.fields();
    let id = read_product_id(&mut it, id)?;
    let name = it.read_required("name", text(Text::parse));
    let currency = it.read_required("currency", text(Currency::parse));
    let price = it.read_required("price", text(decimal_string));
    // Checked together only if both could be read: otherwise the one fault would be reported as a second one,
    // of a price that may be right.
    let price = match (price, currency) {
        (Some(price), Some(currency)) => match Money::parse_in_currency(&price, currency) {
            Ok(money) => Some(money),
            Err(rule) => it.add_fault("price", rule),
        },
        (Some(_) | None, _) => None,
    };
    let stock_update = read_stock_update(&mut it);
    let active = it.read_optional("active", read_bool);
    it.finish(|| {
        Some((id?, ProductInput { name: name?, price: price?, stock_update: stock_update?, active: active? }))
    })
}

/// Reads the change of the stock; a missing member leaves it as it is.
fn read_stock_update(it: &mut Fields<'_>) -> Option<StockUpdate> {
    // Missing and null differ: a client that knows nothing of stock must not end its tracking by leaving it
    // out.
    let said = it.read_if_present("stock", nullable(whole_number(0..=STOCK_MAX)))?;
    Some(said.map_or(StockUpdate::Keep, StockUpdate::Set))
}

/// Reads the id of a product that is written to. An id that breaks the rule is a fault like those of the
/// body.
///
/// # Errors
/// `card-data-refused`.
pub(super) fn read_product_id(it: &mut Fields<'_>, id: &str) -> Result<Option<ProductId>, Problem> {
    // Only for writes: a `PUT` would store the id, and every order of the product would show it. Unlike the
    // other faults it ends the reading at once, as card data in the body does.
    if card::is_card_number(id) {
        let fault = Fault::new(
            FaultLocation::Parameter(PRODUCT_ID.to_owned()),
            Invalid("must not have a card number as the product's id"),
        );
        return Err(Problem::new(Kind::CardDataRefused).with_errors(vec![fault]));
    }
    Ok(it.check_parameter(PRODUCT_ID, ProductId::parse(id)))
}

impl From<PutError> for Problem {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Key(error) => error.into(),
            PutError::PreconditionFailed => Kind::PreconditionFailed.into(),
            PutError::Failed(error) => error.into(),
        }
    }
}

/// Change some members of a product
///
/// A member that is missing stays as it is, and sales cause no conflict. The currency cannot be changed.
#[utoipa::path(patch, operation_id = "patch", path = "/v1/products/{productId}", tag = "Catalogue", request_body = PatchProduct,
    security(("bearer" = ["OPERATOR"])),
    params(
        ("productId" = String, Path, description = "The operator's id of the product."),
        IfMatchHeader, IfAbsentHeader, OptionalKeyHeader
    ), responses(
    (status = 200, description = "The product.", body = ProductView, headers(
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 404, description = "No such product."),
    (status = 412, description = "The product has another version.")
))]
pub async fn patch_product(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, staff.caller(), body.value())?;
    let (id, patch) = read_patch(&body, &id)?;
    let meant = write_conditions(&http);
    let show = |product: &Product| render_product(StatusCode::OK, product);
    reply::run_write(&service, async move |app| {
        catalogue::patch_product(&app, &staff, request, id, patch, meant, show).await
    })
    .await
}

fn read_patch(body: &JsonBody, id: &str) -> Result<(ProductId, ProductPatch), Problem> {
    let mut it = body.fields();
    let id = read_product_id(&mut it, id)?;
    let name = it.read_if_present("name", text(Text::parse));
    let price = it.read_if_present("price", text(decimal_string));
    let active = it.read_if_present("active", read_bool);
    let stock_update = read_stock_update(&mut it);
    it.finish(|| {
        Some((id?, ProductPatch { name: name?, price: price?, active: active?, stock_update: stock_update? }))
    })
}

impl From<PatchError> for Problem {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::Key(error) => error.into(),
            PatchError::NotFound => Kind::NotFound.into(),
            PatchError::PreconditionFailed => Kind::PreconditionFailed.into(),
            PatchError::Price(rule) => Self::invalid_request(vec![Fault::at_pointer("/price", rule)]),
            PatchError::Failed(error) => error.into(),
        }
    }
}

/// Get a product, whether it can be ordered or not
///
/// The `ETag` is its `version`, which counts what operators change. Orders move the stock without a new
/// version, so 304 is sent only while no order has done so; afterwards the product is sent as a whole until
/// its next version.
#[utoipa::path(get, operation_id = "find", path = "/v1/products/{productId}", tag = "Catalogue",
    params(
        ("productId" = String, Path, description = "The operator's id of the product."),
        IfNoneMatchHeader
    ), responses(
    (status = 200, description = "The product.", body = ProductView),
    (status = 304, description = "The product still has that version, and no order has moved its stock since."),
    (status = 404, description = "No such product.")
))]
pub async fn get_product(service: SharedService, http: HttpRequest, id: Path<String>) -> HandlerResult {
    let id = ProductId::parse(&id).map_err(|_| Kind::NotFound)?;
    let product = catalogue::find_product(&service.app, &id).await?.ok_or(Kind::NotFound)?;
    let view = ProductView::from(&product);
    // The same tag may stand for another stock once an order has moved it, and a 304 would leave the old
    // number with the client.
    if product.has_original_stock() {
        return Ok(conditional_response(&http, product.version, &view));
    }
    Ok(full_response(product.version, &view))
}

/// List products, oldest first: those that can be ordered, or for operators and API keys with `products:write` all
#[utoipa::path(get, operation_id = "list", path = "/v1/products", tag = "Catalogue",
    security((), ("bearer" = [])),
    params(
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<ProductView>)
))]
pub async fn list_products(
    service: SharedService,
    http: HttpRequest,
    MaybeCaller(caller): MaybeCaller,
) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let after = it.read_cursor(&cursors, ProductId::parse);
    let limit = it.read_limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    let sees_all = caller.is_some_and(|it| it.edits_products());
    let page = catalogue::list_products(&service.app, sees_all, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| ProductView::from(it))))
}
