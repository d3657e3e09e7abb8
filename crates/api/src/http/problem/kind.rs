//! The table of all problems that the service answers with.
//!
//! A slug and its status are part of the contract: clients decide by them, so they are never renamed.

/// The text of a problem's page: the file of the repository, built into the program.
// A macro, because `include_str!` needs a literal. A kind without a page does not compile.
macro_rules! page {
    ($slug:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems/", $slug, ".md"))
    };
}

// A macro, so that a kind is one row: an enum with five matches would allow a kind whose status and page do
// not belong together.
macro_rules! kinds {
    ($($name:ident $slug:literal $status:literal $title:literal $detail:literal)*) => {
        /// The kind of a problem, which decides its `type`, status and title (RFC 9457, 3.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $(#[doc = $title] $name,)* }

        impl Kind {
            /// Every kind, in the order of the index page.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The last segment of its `type`.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The HTTP status that every problem of this kind has.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The title, which is the first line of its page and the same for every problem of this kind.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// The general detail, for a problem about which nothing more exact is known.
            #[must_use]
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$name => $detail,)* }
            }

            /// The page that explains the kind and what to do, in Markdown.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self { $(Self::$name => page!($slug),)* }
            }
        }
    };
}

#[rustfmt::skip]
kinds! {
    MalformedJson            "malformed-json"             400 "Malformed JSON"                     "The body is not a JSON document."
    InvalidRequest           "invalid-request"            422 "Invalid request"                    "The request has faults."
    BodyTooLarge             "body-too-large"             413 "Body too large"                     "The body is over the limit of 65536 bytes."
    RequestHeadTooLarge      "request-head-too-large"     431 "Request head too large"             "The head of the request is over the limit of 32768 bytes."
    UnsupportedMediaType     "unsupported-media-type"     415 "Unsupported media type"             "This resource reads application/json."
    NotFound                 "not-found"                  404 "Not found"                          "There is no such resource."
    MethodNotAllowed         "method-not-allowed"         405 "Method not allowed"                 "This resource does not know the method. The Allow header lists those it knows."
    IdempotencyKeyMissing    "idempotency-key-missing"    400 "Idempotency key missing"            "This operation requires an Idempotency-Key header."
    IdempotencyKeyInvalid    "idempotency-key-invalid"    400 "Idempotency key invalid"            "An idempotency key is 1 to 255 visible ASCII characters."
    IdempotencyKeyReused     "idempotency-key-reused"     422 "Idempotency key reused"             "The idempotency key was first used with a different request."
    IdempotencyInProgress    "idempotency-in-progress"    409 "Idempotent request in progress"     "The first request with this idempotency key has not ended yet."
    Unauthorized             "unauthorized"               401 "Unauthorized"                       "A valid access token is required."
    InvalidCredentials       "invalid-credentials"        401 "Invalid credentials"                "The user name or the password is wrong."
    TotpRequired             "totp-required"              401 "Code required"                      "The password is right. The account needs a code of its second factor, too."
    TotpInvalid              "totp-invalid"               401 "Code invalid"                       "The code of the second factor is wrong, or it was used before."
    RefreshTokenReused       "refresh-token-reused"       401 "Refresh token reused"               "The refresh token was already spent. The session has been ended."
    RefreshTokenInvalid      "refresh-token-invalid"      401 "Refresh token invalid"              "The refresh token cannot be exchanged."
    Forbidden                "forbidden"                  403 "Forbidden"                          "This operation requires the role OPERATOR."
    InsufficientScope        "insufficient-scope"         403 "Insufficient scope"               "The API key has no scope that this operation requires."
    WrongPassword            "wrong-password"             403 "Wrong password"                     "The current password is wrong."
    WrongTotpCode            "wrong-totp-code"            403 "Wrong code"                         "The code of the second factor is wrong, or it was used before."
    SecondFactorRequired     "second-factor-required"     403 "Second factor required"             "Operators need a second factor. Enrol one first."
    SecondFactorInForce      "second-factor-in-force"     409 "Second factor in force"             "The account has a second factor. Disable it before enrolling another one."
    SecondFactorMissing      "second-factor-missing"      409 "Second factor missing"              "The account has no second factor to confirm or to disable."
    UsernameTaken            "username-taken"             409 "User name taken"                    "There is already a user with this name."
    EmailTaken               "email-taken"                409 "E-mail address taken"               "There is already a user with this e-mail address."
    InvalidVerificationToken "invalid-verification-token" 400 "Invalid verification token"         "The token is unknown, used or expired, or the address was changed."
    InvalidResetToken        "invalid-reset-token"        400 "Invalid reset token"                "The token is unknown, used or expired."
    OpenOrders               "open-orders"                409 "Open orders"                        "An order of this account is open. The account can be erased once it is done."
    AccountErased            "account-erased"             409 "Account erased"                     "The account was erased and cannot be changed."
    LastOperator             "last-operator"              409 "Last operator"                      "No other operator would be left who can log in."
    TooManyRequests          "too-many-requests"          429 "Too many requests"                  "Too many attempts. The Retry-After header says when to try again."
    UnknownProduct           "unknown-product"            422 "Unknown product"                    "A line names a product that cannot be ordered."
    PriceChanged             "price-changed"              409 "Price changed"                      "The price of at least one line has changed. Nothing was ordered."
    OutOfStock               "out-of-stock"               409 "Out of stock"                       "There is not enough stock. Nothing was reserved."
    StockNotTracked          "stock-not-tracked"          409 "Stock not tracked"                  "The stock of this product is not tracked. Set it first."
    MixedCurrencies          "mixed-currencies"           422 "Mixed currencies"                   "The lines of an order must have one currency."
    TransitionNotAllowed     "transition-not-allowed"     409 "Transition not allowed"             "The order cannot go to the status asked for."
    OrderNotEditable         "order-not-editable"         409 "Order not editable"                 "The order has gone too far to be changed by its owner."
    PreconditionFailed       "precondition-failed"        412 "Precondition failed"                "The resource is not as If-Match or If-None-Match demands."
    PreconditionRequired     "precondition-required"      428 "Precondition required"              "This change requires an If-Match header that names the version you have seen."
    OrderNotPayable          "order-not-payable"          409 "Order not payable"                  "The order is not open, or a payment of it is under way."
    PaymentNotCapturable     "payment-not-capturable"     409 "Payment not capturable"             "The transaction has no open authorisation."
    CaptureExceedsAuthorized "capture-exceeds-authorized" 409 "Capture exceeds authorised amount"  "The amount is more than what was authorised."
    PaymentNotVoidable       "payment-not-voidable"       409 "Payment not voidable"               "The transaction has no open authorisation."
    PaymentNotRefundable     "payment-not-refundable"     409 "Payment not refundable"             "The transaction has no captured money that can be given back now."
    ReturnExceedsOrdered     "return-exceeds-ordered"     409 "Return exceeds ordered pieces"      "More pieces are named than were ordered and are not returned. Nothing was refunded."
    RefundExceedsCaptured    "refund-exceeds-captured"    409 "Refund exceeds captured amount"     "The refunds would add up to more than was captured."
    EventsExpired            "events-expired"             410 "Events expired"                     "Events that come after this number are no longer kept."
    CardDataRefused          "card-data-refused"          422 "Card data refused"                  "The request carries card data. It was neither stored nor logged."
    WebhookEndpointDisabled  "webhook-endpoint-disabled"  409 "Webhook endpoint disabled"          "The endpoint is disabled, so nothing is sent to it."
    TooManyWebhookEndpoints  "too-many-webhook-endpoints" 409 "Too many webhook endpoints"         "There are as many webhook endpoints as there may be. Delete one first."
    OldSecretSigns           "old-secret-signs"           409 "Old secret still signs"             "The secret before the present one still signs. Another rotation would silence it; try again when its 24 hours are over."
    InvalidSignature         "invalid-signature"          401 "Invalid signature"                  "The notice has no valid signature."
    Unavailable              "unavailable"                503 "Service unavailable"                "The system of record cannot be reached. Try again with the same idempotency key."
    GatewayUnavailable       "gateway-unavailable"        503 "Payment gateway unavailable"        "The payment gateway does not answer or is busy. Nothing was done. The Retry-After header says when to try again."
    Overloaded               "overloaded"                 503 "Overloaded"                         "Too many requests are waiting. This one was not started."
    DeadlineExceeded         "deadline-exceeded"          503 "Deadline exceeded"                  "The request was not finished in time."
    InternalError            "internal-error"             500 "Internal error"                     "The service has a fault. It was logged under this request id."
}

impl Kind {
    /// Finds the kind with this slug, the last segment of its `type`.
    #[must_use]
    pub fn find_by_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.slug() == slug)
    }

    /// Its `type`, a URI reference.
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("/problems/{}", self.slug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_page_and_says_what_the_page_says() {
        for kind in Kind::ALL {
            let page = kind.page();
            assert_eq!(page.lines().next(), Some(format!("# {}", kind.title()).as_str()), "{}", kind.slug());
            assert!(page.contains(&format!("**Status:** {}", kind.status())), "{}", kind.slug());
        }
    }

    /// Those whose detail depends on the request.
    const COUNTED: &[Kind] =
        &[Kind::MalformedJson, Kind::InvalidRequest, Kind::UnknownProduct, Kind::OutOfStock];

    #[test]
    fn the_example_of_a_page_is_what_is_answered() {
        for kind in Kind::ALL.iter().filter(|it| !COUNTED.contains(it)) {
            let line = format!("\"detail\": \"{}\"", kind.detail());
            assert!(kind.page().contains(&line), "{}: {line}", kind.slug());
        }
    }

    #[test]
    fn every_page_has_its_kind() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems");
        let mut pages: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|it| it.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
            .filter(|slug| slug != "README")
            .collect();
        let mut slugs: Vec<_> = Kind::ALL.iter().map(|it| it.slug()).collect();
        pages.sort_unstable();
        slugs.sort_unstable();
        assert_eq!(pages, slugs);
    }

    #[test]
    fn a_kind_is_found_by_its_slug() {
        assert_eq!(Kind::find_by_slug("not-found"), Some(Kind::NotFound));
        assert_eq!(Kind::find_by_slug("not-there"), None);
    }
}
