//! The commands that show which gateways are on, and whether they accept the credentials.

use std::sync::Arc;

use application::gateways::GuardedGateway;
use clap::Subcommand;
use domain::GatewayName;
use ports::{ErrorChain, GatewayCheck};

use super::table::render_table;
use crate::{
    config::Config,
    terminal::print_lines,
    wiring::{self, StartError},
};

/// The real gateways by name, each with the settings that turn it on.
const SWITCHES: [(&str, &str); 3] = [
    ("stripe", "IDEM_STRIPE_WEBHOOK_SECRET for notices, and IDEM_STRIPE_API_KEY for payments"),
    ("alipay", "IDEM_ALIPAY_APP_ID and its keys"),
    ("wechat", "IDEM_WECHAT_APP_ID and its keys"),
];

/// What to do with the gateways.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum GatewaysAction {
    /// List the gateways and what turns them on (this is the default)
    List,
    /// Ask each configured gateway something harmless; the exit status is 1 if one is not ready
    Check,
}

/// Why not every gateway is ready.
#[derive(Debug, thiserror::Error)]
pub(super) enum GatewaysError {
    /// A setting is wrong.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The table cannot be printed.
    #[error("the table cannot be printed")]
    Print(#[source] std::io::Error),
    /// No gateway is configured.
    #[error("no gateway is configured")]
    None,
    /// These gateways refused, or did not answer.
    #[error("not ready: {}", _0.join(", "))]
    NotReady(Vec<String>),
}

pub(super) async fn run(config: &Config, action: GatewaysAction) -> Result<(), GatewaysError> {
    let gateways = wiring::open_gateways(config)?;
    match action {
        GatewaysAction::List => print_lines(&list_gateways(config, &gateways)).map_err(GatewaysError::Print),
        GatewaysAction::Check => check_gateways(&gateways).await,
    }
}

fn list_gateways(config: &Config, on: &[Arc<GuardedGateway>]) -> String {
    let mut rows: Vec<_> =
        on.iter().map(|it| vec![it.name().to_string(), state_of(config, &it.name())]).collect();
    for (name, settings) in SWITCHES {
        if !on.iter().any(|it| it.name().as_str() == name) {
            rows.push(vec![name.to_owned(), format!("off: set {settings}")]);
        }
    }
    render_table(&["gateway", "state"], rows)
}

fn state_of(config: &Config, name: &GatewayName) -> String {
    let only_notices = config.gateways.stripe.as_ref().is_some_and(|it| it.api_key.is_none());
    let state = match name.as_str() {
        "stripe" if only_notices => "notices only: IDEM_STRIPE_API_KEY is not set",
        "sandbox" => "on: test tokens, and no money moves",
        _ => "on",
    };
    state.to_owned()
}

async fn check_gateways(gateways: &[Arc<GuardedGateway>]) -> Result<(), GatewaysError> {
    if gateways.is_empty() {
        return Err(GatewaysError::None);
    }
    let (mut rows, mut not_ready) = (Vec::new(), Vec::new());
    for gateway in gateways {
        let (state, detail) = check_gateway(gateway).await;
        if state != READY {
            not_ready.push(gateway.name().to_string());
        }
        rows.push(vec![gateway.name().to_string(), state.to_owned(), detail]);
    }
    print_lines(&render_table(&["gateway", "answer", "detail"], rows)).map_err(GatewaysError::Print)?;
    if not_ready.is_empty() { Ok(()) } else { Err(GatewaysError::NotReady(not_ready)) }
}

/// The state of a gateway that accepts the credentials.
const READY: &str = "ready";

async fn check_gateway(gateway: &GuardedGateway) -> (&'static str, String) {
    let admission = match gateway.admit().await {
        Ok(admission) => admission,
        Err(error) => return ("unreachable", error.to_string()),
    };
    match admission.check().await {
        Ok(GatewayCheck::Ready(detail)) => (READY, detail),
        Ok(GatewayCheck::Refused(detail)) => ("refused", detail),
        Err(error) => ("unreachable", ErrorChain(&error).to_string()),
    }
}
