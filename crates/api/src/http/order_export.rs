//! All orders that fit some filters, as one stream.
//!
//! A page is read, written and forgotten before the next one is read, so an export of any length needs the memory of one
//! page. It is no request of the usual kind: it may last longer than the deadline, but each page has its own, and a
//! reader who takes nothing is cut off as everywhere. If a page cannot be read, the connection is cut without the end
//! of the body: a client never mistakes a part for the whole.

mod row;

use std::{fmt, sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, web::Bytes};
use application::{
    App, Caller as AppCaller, auth,
    orders::{self, ListError, OrderQuery},
};
use domain::{Invalid, api_key::Scope};
use futures_util::stream;
use ports::{ErrorChain, OrderCursor, OrderSort, PortError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{
    decode::{LIMIT_MAX, QueryParameters},
    extract::{Staff, bearer_token},
    order_list::{OrderFilterParameters, read_filters},
    problem::{HandlerResult, Kind, Problem, RETRY_UNAVAILABLE},
};
use crate::service::SharedService;

/// Most exports of one process at once. Each keeps a connection of the database busy for a while.
pub const EXPORTS_MAX: usize = 4;
/// Longest time for one page. The database ends its own statements long before.
const PAGE_TIME_MAX: Duration = Duration::from_secs(10);

/// The text of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Ndjson,
}

/// Export orders
///
/// All orders that fit the filters, in one response without pages, in constant memory. `ndjson` has one order a line, as
/// the list shows it. `csv` (RFC 4180, UTF-8) has one order a row, under the columns `orderNumber`, `status`, `amount`,
/// `currency`, `reference`, `customerId`, `customerUsername`, `customerEmail`, `contactName`, `contactEmail`,
/// `contactPhone`, `addressLines` (separated by line feeds), `city`, `region`, `postalCode`, `country`, `carrier`,
/// `trackingNumber`, `trackingUrl`, `items` and `metadata` (both JSON), `version`, `createdAt`, `updatedAt`. A cell that
/// begins with `=`, `+`, `-`, `@`, a tab or a carriage return has an apostrophe before it, so that no spreadsheet runs it.
///
/// Archived orders are not among them, as they are in no list; the command `api export` has them.
///
/// If the service cannot read on, it closes the connection without the end of the body: the transfer is incomplete, and
/// an HTTP client reports that. It does so as well once the token of the request is no longer valid, because it has expired,
/// its session has ended, the key was revoked or the role or scope was lost. An API key suits a long export.
#[utoipa::path(get, operation_id = "export", path = "/v1/orders/export", tag = "Orders", security(("bearer" = ["OPERATOR"])),
    params(
        ("format" = String, Query, description = "`csv` or `ndjson`.", example = "csv"),
        ("sort" = Option<String>, Query, description = "`-createdAt` (the default) or `createdAt`; the sign means the \
            latest first. An order that changes meanwhile would move within a list by `updatedAt`."),
        OrderFilterParameters
    ), responses(
    (status = 200, description = "The orders.", content(
        (String = "text/csv"),
        (String = "application/x-ndjson")
    ), headers(
        ("Content-Disposition" = String, description = "`attachment`, with a name for the file.")
    )),
    (status = 503, description = "`overloaded`: four exports are running; or `unavailable`.")
))]
pub async fn export_orders(service: SharedService, http: HttpRequest, staff: Staff) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let format = it.read_required("format", parse_format);
    let filters = read_filters(&mut it);
    let sort = it.read_optional("sort", parse_sort);
    let (format, query) = it.finish(|| {
        Some((format?, OrderQuery { sort: sort?.unwrap_or_default(), limit: LIMIT_MAX, ..filters? }))
    })?;
    let permit = Arc::clone(&service.exports).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(Kind::Overloaded).with_retry_after(RETRY_UNAVAILABLE))?;
    let app = Arc::clone(&service.app);
    let token = bearer_token(http.headers()).ok_or_else(|| Problem::unauthorized(false))?.to_owned();
    let caller = staff.caller().clone();
    let mut export =
        Export { app, caller, token, format, query: Some(query), is_over: true, _permit: permit };
    // Before the head of the response is sent: what is wrong now is answered as a problem.
    let first = export.read_page().await?.unwrap_or_default();
    export.is_over = false;
    let first = Bytes::from([row::head_of(format), first].concat());
    let name = match format {
        Format::Csv => "orders.csv",
        Format::Ndjson => "orders.ndjson",
    };
    Ok(HttpResponse::Ok()
        .content_type(match format {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Ndjson => "application/x-ndjson",
        })
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(stream::try_unfold((Some(first), export), next_chunk)))
}

/// What has been read already, or else the next page.
async fn next_chunk(
    (ready, mut export): (Option<Bytes>, Export),
) -> Result<Option<(Bytes, (Option<Bytes>, Export))>, CutOff> {
    if let Some(ready) = ready {
        return Ok(Some((ready, (None, export))));
    }
    let page = export.read_next_page().await;
    export.is_over = !matches!(page, Ok(Some(_)));
    match page {
        Ok(page) => Ok(page.map(|it| (Bytes::from(it), (None, export)))),
        // Logged here, because the head was sent long ago and no problem can follow it.
        Err(ExportError::Failed(error)) => {
            tracing::error!(error = %ErrorChain(&error), "export was cut off: orders could not be read");
            Err(CutOff)
        }
        Err(ExportError::Late) => {
            tracing::error!("export was cut off: a page took too long");
            Err(CutOff)
        }
        Err(ExportError::NotOperator) => {
            tracing::warn!("export was cut off: its caller may no longer read orders");
            Err(CutOff)
        }
    }
}

/// An export under way.
struct Export {
    app: Arc<App>,
    caller: AppCaller,
    /// The bearer token of the request, by which each page after the first one is allowed.
    token: String,
    format: Format,
    /// The query of the next page; `None` behind the last one.
    query: Option<OrderQuery>,
    /// Whether its end is known: all is read, or the log or the response says why not.
    is_over: bool,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Export {
    fn drop(&mut self) {
        if !self.is_over {
            tracing::info!("export was cut off: its connection ended first");
        }
    }
}

/// Why a page was not read.
enum ExportError {
    /// The database could not be read.
    Failed(PortError),
    /// It took longer than [`PAGE_TIME_MAX`].
    Late,
    /// The caller may not read orders, or no longer. The extractor has refused such a caller before the first page.
    NotOperator,
}

impl Export {
    /// The same as [`read_page`](Self::read_page), if the caller still may. A slow reader takes hours, and the key may be
    /// revoked meanwhile, the session be ended or the role be lost.
    async fn read_next_page(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        let found = timeout(PAGE_TIME_MAX, auth::authenticate(&self.app, &self.token)).await;
        let found = found.map_err(|_late| ExportError::Late)?.map_err(ExportError::Failed)?;
        self.caller = found.filter(may_export).ok_or(ExportError::NotOperator)?;
        self.read_page().await
    }

    /// The text of the next page that has any; `None` at the end.
    async fn read_page(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        // A page may be empty although more follow. Each one moves the cursor on, so the loop ends with the list.
        while let Some(query) = self.query.take() {
            let text = match timeout(PAGE_TIME_MAX, self.render_page(query)).await {
                Ok(text) => text?,
                Err(_late) => return Err(ExportError::Late),
            };
            if !text.is_empty() {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    async fn render_page(&mut self, query: OrderQuery) -> Result<Vec<u8>, ExportError> {
        let page =
            orders::list_orders(&self.app, &self.caller, query.clone()).await.map_err(|it| match it {
                ListError::Failed(error) => ExportError::Failed(error),
                ListError::NotOperator(_) => ExportError::NotOperator,
            })?;
        let customers = orders::find_customers(&self.app, &self.caller, &page.data).await;
        let customers = customers.map_err(ExportError::Failed)?;
        if let Some(next) = &page.next {
            let after = OrderCursor::parse(next).ok_or_else(|| PortError::bug("a page without a cursor"));
            self.query = Some(OrderQuery { after: Some(after.map_err(ExportError::Failed)?), ..query });
        }
        let mut text = Vec::new();
        for order in &page.data {
            row::write_order(&mut text, self.format, order, customers.get(&order.owner));
        }
        Ok(text)
    }
}

/// Whether the caller may read all orders. A key may with the scope that opens this route.
fn may_export(caller: &AppCaller) -> bool {
    match caller {
        AppCaller::User(_) => caller.is_staff(),
        AppCaller::Service(key) => key.has_any_scope(&[Scope::OrdersRead]),
    }
}

/// The body ends here, before its end. The reason is in the log.
#[derive(Debug)]
struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the export could not be read to its end")
    }
}

impl std::error::Error for CutOff {}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Failed(error) => error.into(),
            ExportError::Late => Self::new(Kind::DeadlineExceeded).with_retry_after(RETRY_UNAVAILABLE),
            ExportError::NotOperator => Kind::Forbidden.into(),
        }
    }
}

/// The permits of the exports of one process.
#[must_use]
pub fn export_permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(EXPORTS_MAX))
}

fn parse_format(text: &str) -> Result<Format, Invalid> {
    match text {
        "csv" => Ok(Format::Csv),
        "ndjson" => Ok(Format::Ndjson),
        _ => Err(Invalid("must be csv or ndjson")),
    }
}

fn parse_sort(text: &str) -> Result<OrderSort, Invalid> {
    match text {
        "-createdAt" => Ok(OrderSort::NewestFirst),
        "createdAt" => Ok(OrderSort::OldestFirst),
        _ => Err(Invalid("must be createdAt or -createdAt")),
    }
}
