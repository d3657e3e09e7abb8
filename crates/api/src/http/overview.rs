//! The handler of the overview.

use actix_web::{HttpRequest, HttpResponse};
use domain::{Invalid, Timestamp};
use ports::{BucketSize, OverviewWindow, UTC_OFFSET_MINUTES_MAX};
use utoipa::IntoParams;

use super::{
    decode::QueryParameters,
    extract::Staff,
    operations::check_dependencies,
    problem::{Fault, FaultLocation, Faults, HandlerResult, Kind, Problem},
    view::overview::OverviewView,
};
use crate::service::SharedService;

const BUCKET: Invalid = Invalid("must be hour or day");
const OFFSET: Invalid = Invalid("must be an offset from UTC, such as +08:00, at most 14 hours");

/// Which time the figures are about.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct OverviewParameters {
    /// Length of a bucket.
    #[param(default = "hour")]
    pub bucket: Option<String>,
    /// Start of the time: its bucket is the first one. Without it, 24 hours or 30 days are shown.
    pub from: Option<String>,
    /// End of the time: the last bucket is the one before or around it. Without it, the present time. At most 31 days after
    /// the start of the first bucket.
    pub to: Option<String>,
    /// How far the clock by which hours and days begin is ahead of UTC; `+` is written as `%2B` in an address.
    #[param(default = "+00:00")]
    pub utc_offset: Option<String>,
}

/// How many buckets are shown by default.
const fn default_count(size: BucketSize) -> u16 {
    match size {
        BucketSize::Hour => 24,
        BucketSize::Day => 30,
    }
}

/// Get the shop overview: orders, captures and refunds over time
///
/// Orders and money over time, by currency, and what waits for an operator now. Orders count when they were placed;
/// `paidOrders` are those of them that were paid since, so it divided by `orders` is the conversion. Captures and refunds
/// count when they happened by the gateway's clock. At most 200000 orders, and captures and refunds of each gateway, are
/// counted, the newest of them, and no archived order is: then `completeFrom` is not null. Figures, `feed` and `webhooks`
/// are read at most every 5 s; `dependencies` are of the moment.
#[utoipa::path(get, operation_id = "overview", path = "/v1/operations/overview", tag = "Operations", security(("bearer" = ["OPERATOR"])),
    params(OverviewParameters), responses(
    (status = 200, description = "The overview.", body = OverviewView)
))]
pub async fn get_overview(service: SharedService, http: HttpRequest, staff: Staff) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let size = it.read_optional("bucket", parse_bucket);
    let from = it.read_time("from");
    let to = it.read_time("to");
    let offset = it.read_optional("utcOffset", parse_offset);
    let (size, from, to, offset) = it.finish(|| Some((size?, from?, to?, offset?)))?;
    let now = service.now();
    let window = build_window(size.unwrap_or(BucketSize::Hour), offset.unwrap_or_default(), from, to, now)?;
    // Together, so that a dependency that hangs does not add its time limit to the reads.
    let (overview, dependencies) = futures_util::join!(
        application::overview::read_overview(&service.app, &staff, window),
        check_dependencies(&service.dependencies)
    );
    Ok(HttpResponse::Ok().json(OverviewView::new(&overview?, now, dependencies)))
}

fn build_window(
    size: BucketSize,
    offset: i16,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
) -> Result<OverviewWindow, Problem> {
    let window = match (from, to) {
        (Some(from), to) => OverviewWindow::covering(size, offset, from, to.unwrap_or(now)),
        (None, Some(to)) => {
            // The end is not within, so a bucket that begins with it is not the last one.
            let last = Timestamp::from_millis(to.as_millis().saturating_sub(1));
            OverviewWindow::ending_at(size, offset, last, default_count(size))
        }
        (None, None) => OverviewWindow::ending_at(size, offset, now, default_count(size)),
    };
    let name = if to.is_none() && from.is_some() { "from" } else { "to" };
    window.map_err(|rule| {
        let mut faults = Faults::default();
        faults.push_with(|| Fault::new(FaultLocation::for_parameter(name), rule));
        Problem::new(Kind::InvalidRequest).with_errors(faults)
    })
}

fn parse_bucket(text: &str) -> Result<BucketSize, Invalid> {
    [BucketSize::Hour, BucketSize::Day].into_iter().find(|it| it.as_str() == text).ok_or(BUCKET)
}

/// Parses `+08:00` to minutes.
fn parse_offset(text: &str) -> Result<i16, Invalid> {
    let (sign, rest) = text.split_at_checked(1).ok_or(OFFSET)?;
    let (hours, minutes) = rest.split_once(':').ok_or(OFFSET)?;
    // `parse` takes `+5`, too.
    let two_digits = |it: &str| it.len() == 2 && it.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return Err(OFFSET);
    }
    let number = |it: &str| it.parse::<i16>().map_err(|_| OFFSET);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours.saturating_mul(60).saturating_add(minutes);
    if minutes > 59 || total > UTC_OFFSET_MINUTES_MAX {
        return Err(OFFSET);
    }
    match sign {
        "+" => Ok(total),
        "-" => Ok(total.saturating_neg()),
        _ => Err(OFFSET),
    }
}

#[cfg(test)]
mod tests;
