//! The catalogue.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Path};
use application::catalogue::{self, Offer, Put, PutError};
use domain::{Currency, Invalid, Money, ProductId, Text, product::STOCK_MAX};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::Body,
    conditional::{etag, if_match, show},
    decode::{Fields, Parameters, decimal, flag, text, whole},
    extract::{Caller, Operator},
    openapi::{IfMatchHeader, IfNoneMatchHeader, PageParameters},
    problem::{Answer, Fault, Kind, Problem},
    view::{PageView, product::ProductView},
};
use crate::service::Shared;

/// The name under which this list's cursors are sealed.
const LIST: &str = "products";

/// What an operator says about a product.
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
    /// How many can be ordered; null, or not said, when that is not tracked.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub stock: Option<i64>,
    /// Whether it can be ordered; `true` if it is not said.
    pub active: Option<bool>,
}

/// Make or replace a product, stock included
#[utoipa::path(put, path = "/v1/products/{productId}", tag = "Catalogue", request_body = PutProduct,
    security(("bearer" = ["OPERATOR"])),
    params(
        ("productId" = String, Path, description = "The operator's id: 1-255 of `A-Z a-z 0-9 . _ ~ : -`."),
        IfMatchHeader
    ), responses(
    (status = 200, description = "Replaced.", body = ProductView),
    (status = 201, description = "Made.", body = ProductView),
    (status = 412, description = "It has another version.")
))]
pub async fn put(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> Answer {
    let body = body.json().await?;
    let offer = offer(&body)?;
    // A path that can name no product is a path that does not exist.
    let id = ProductId::parse(&id).map_err(|_| Kind::NotFound)?;
    if domain::card::is_whole(id.as_str()) {
        let rule = Invalid("must not have a card number as the product's id");
        return Err(Problem::new(Kind::CardDataRefused).errors(vec![Fault::at("", rule)]));
    }
    let meant = if_match(&http);
    let put =
        service.write(async move |app| catalogue::put(&app, &operator, id, offer, meant).await).await??;
    let (mut response, product) = match &put {
        Put::Created(product) => (HttpResponse::Created(), product),
        Put::Replaced(product) => (HttpResponse::Ok(), product),
    };
    if matches!(put, Put::Created(_)) {
        response.insert_header((header::LOCATION, http.path().to_owned()));
    }
    Ok(response.insert_header((header::ETAG, etag(product.version))).json(ProductView::from(product)))
}

fn offer(body: &Value) -> Result<Offer, Problem> {
    let mut it = Fields::of(body);
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
    let stock = it.optional("stock", whole(0..=STOCK_MAX));
    let active = it.optional("active", flag);
    it.finish(|| Some(Offer { name: name?, price: price?, stock: stock?, active: active?.unwrap_or(true) }))
}

impl From<PutError> for Problem {
    fn from(error: PutError) -> Self {
        match error {
            PutError::PreconditionFailed => Kind::PreconditionFailed.into(),
            PutError::Unavailable(away) => away.into(),
        }
    }
}

/// A product, whether it can be ordered or not
#[utoipa::path(get, path = "/v1/products/{productId}", tag = "Catalogue",
    params(
        ("productId" = String, Path, description = "The operator's id."),
        IfNoneMatchHeader
    ), responses(
    (status = 200, description = "The product.", body = ProductView),
    (status = 304, description = "It still has that version."),
    (status = 404, description = "No such product.")
))]
pub async fn find(service: Shared, http: HttpRequest, id: Path<String>) -> Answer {
    let id = ProductId::parse(&id).map_err(|_| Kind::NotFound)?;
    let product = catalogue::find(&service.app, &id).await?.ok_or(Kind::NotFound)?;
    Ok(show(&http, product.version, &ProductView::from(&product)))
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
    Ok(HttpResponse::Ok().json(PageView::of(
        &page,
        &cursors,
        |it| it.id.as_str(),
        |it| ProductView::from(it),
    )))
}
