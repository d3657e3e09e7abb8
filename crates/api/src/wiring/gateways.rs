//! The gateways that the configuration turns on.

use std::sync::Arc;

use adapters_gateways::{
    Alipay, AlipayConfigError, RetiredGateway, Sandbox, Stripe, StripeConfigError, WeChat, WeChatConfigError,
};
use application::{App, gateways::GuardedGateway};
use ports::{Clock, Gateway, Metrics};

use super::{build_clock, secrets::open_sandbox};
use crate::{
    config::{Config, ConfigError, Database, PREFIX},
    wiring::StartError,
};

/// What payments are said to have been taken through that were there before this service.
const LEGACY_GATEWAY: &str = "legacy";

/// The gateways of a start.
pub(super) struct OpenGateways {
    /// The sandbox, if there is one.
    pub(super) sandbox: Option<Arc<Sandbox>>,
    /// All gateways, each with its guard.
    pub(super) guarded: Vec<Arc<GuardedGateway>>,
}

/// Puts a guard around every gateway: the real ones, the sandbox, and the one of adopted payments.
pub(super) fn guard_gateways(
    config: &Config,
    real: Vec<Arc<dyn Gateway>>,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<dyn Metrics>,
) -> Result<OpenGateways, StartError> {
    let sandbox = open_sandbox(config, clock.clone())?;
    let mut gateways = real;
    gateways.extend(sandbox.clone().map(|it| -> Arc<dyn Gateway> { it }));
    if let Database::MySql(_) = config.database {
        gateways.push(Arc::new(RetiredGateway::new(LEGACY_GATEWAY, clock.clone())));
    }
    let guard = |it| Arc::new(GuardedGateway::new(it, config.gateway_limits, clock.clone(), metrics.clone()));
    Ok(OpenGateways { sandbox, guarded: gateways.into_iter().map(guard).collect() })
}

/// Opens the configured gateways, for a command that needs nothing else. No call is made.
///
/// # Errors
/// [`StartError`] with every fault of the configuration.
pub fn open_gateways(config: &Config) -> Result<Vec<Arc<GuardedGateway>>, StartError> {
    let clock = build_clock(config);
    let (real, faults) = open_real_gateways(config, &clock);
    ConfigError::combine_faults(faults)?;
    let metrics: Arc<dyn Metrics> = Arc::new(());
    let open = guard_gateways(config, real, &clock, &metrics)?;
    Ok(open.guarded.into_iter().filter(|it| is_connected(it)).collect())
}

/// The gateways that payments can be looked up at: not the one of adopted payments.
pub fn connected_gateways(app: &App) -> impl Iterator<Item = &Arc<GuardedGateway>> {
    app.gateways.iter().filter(|it| is_connected(it))
}

fn is_connected(gateway: &GuardedGateway) -> bool {
    gateway.name().as_str() != LEGACY_GATEWAY
}

/// Opens the gateways that move money. The second value is every fault of their settings.
pub(super) fn open_real_gateways(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> (Vec<Arc<dyn Gateway>>, Vec<ConfigError>) {
    let settings = &config.gateways;
    let (mut gateways, mut faults): (Vec<Arc<dyn Gateway>>, _) = (Vec::new(), Vec::new());
    match settings.stripe.clone().map(|it| Stripe::open(it, clock.clone())) {
        Some(Ok(stripe)) => gateways.push(Arc::new(stripe)),
        Some(Err(error)) => faults.extend(stripe_faults(&error)),
        None => {}
    }
    match settings.alipay.clone().map(|it| Alipay::open(it, clock.clone())) {
        Some(Ok(alipay)) => gateways.push(Arc::new(alipay)),
        Some(Err(error)) => faults.extend(alipay_faults(&error)),
        None => {}
    }
    match settings.wechat.clone().map(|it| WeChat::open(it, clock.clone())) {
        Some(Ok(wechat)) => gateways.push(Arc::new(wechat)),
        Some(Err(error)) => faults.extend(wechat_faults(&error)),
        None => {}
    }
    (gateways, faults)
}

fn stripe_faults(error: &StripeConfigError) -> Vec<ConfigError> {
    let key = |setting: &str| setting.strip_prefix(PREFIX).unwrap_or(setting).to_lowercase();
    error.faults.iter().map(|it| ConfigError::invalid(&key(it.setting), it.text)).collect()
}

fn alipay_faults(error: &AlipayConfigError) -> Vec<ConfigError> {
    let key = |member: &str| match member {
        "alipay_public_keys" => "alipay_public_key".to_owned(),
        "notify_url" => "public_url".to_owned(),
        member => format!("alipay_{member}"),
    };
    error.faults.iter().map(|it| ConfigError::invalid(&key(it.setting), &it.reason)).collect()
}

fn wechat_faults(error: &WeChatConfigError) -> Vec<ConfigError> {
    let key = |member: &str| match member {
        "platform_keys" => "wechat_platform_key".to_owned(),
        "notify_url" => "public_url".to_owned(),
        member => format!("wechat_{member}"),
    };
    error.faults().iter().map(|(member, rule)| ConfigError::invalid(&key(member), rule)).collect()
}
