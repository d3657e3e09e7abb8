//! The methods of Alipay's open platform that the adapter uses.

/// A method of Alipay's open platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Precreate,
    PagePay,
    WapPay,
    AppPay,
    Query,
    Close,
    Refund,
    RefundQuery,
}

impl Method {
    /// The name, as the parameter `method` states it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Precreate => "alipay.trade.precreate",
            Self::PagePay => "alipay.trade.page.pay",
            Self::WapPay => "alipay.trade.wap.pay",
            Self::AppPay => "alipay.trade.app.pay",
            Self::Query => "alipay.trade.query",
            Self::Close => "alipay.trade.close",
            Self::Refund => "alipay.trade.refund",
            Self::RefundQuery => "alipay.trade.fastpay.refund.query",
        }
    }

    /// The member of the answer that holds the result.
    pub(super) fn answer_member(self) -> String {
        format!("{}_response", self.name().replace('.', "_"))
    }

    /// Whether the payment that it begins is notified.
    pub(super) const fn is_notified(self) -> bool {
        match self {
            Self::Precreate | Self::PagePay | Self::WapPay | Self::AppPay => true,
            Self::Query | Self::Close | Self::Refund | Self::RefundQuery => false,
        }
    }

    /// Whether the buyer returns to the shop's page afterwards.
    pub(super) const fn has_return(self) -> bool {
        match self {
            Self::PagePay | Self::WapPay => true,
            Self::Precreate | Self::AppPay | Self::Query | Self::Close | Self::Refund | Self::RefundQuery => {
                false
            }
        }
    }
}
