//! The catalogue.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::catalogue::{self, Offer, Patch, PatchError, Put, PutError};
use domain::{
    Currency, Invalid, Money, Product, ProductId, Text, card,
    product::{Restock, STOCK_MAX},
};
use ports::StoredReply;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::Body,
    conditional::{conditions, etag, show, show_whole},
    decode::{Fields, Parameters, decimal, flag, nullable, text, whole},
    extract::{Caller, Operator},
    idempotency,
    openapi::{IfAbsentHeader, IfMatchHeader, IfNoneMatchHeader, OptionalKeyHeader, PageParameters},
    problem::{Answer, Fault, Kind, Place, Problem},
    reply,
    view::{PageView, product::ProductView},
};
use crate::service::Shared;

/// The name under which this list's cursors are sealed.
const LIST: &str = "products";
/// The parameter of the paths.
const ID: &str = "productId";

/// All that an operator says about a product.
#[derive(ToSchema)]
pub struct PutProduct {
    /// What it is called: 1-500 characters.
    #[schema(example = "Tea", max_length = 500)]
    pub name: String,
    /// Price of one piece in major units, above zero, with no more decimals than the currency has.
    #[schema(example = "9.99")]
    pub price: String,
    /// ISO 4217 code.
    #[schema(example = "CNY")]
    pub currency: String,
    /// How many can be ordered; null when that is not tracked. If it is left out the stock of a product that is there
    /// stays as it is, and that of a new one is not tracked.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub stock: Option<i64>,
    /// Whether it can be ordered. If it is left out that stays as it is, and a new product can be.
    pub active: Option<bool>,
}

/// What an operator changes of a product: what is left out stays as it is.
#[derive(ToSchema)]
pub struct PatchProduct {
    /// What it is called: 1-500 characters.
    #[schema(example = "Tea", max_length = 500, nullable = false)]
    pub name: Option<String>,
    /// Price of one piece in major units, in the product's currency.
    #[schema(example = "8.99", nullable = false)]
    pub price: Option<String>,
    /// Whether it can be ordered.
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// How many can be ordered from now on; null when that is not tracked any more.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub stock: Option<i64>,
}

/// Make or replace a product
///
/// The stock stays as it is unless the body speaks of it, and sales never stand in the way: `version` counts what operators
/// change, and not what is sold. `If-None-Match: *` only makes a product and never replaces one.
#[utoipa::path(put, path = "/v1/products/{productId}", tag = "Catalogue", request_body = PutProduct,
    security(("bearer" = ["OPERATOR"])),
    params(
        ("productId" = String, Path, description = "The operator's id: 1-255 of `A-Z a-z 0-9 . _ ~ : -`."),
        IfMatchHeader, IfAbsentHeader, OptionalKeyHeader
    ), responses(
    (status = 200, description = "Replaced.", body = ProductView),
    (status = 201, description = "Made.", body = ProductView),
    (status = 412, description = "It has another version, or is there although it must not be.")
))]
pub async fn put(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> Answer {
    let body = body.json().await?;
    let request = idempotency::optional(&service, &http, operator.caller(), &body)?;
    let (id, offer) = offer(&body, &id)?;
    let meant = conditions(&http);
    let put = service
        .write(async move |app| catalogue::put(&app, &operator, request, id, offer, meant, render_put).await)
        .await?;
    Ok(reply::give(put?))
}

fn render_put(put: &Put) -> StoredReply {
    match put {
        Put::Created(product) => StoredReply {
            location: Some(format!("/v1/products/{}", product.id)),
            ..render(StatusCode::CREATED, product)
        },
        Put::Replaced(product) => render(StatusCode::OK, product),
    }
}

fn render(status: StatusCode, product: &Product) -> StoredReply {
    StoredReply { etag: Some(etag(product.version)), ..reply::stored(status, &ProductView::from(product)) }
}

fn offer(body: &Value, id: &str) -> Result<(ProductId, Offer), Problem> {
    let mut it = Fields::of(body);
    let id = written_id(&mut it, id)?;
    let name = it.required("name", text(Text::parse));
    let currency = it.required("currency", text(Currency::parse));
    let price = it.required("price", text(decimal));
    let price = match (price, currency) {
        (Some(price), Some(currency)) => match Money::in_currency(&price, currency) {
            Ok(money) => Some(money),
            Err(rule) => it.fault("price", rule),
        },
        (Some(_) | None, _) => None,
    };
    let restock = restock(&mut it);
    let active = it.optional("active", flag);
    it.finish(|| Some((id?, Offer { name: name?, price: price?, restock: restock?, active: active? })))
}

/// What the body says of the stock.
fn restock(it: &mut Fields<'_>) -> Option<Restock> {
    let said = it.if_present("stock", nullable(whole(0..=STOCK_MAX)))?;
    Some(said.map_or(Restock::Keep, Restock::Set))
}

/// The id of the product that is written to: one that breaks the rule is a fault like those of the body.
///
/// # Errors
/// `card-data-refused`.
pub(super) fn written_id(it: &mut Fields<'_>, id: &str) -> Result<Option<ProductId>, Problem> {
    if card::is_whole(id) {
        let fault = Fault::new(
            Place::Parameter(ID.to_owned()),
            Invalid("must not have a card number as the product's id"),
        );
        return Err(Problem::new(Kind::CardDataRefused).errors(vec![fault]));
    }
    Ok(it.parameter(ID, ProductId::parse(id)))
}

impl From<PutError> for Problem {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Key(error) => error.into(),
            PutError::PreconditionFailed => Kind::PreconditionFailed.into(),
            PutError::Failed(away) => away.into(),
        }
    }
}

/// Change some of a product
///
/// What is left out stays as it is, and sales never stand in the way. The currency cannot be changed.
#[utoipa::path(patch, path = "/v1/products/{productId}", tag = "Catalogue", request_body = PatchProduct,
    security(("bearer" = ["OPERATOR"])),
    params(
        ("productId" = String, Path, description = "The operator's id."),
        IfMatchHeader, IfAbsentHeader, OptionalKeyHeader
    ), responses(
    (status = 200, description = "The product.", body = ProductView, headers(
        ("ETag" = String, description = "Its version.")
    )),
    (status = 404, description = "No such product."),
    (status = 412, description = "It has another version.")
))]
pub async fn patch(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> Answer {
    let body = body.json().await?;
    let request = idempotency::optional(&service, &http, operator.caller(), &body)?;
    let (id, patch) = changes(&body, &id)?;
    let meant = conditions(&http);
    let show = |product: &Product| render(StatusCode::OK, product);
    let patched = service
        .write(async move |app| catalogue::patch(&app, &operator, request, id, patch, meant, show).await)
        .await?;
    Ok(reply::give(patched?))
}

fn changes(body: &Value, id: &str) -> Result<(ProductId, Patch), Problem> {
    let mut it = Fields::of(body);
    let id = written_id(&mut it, id)?;
    let name = it.if_present("name", text(Text::parse));
    let price = it.if_present("price", text(decimal));
    let active = it.if_present("active", flag);
    let restock = restock(&mut it);
    it.finish(|| Some((id?, Patch { name: name?, price: price?, active: active?, restock: restock? })))
}

impl From<PatchError> for Problem {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::Key(error) => error.into(),
            PatchError::NotFound => Kind::NotFound.into(),
            PatchError::PreconditionFailed => Kind::PreconditionFailed.into(),
            PatchError::Price(rule) => Self::invalid(vec![Fault::at("/price", rule)]),
            PatchError::Failed(away) => away.into(),
        }
    }
}

/// A product, whether it can be ordered or not
///
/// `ETag` is its `version`, which counts what operators change. Orders move the stock without it, so 304 is only given
/// while no order has: once one has, the product is sent whole until its next version.
#[utoipa::path(get, path = "/v1/products/{productId}", tag = "Catalogue",
    params(
        ("productId" = String, Path, description = "The operator's id."),
        IfNoneMatchHeader
    ), responses(
    (status = 200, description = "The product.", body = ProductView),
    (status = 304, description = "It still has that version, and no order has moved its stock since."),
    (status = 404, description = "No such product.")
))]
pub async fn find(service: Shared, http: HttpRequest, id: Path<String>) -> Answer {
    let id = ProductId::parse(&id).map_err(|_| Kind::NotFound)?;
    let product = catalogue::find(&service.app, &id).await?.ok_or(Kind::NotFound)?;
    let view = ProductView::from(&product);
    if product.is_as_its_version_began() {
        return Ok(show(&http, product.version, &view));
    }
    Ok(show_whole(product.version, &view))
}

/// Products in the order they were made in: those that can be ordered, for operators all
#[utoipa::path(get, path = "/v1/products", tag = "Catalogue",
    params(
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<ProductView>)
))]
pub async fn list(service: Shared, http: HttpRequest, caller: Option<Caller>) -> Answer {
    let cursors = service.cursors(LIST);
    let mut it = Parameters::of(&http);
    let after = it.cursor(&cursors, ProductId::parse);
    let limit = it.limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    let for_operator = caller.is_some_and(|it| it.is_operator());
    let page = catalogue::list(&service.app, for_operator, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageView::of(&page, &cursors, |it| ProductView::from(it))))
}
