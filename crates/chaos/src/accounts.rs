//! Accounts of customers and of the operator.

use serde_json::{Value, json};

use crate::{
    ChaosError, Operation,
    client::{Client, RetryableRequest, find_text},
    stack::Stack,
};

/// The password of all accounts.
const PASSWORD: &str = "a storm in the park";
const OPERATOR: &str = "shopkeeper";

/// Makes the operator's account from the command line, and logs in.
pub(crate) async fn open_operator(stack: &Stack, client: &Client) -> Result<Client, ChaosError> {
    let email = format!("{OPERATOR}@example.com");
    let arguments = ["create-operator", "--username", OPERATOR, "--email", &email];
    let (is_made, printed) = stack.run_command(&arguments, &[("IDEM_OPERATOR_PASSWORD", PASSWORD)])?;
    if !is_made {
        return Err(format!("no operator: {printed}").into());
    }
    Ok(start_session(client, OPERATOR).await?.0)
}

/// Registers a customer, with one idempotency key however often it is sent, and logs in.
pub(crate) async fn open_customer(client: &Client, name: &str) -> Result<Client, ChaosError> {
    let account = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
    let request = RetryableRequest::post("/v1/auth/register", account).keyed(&format!("register-{name}"));
    client.send_and_record(&request, &Operation::Register(name.to_owned()), &[201]).await?;
    Ok(start_session(client, name).await?.0)
}

/// Logs in: a client with the access token, and the refresh token.
pub(crate) async fn start_session(client: &Client, name: &str) -> Result<(Client, String), ChaosError> {
    let credentials = json!({"username": name, "password": PASSWORD});
    let answer = client.send_until_answered(&RetryableRequest::post("/v1/auth/login", credentials)).await?;
    let tokens: Value = serde_json::from_str(&answer.body)?;
    let token = find_text(&tokens, "accessToken");
    if token.is_empty() {
        Err(format!("no login: {}", answer.body).into())
    } else {
        Ok((client.with_token(token), find_text(&tokens, "refreshToken").to_owned()))
    }
}
