//! A backend in ten minutes, as `docs/integrating.md` describes it:
//!
//! ```sh
//! IDEM_BASE_URL=http://127.0.0.1:8080 IDEM_USERNAME=… IDEM_PASSWORD=… cargo run -p client --example backend
//! ```
//!
//! The user must be an operator.

mod steps;

use std::env::var;

use idem_client::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let anyone = Client::builder(&var("IDEM_BASE_URL")?).build()?;
    let password = var("IDEM_PASSWORD")?;
    let operator = anyone.login(&var("IDEM_USERNAME")?, &password).await?;
    steps::run(&anyone, &operator, "rust-tea", &password).await
}
