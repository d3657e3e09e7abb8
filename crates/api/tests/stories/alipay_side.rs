//! Alipay's side, as the adapter's own tests have it.

#[path = "../../../adapters-gateways/tests/alipay/double.rs"]
pub(crate) mod double;
#[path = "../../../adapters-gateways/tests/alipay/keys.rs"]
pub(crate) mod keys;
#[path = "../../../adapters-gateways/tests/alipay/methods.rs"]
pub(crate) mod methods;
