//! Alipay's products. Alipay has no tokens of payment methods: the buyer chooses the method at Alipay, and our
//! token chooses the way to get there.

use domain::payment::PaymentToken;

use super::methods::Method;

/// A way to pay with Alipay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    /// The buyer scans a QR code with the Alipay app (当面付, 扫码支付).
    QrCode,
    /// The buyer opens a page on a computer (电脑网站支付).
    Page,
    /// The buyer opens a page on a phone (手机网站支付).
    MobilePage,
    /// The shop's own app calls the Alipay app (APP 支付).
    App,
}

impl Product {
    /// Every product, in the order of the documentation.
    pub(super) const ALL: [Self; 4] = [Self::QrCode, Self::Page, Self::MobilePage, Self::App];

    /// The token that chooses the product.
    pub(super) const fn token(self) -> &'static str {
        match self {
            Self::QrCode => "qr",
            Self::Page => "page",
            Self::MobilePage => "wap",
            Self::App => "app",
        }
    }

    /// Parses a token; `None` for any other text.
    pub(super) fn parse(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.token() == token)
    }

    /// Returns the product of a charge. A token that names none means the QR code; such a payment is refused
    /// before it is charged.
    pub(super) fn from_token(token: &PaymentToken) -> Self {
        Self::parse(token.expose_secret()).unwrap_or(Self::QrCode)
    }

    /// The method that begins a payment.
    pub(super) const fn method(self) -> Method {
        match self {
            Self::QrCode => Method::Precreate,
            Self::Page => Method::PagePay,
            Self::MobilePage => Method::WapPay,
            Self::App => Method::AppPay,
        }
    }

    /// The product code (`product_code`); `None` where Alipay takes the one of the contract.
    pub(super) const fn code(self) -> Option<&'static str> {
        match self {
            Self::QrCode => None,
            Self::Page => Some("FAST_INSTANT_TRADE_PAY"),
            Self::MobilePage => Some("QUICK_WAP_WAY"),
            Self::App => Some("QUICK_MSECURITY_PAY"),
        }
    }
}
