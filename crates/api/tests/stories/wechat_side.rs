//! WeChat Pay's side, as the adapter's own tests have it.

#[path = "../../../adapters-gateways/tests/wechat/double/mod.rs"]
pub(crate) mod double;
#[path = "../../../adapters-gateways/tests/wechat/keys.rs"]
pub(crate) mod keys;
