//! Reading query parameters, in the manner of [`Fields`](super::Fields).

use actix_web::{HttpRequest, web::Query};
use domain::{Invalid, Timestamp, card};
use ports::Sealer;

use super::{Read, Rule, finish, must_be_whole};
use crate::{
    http::problem::{Fault, Faults, Kind, Place, Problem},
    service::Service,
};

/// Longest page of a list.
pub const LIMIT_MAX: u32 = 100;
/// Length of a page when nobody asks for another.
pub const LIMIT_DEFAULT: u32 = 20;

/// What is said of a parameter that has no meaning here.
const UNKNOWN_PARAMETER: Invalid = Invalid("is not a parameter of this request");
const REPEATED: Invalid = Invalid("must be given once");
const CURSOR: Invalid = Invalid("must be the nextCursor of this list");
const TIME: Invalid = Invalid("must be an RFC 3339 time, such as 2026-11-22T08:30:00.123Z");
const CARD: Invalid = Invalid("must not carry card data");

/// The parameters of a query, read one by one.
///
/// Each read gives `None` when it noted a fault; [`Parameters::finish`] puts the values together when there was none.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Faults,
}

impl Parameters {
    /// The parameters of a request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let query = Query::<Vec<(String, String)>>::from_query(request.query_string());
        // A string of pairs can always be read; should that ever change, the request has no parameters.
        let pairs = query.map(Query::into_inner).unwrap_or_default();
        Self { pairs, known: Vec::new(), faults: Faults::default() }
    }

    /// A parameter that may be missing.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        self.read(name, |text| Ok(read(text)?))
    }

    /// A moment, as RFC 3339 writes it, to the millisecond.
    pub fn time(&mut self, name: &'static str) -> Option<Option<Timestamp>> {
        self.optional(name, time)
    }

    /// `limit`: how long a page is wanted.
    pub fn limit(&mut self) -> Option<u32> {
        let range = 1..=LIMIT_MAX;
        let read = |text: &str| {
            let plain = text.bytes().all(|it| it.is_ascii_digit());
            let limit = text.parse().ok().filter(|it| plain && range.contains(it));
            limit.ok_or_else(|| must_be_whole(&range))
        };
        self.read("limit", read).map(|it| it.unwrap_or(LIMIT_DEFAULT))
    }

    /// `cursor`: after which element the page begins.
    pub fn cursor<T>(
        &mut self,
        cursors: &Cursors<'_>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        let open = |sealed: &str| cursors.open(sealed).and_then(|it| parse(&it).ok()).ok_or(CURSOR);
        self.optional("cursor", open)
    }

    /// Which page of a list is wanted, when nothing else can be asked for: after which element, and how long.
    ///
    /// # Errors
    /// As [`Parameters::finish`].
    pub fn page(mut self, cursors: &Cursors<'_>) -> Result<(Option<String>, u32), Problem> {
        let after = self.cursor(cursors, super::any);
        let limit = self.limit();
        self.finish(|| Some((after?, limit?)))
    }

    /// What was read, or a problem that names every fault.
    ///
    /// # Errors
    /// `invalid-request`, or `card-data-refused` when a card number was sent. `build` must not give `None` unless a
    /// fault was noted.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        let cards = self.cards();
        if !cards.is_empty() {
            return Err(Problem::new(Kind::CardDataRefused).errors(cards));
        }
        let mut unknown: Vec<&String> =
            self.pairs.iter().map(|(name, _)| name).filter(|it| !self.known.contains(&it.as_str())).collect();
        unknown.dedup();
        let fault = |name: &String| Fault::new(Place::parameter(name), UNKNOWN_PARAMETER);
        self.faults.append(Faults::each(unknown, fault));
        finish(self.faults, build)
    }

    /// The parameters with card data. A name that is a card number itself is not sent back.
    fn cards(&self) -> Faults {
        let mut cards = Faults::default();
        for (name, value) in &self.pairs {
            if card::found_in(name) {
                cards.note(|| Fault::new(Place::parameter(""), CARD));
            } else if card::found_in(value) {
                cards.note(|| Fault::new(Place::parameter(name), CARD));
            }
        }
        cards
    }

    fn read<T>(&mut self, name: &'static str, read: impl FnOnce(&str) -> Read<T>) -> Option<Option<T>> {
        self.known.push(name);
        let mut given = self.pairs.iter().filter(|(it, _)| it == name).map(|(_, value)| value);
        let read = match (given.next(), given.next()) {
            (None, _) => return Some(None),
            (Some(value), None) => read(value),
            (Some(_), Some(_)) => Err(Rule::from(REPEATED)),
        };
        let fault = |rule| self.faults.note(|| Fault::new(Place::parameter(name), rule));
        read.map_err(fault).ok().map(Some)
    }
}

/// Reads an RFC 3339 time; what is finer than a millisecond is cut off.
fn time(text: &str) -> Result<Timestamp, Invalid> {
    // The parser knows more forms than the standard.
    let of_the_standard = |it: u8| it.is_ascii_digit() || b"Tt:.Zz+-".contains(&it);
    if !text.bytes().all(of_the_standard) {
        return Err(TIME);
    }
    let time: jiff::Timestamp = text.parse().map_err(|_| TIME)?;
    Ok(Timestamp::from_millis(time.as_millisecond()))
}

impl Service {
    /// The cursors of the list with that name.
    #[must_use]
    pub fn cursors(&self, list: &'static str) -> Cursors<'_> {
        Cursors::of(self.sealer.as_ref(), list)
    }
}

/// The cursors of one list, sealed so that nobody can make one up.
#[derive(Clone, Copy)]
pub struct Cursors<'s> {
    sealer: &'s dyn Sealer,
    list: &'static str,
}

impl<'s> Cursors<'s> {
    /// The cursors of the list with that name; those of another list do not open here.
    #[must_use]
    pub const fn of(sealer: &'s dyn Sealer, list: &'static str) -> Self {
        Self { sealer, list }
    }

    /// The cursor of the page that begins after the element with that id.
    #[must_use]
    pub fn after(&self, id: &str) -> String {
        self.sealer.seal(self.list, id)
    }

    fn open(&self, sealed: &str) -> Option<String> {
        self.sealer.open(self.list, sealed)
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
        fn seal(&self, purpose: &str, text: &str) -> String {
            format!("{purpose}.{text}")
        }

        fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
            sealed.strip_prefix(purpose)?.strip_prefix('.').map(str::to_owned)
        }
    }

    type Seen = (Option<Timestamp>, u32, Option<OrderNumber>);

    fn decoded(query: &str) -> Result<Seen, Problem> {
        let mut it = Parameters::of(&TestRequest::with_uri(&format!("/v1/orders?{query}")).to_http_request());
        let after = it.time("createdAfter");
        let limit = it.limit();
        let cursor = it.cursor(&Cursors::of(&Plain, "orders"), OrderNumber::parse);
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
