//! Payments through the real binary and the adapters of real gateways, with doubles of the gateways: the same doubles
//! that the adapters' own tests use.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]
#![expect(dead_code, unused_imports, reason = "the harness and the double are those of other tests")]

mod alipay;
mod alipay_side;
#[path = "../../../adapters-gateways/tests/stripe/double/mod.rs"]
mod double;
#[path = "../http/harness/mod.rs"]
mod harness;
#[path = "../../../adapters-gateways/tests/http/mod.rs"]
mod http;
mod shop;
#[path = "../embedded/stack.rs"]
mod stack;
mod stripe;
mod wechat;
mod wechat_side;
