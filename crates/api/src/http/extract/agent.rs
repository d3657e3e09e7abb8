use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use domain::session::UserAgent;

use super::Problem;

/// What the client says about itself in `User-Agent`, fit to be stored and shown; `None` if it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAgent(pub Option<UserAgent>);

impl FromRequest for ClientAgent {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let sent = request.headers().get(header::USER_AGENT);
        // Bytes that are no text are replaced: the header decides nothing, so no request is refused for it.
        let text = sent.map(|it| String::from_utf8_lossy(it.as_bytes()));
        ready(Ok(Self(text.and_then(|it| UserAgent::mask(&it)))))
    }
}
