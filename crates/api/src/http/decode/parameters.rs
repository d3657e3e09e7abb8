//! Reads query parameters, in the manner of [`Fields`](super::Fields).

use actix_web::{HttpRequest, web::Query};
use domain::{Invalid, Timestamp, card};
use ports::Sealer;

use super::{ReadResult, Rule, build_or_problem, must_be_whole};
use crate::{
    http::problem::{Fault, FaultLocation, Faults, Kind, Problem},
    service::Service,
};

/// Longest page of a list, in elements; a larger `limit` is a fault.
pub const LIMIT_MAX: u32 = 100;
/// Length of a page when the request names no `limit`.
pub const LIMIT_DEFAULT: u32 = 20;

/// The rule that a parameter breaks which the request does not have.
const UNKNOWN_PARAMETER: Invalid = Invalid("is not a parameter of this request");
const REQUIRED: Invalid = Invalid("is required");
const REPEATED: Invalid = Invalid("must be given once");
const CURSOR: Invalid = Invalid("must be the nextCursor of this list");
const TIME: Invalid = Invalid("must be an RFC 3339 time, such as 2026-11-22T08:30:00.123Z");
const CARD: Invalid = Invalid("must not carry card data");

/// The parameters of a query, read one by one.
///
/// Each read gives `None` when it recorded a fault; [`QueryParameters::finish`] puts the values together when
/// there was none.
#[derive(Debug)]
pub struct QueryParameters {
    path: String,
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Faults,
}

impl QueryParameters {
    /// Splits the query of a request into its parameters, with escapes decoded.
    #[must_use]
    pub fn new(request: &HttpRequest) -> Self {
        let query = Query::<Vec<(String, String)>>::from_query(request.query_string());
        // Every text is a list of pairs, so this cannot fail; if it did, the request would count as one
        // without any.
        let pairs = query.map(Query::into_inner).unwrap_or_default();
        let path = request.path().to_owned();
        Self { path, pairs, known: Vec::new(), faults: Faults::default() }
    }

    /// Reads and writes the cursors of the list that is asked for: that at this path with these filters, which are all
    /// parameters but those that differ from page to page. A cursor of any other list is refused, because its place may be
    /// anywhere in this one.
    #[must_use]
    pub fn cursors<'s>(&self, service: &'s Service) -> Cursors<'s> {
        let mut filters: Vec<_> =
            self.pairs.iter().filter(|(name, _)| !["cursor", "limit"].contains(&name.as_str())).collect();
        filters.sort();
        // As JSON, so that no value can look like two.
        Cursors { sealer: service.sealer.as_ref(), list: serde_json::json!([self.path, filters]).to_string() }
    }

    /// Reads a parameter that may be missing; given twice, it is a fault.
    pub fn read_optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        self.read_parameter(name, |text| Ok(read(text)?))
    }

    /// Reads a parameter that must be given, once.
    pub fn read_required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let value = self.read_optional(name, read)?;
        if value.is_none() {
            self.faults.push_with(|| Fault::new(FaultLocation::for_parameter(name), REQUIRED));
        }
        value
    }

    /// Reads an RFC 3339 time, to the millisecond.
    pub fn read_time(&mut self, name: &'static str) -> Option<Option<Timestamp>> {
        self.read_optional(name, parse_time)
    }

    /// Reads `limit`: the length of the page, 1 to [`LIMIT_MAX`], by default [`LIMIT_DEFAULT`].
    pub fn read_limit(&mut self) -> Option<u32> {
        let range = 1..=LIMIT_MAX;
        let read = |text: &str| {
            // `parse` accepts `+5` too, which no documented form of a number allows.
            let plain = text.bytes().all(|it| it.is_ascii_digit());
            let limit = text.parse().ok().filter(|it| plain && range.contains(it));
            limit.ok_or_else(|| must_be_whole(&range))
        };
        self.read_parameter("limit", read).map(|it| it.unwrap_or(LIMIT_DEFAULT))
    }

    /// Reads `cursor`: the element after which the page begins; `Some(None)` for the first page.
    pub fn read_cursor<T>(
        &mut self,
        cursors: &Cursors<'_>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        let open = |sealed: &str| cursors.open_cursor(sealed).and_then(|it| parse(&it).ok()).ok_or(CURSOR);
        self.read_optional("cursor", open)
    }

    /// Reads `cursor` and `limit` of a list that has no other parameters.
    ///
    /// # Errors
    /// As [`QueryParameters::finish`].
    pub fn read_page(mut self, cursors: &Cursors<'_>) -> Result<(Option<String>, u32), Problem> {
        let after = self.read_cursor(cursors, super::any_string);
        let limit = self.read_limit();
        self.finish(|| Some((after?, limit?)))
    }

    /// Builds the result, or a problem that names every fault.
    ///
    /// # Errors
    /// `invalid-request`; `card-data-refused` when a card number was sent; `internal-error` when `build`
    /// gives `None` although no fault was recorded.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        // Card data goes first, and alone: addresses end up in the logs of proxies and browsers, so the
        // client has to learn of this before anything else.
        self.refuse_card_data()?;
        let unknown = self.unknown_faults();
        self.faults.append(unknown);
        build_or_problem(self.faults, build)
    }

    /// Refuses card data in names and values, whatever the parameters are.
    ///
    /// # Errors
    /// `card-data-refused`.
    pub fn refuse_card_data(&self) -> Result<(), Problem> {
        let cards = self.card_faults();
        if cards.is_empty() { Ok(()) } else { Err(Problem::new(Kind::CardDataRefused).with_errors(cards)) }
    }

    /// One fault for each parameter that was not read.
    #[must_use]
    pub fn unknown_faults(&self) -> Faults {
        let mut unknown: Vec<&String> =
            self.pairs.iter().map(|(name, _)| name).filter(|it| !self.known.contains(&it.as_str())).collect();
        // A parameter that is repeated a hundred times in a row is one mistake.
        unknown.dedup();
        let fault = |name: &String| Fault::new(FaultLocation::for_parameter(name), UNKNOWN_PARAMETER);
        Faults::from_each(unknown, fault)
    }

    /// One fault for each parameter with card data. A name that holds a card number is not sent back.
    fn card_faults(&self) -> Faults {
        let mut cards = Faults::default();
        for (name, value) in &self.pairs {
            if card::contains_number(name) {
                cards.push_with(|| Fault::new(FaultLocation::for_parameter(""), CARD));
            } else if card::contains_number(value) {
                cards.push_with(|| Fault::new(FaultLocation::for_parameter(name), CARD));
            }
        }
        cards
    }

    fn read_parameter<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> ReadResult<T>,
    ) -> Option<Option<T>> {
        self.known.push(name);
        let mut given = self.pairs.iter().filter(|(it, _)| it == name).map(|(_, value)| value);
        // Taking the first or the last of two values would be a guess, and a proxy may guess otherwise.
        let read = match (given.next(), given.next()) {
            (None, _) => return Some(None),
            (Some(value), None) => read(value),
            (Some(_), Some(_)) => Err(Rule::from(REPEATED)),
        };
        let fault = |rule| self.faults.push_with(|| Fault::new(FaultLocation::for_parameter(name), rule));
        read.map_err(fault).ok().map(Some)
    }
}

/// Parses an RFC 3339 time; digits beyond the millisecond are cut off.
///
/// # Errors
/// [`Invalid`] for any other text.
pub fn parse_time(text: &str) -> Result<Timestamp, Invalid> {
    // The parser accepts more than RFC 3339, such as a time zone in brackets. What is accepted once has to be
    // accepted forever, so only the documented form is.
    let of_the_standard = |it: u8| it.is_ascii_digit() || b"Tt:.Zz+-".contains(&it);
    if !text.bytes().all(of_the_standard) || !has_separators(text) {
        return Err(TIME);
    }
    let time: jiff::Timestamp = text.parse().map_err(|_| TIME)?;
    Ok(Timestamp::from_millis(time.as_millisecond()))
}

/// Whether the text has the separators of `1970-01-01T00:00:00Z`. ISO 8601 knows times without them, and without seconds.
fn has_separators(text: &str) -> bool {
    let at = |place: usize, of: &[u8]| text.as_bytes().get(place).is_some_and(|it| of.contains(it));
    at(4, b"-") && at(7, b"-") && at(10, b"Tt") && at(13, b":") && at(16, b":")
}

/// The cursors of one list: ids that are sealed, so that a client can neither read nor construct one.
// Sealed, so that what a cursor holds may change with a version: no client can depend on its content.
pub struct Cursors<'s> {
    sealer: &'s dyn Sealer,
    list: String,
}

impl Cursors<'_> {
    /// Seals the cursor of the page that begins after the element with this id.
    #[must_use]
    pub fn cursor_after(&self, id: &str) -> String {
        self.sealer.seal_text(&self.list, id)
    }

    fn open_cursor(&self, sealed: &str) -> Option<String> {
        self.sealer.open_sealed_text(&self.list, sealed)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use domain::OrderNumber;
    use serde_json::Value;

    use super::*;

    /// Seals by saying so.
    struct Plain;

    impl Sealer for Plain {
        fn seal_text(&self, purpose: &str, text: &str) -> String {
            format!("{purpose}.{text}")
        }

        fn open_sealed_text(&self, purpose: &str, sealed: &str) -> Option<String> {
            sealed.strip_prefix(purpose)?.strip_prefix('.').map(str::to_owned)
        }
    }

    type Seen = (Option<Timestamp>, u32, Option<OrderNumber>);

    fn decoded(query: &str) -> Result<Seen, Problem> {
        let mut it =
            QueryParameters::new(&TestRequest::with_uri(&format!("/v1/orders?{query}")).to_http_request());
        let after = it.read_time("createdAfter");
        let limit = it.read_limit();
        let cursors = Cursors { sealer: &Plain, list: "orders".to_owned() };
        let cursor = it.read_cursor(&cursors, OrderNumber::parse);
        it.finish(|| Some((after?, limit?, cursor?)))
    }

    /// Names of the faulty parameters and the kind of the problem.
    fn faults(query: &str) -> (Kind, Vec<Value>) {
        let problem = decoded(query).unwrap_err();
        let view = serde_json::to_value(crate::http::problem::ProblemView::from(&problem)).unwrap();
        let names = view["errors"].as_array().unwrap().iter().map(|it| it["parameter"].clone()).collect();
        (problem.kind(), names)
    }

    #[test]
    fn nothing_asked_for_is_the_first_page_of_twenty() {
        assert_eq!(decoded(""), Ok((None, 20, None)));
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let after = Timestamp::from_millis(1_795_336_200_123);
        let number = OrderNumber::parse("n1").unwrap();
        let asked = "createdAfter=2026-11-22T08:30:00.123Z&limit=100&cursor=orders.n1";
        assert_eq!(decoded(asked), Ok((Some(after), 100, Some(number))));
        assert_eq!(decoded("createdAfter=2026-11-22T10:30:00.1239%2B02:00").unwrap().0, Some(after));
    }

    #[test]
    fn every_fault_is_named() {
        let asked = "createdAfter=yesterday&limit=101&cursor=products.n1&sort=up&sort=down";
        let (kind, names) = faults(asked);
        assert_eq!(
            (kind, names),
            (Kind::InvalidRequest, ["createdAfter", "limit", "cursor", "sort"].map(Value::from).to_vec())
        );
    }

    #[test]
    fn a_limit_is_a_plain_number_from_1_to_100_given_once() {
        for bad in [
            "limit=0",
            "limit=%2B5",
            "limit=-1",
            "limit=1.0",
            "limit=",
            "limit=1&limit=1",
            "limit=99999999999",
        ] {
            assert_eq!(faults(bad).1, [Value::from("limit")], "{bad}");
        }
    }

    #[test]
    fn a_time_without_its_offset_is_no_moment() {
        for bad in ["2026-11-22T08:30:00", "2026-11-22", "2026-11-22%2008:30:00Z", "2026-13-01T00:00:00Z"] {
            assert!(decoded(&format!("createdAfter={bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_card_number_is_refused_and_not_sent_back() {
        assert_eq!(faults("userId=4242424242424242"), (Kind::CardDataRefused, vec![Value::from("userId")]));
        assert_eq!(faults("4242424242424242=1"), (Kind::CardDataRefused, vec![Value::from("")]));
    }
}
