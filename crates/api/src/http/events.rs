//! The handler of the feed of events.

mod page;

use actix_web::{HttpRequest, HttpResponse, http::header::ContentType};
use application::feed::{self, FeedError};
use domain::{FeedEventType, FeedSequence, Invalid};
use ports::FeedFilter;
use utoipa::IntoParams;

use super::{
    decode::QueryParameters,
    extract::Staff,
    problem::{HandlerResult, Kind, Problem},
    view::feed::{EventPageView, page_text},
};
pub use page::events_markdown;

use crate::service::SharedService;

const AFTER: Invalid = Invalid("must be the nextAfter of an earlier answer: a whole number from 0");
const START: Invalid = Invalid("must be oldest or now");
const START_TWICE: Invalid = Invalid("must not be given with after, which says where to begin");
const TYPES: Invalid = Invalid("must be types of events, separated by commas");

/// The largest number that every JSON parser reads exactly.
const AFTER_MAX: i64 = 9_007_199_254_740_991;

/// What to read of the feed.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventParameters {
    /// The `nextAfter` of the answer before. Without it, the oldest events that are kept.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub after: Option<i64>,
    /// Where to begin without `after`: with the oldest event that is kept, or with what happens from `now` on. Then the answer
    /// is empty, and its `nextAfter` is the place.
    #[param(default = "oldest")]
    pub start: Option<String>,
    /// Only events of this type, or of one of several, separated by commas. The others are passed over: an answer may be
    /// empty although there is more, and `nextAfter` still goes on.
    #[param(example = "order.paid,order.shipped")]
    pub types: Option<String>,
    /// Largest number of events, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
}

/// List feed events after a sequence number
///
/// Ask without `after` first, and then again and again with the `nextAfter` of the answer before: so nothing is missed,
/// and nothing comes twice, whatever instance answers. Events of one order come in the order of its changes. An event is
/// there within a fraction of a second after its change; `createdAt` is the time of the change, and does not sort events.
/// Events are kept for a set time, by default 30 days.
#[utoipa::path(get, operation_id = "list", path = "/v1/events", tag = "Events", security(("bearer" = ["OPERATOR"])),
    params(EventParameters), responses(
    (status = 200, description = "The events.", body = EventPageView),
    (status = 410, description = "`events-expired`: events that come after `after` are no longer kept. Read the lists again from the beginning, and go on without `after`.")
))]
pub async fn list_events(service: SharedService, http: HttpRequest, staff: Staff) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let after = it.read_optional("after", parse_after);
    // What `after` says and what `start` says would contradict each other.
    let has_after = matches!(after, Some(Some(_)));
    let start = it.read_optional("start", |text| parse_start(text, has_after));
    let types = it.read_optional("types", parse_types);
    let limit = it.read_limit();
    let (start, filter) = it.finish(|| {
        Some((start?, FeedFilter { after: after?, types: types?.unwrap_or_default(), limit: limit? }))
    })?;
    let page = match start.unwrap_or(FeedStart::Oldest) {
        FeedStart::Oldest => feed::list_events(&service.app, &staff, filter).await?,
        FeedStart::Now => feed::find_feed_end(&service.app, &staff).await?,
    };
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(page_text(&page)))
}

fn parse_after(text: &str) -> Result<FeedSequence, Invalid> {
    // `parse` takes `+5`, too, which no number that the service gave out looks like.
    let plain = text.bytes().all(|it| it.is_ascii_digit());
    let number = text.parse().ok().filter(|it| plain && *it <= AFTER_MAX);
    number.map(FeedSequence::new).ok_or(AFTER)
}

/// Where a reader of the feed begins.
enum FeedStart {
    Oldest,
    Now,
}

fn parse_start(text: &str, has_after: bool) -> Result<FeedStart, Invalid> {
    match text {
        _ if has_after => Err(START_TWICE),
        "oldest" => Ok(FeedStart::Oldest),
        "now" => Ok(FeedStart::Now),
        _ => Err(START),
    }
}

fn parse_types(text: &str) -> Result<Vec<FeedEventType>, Invalid> {
    let types: Option<Vec<_>> = text.split(',').map(FeedEventType::parse).collect();
    let mut types = types.ok_or(TYPES)?;
    types.sort_unstable();
    types.dedup();
    Ok(types)
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Expired => Kind::EventsExpired.into(),
            FeedError::Failed(error) => error.into(),
        }
    }
}
