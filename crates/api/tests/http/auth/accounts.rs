//! Making accounts and logging in.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::{PASSWORD, Person, Reply, shared, unique};

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_is_a_customer_and_can_log_in() {
    let client = shared().client();
    let person = Person::new("new");
    let user = client.post("/v1/auth/register", &person.account()).await.ok(201);
    assert_eq!((&user["username"], &user["email"]), (&json!(person.username), &json!(person.email)));
    assert_eq!(user["role"], "CUSTOMER");
    assert!(user["createdAt"].as_str().unwrap().ends_with('Z'), "{user}");
    let id = user["id"].as_str().unwrap();
    assert!(id.len() >= 20 && id.parse::<u64>().is_err(), "unguessable, and no row's number: {id}");

    let tokens = client.post("/v1/auth/login", &person.credentials(PASSWORD)).await.ok(200);
    assert_eq!(tokens["tokenType"], "Bearer");
    assert!(tokens["expiresIn"].as_u64() > Some(0) && tokens["refreshExpiresIn"].as_u64() > Some(0));
    assert_eq!(client.with_tokens(&tokens).get("/v1/me").await.ok(200), user);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_or_an_address_is_taken_regardless_of_case() {
    let client = shared().client();
    let (first, second) = (Person::new("Taken"), Person::new("other"));
    client.post("/v1/auth/register", &first.account()).await.ok(201);
    let mut account = second.account();
    account["username"] = json!(first.username.to_uppercase());
    client.post("/v1/auth/register", &account).await.refused(409, "username-taken");
    let mut account = second.account();
    account["email"] = json!(first.email.to_uppercase());
    client.post("/v1/auth/register", &account).await.refused(409, "email-taken");
    client.post("/v1/auth/register", &second.account()).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_register_one_name_at_once_one_gets_it() {
    let client = shared().client();
    let name = unique("popular");
    let mut asked = tokio::task::JoinSet::new();
    for at in 0..16 {
        let account =
            json!({"username": name, "email": format!("{name}-{at}@example.com"), "password": PASSWORD});
        let request = client.post("/v1/auth/register", &account);
        asked.spawn(async move { request.await.status });
    }
    let mut statuses = asked.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|it| *it == 409), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_account_is_refused() {
    let client = shared().client();
    let long = "x7Q".repeat(24);
    for (member, value) in [
        ("username", "ab"),
        ("username", &"a".repeat(33)),
        ("username", "no spaces"),
        ("username", "ünïcode"),
        ("email", "nobody"),
        ("email", "a@b"),
        ("password", "short7!"),
        ("password", "password123"),
        ("password", &format!("{long}y")),
        ("password", &"密".repeat(25)),
    ] {
        let mut account = Person::new("odd").account();
        account[member] = json!(value);
        let reply = client.post("/v1/auth/register", &account).await;
        assert_eq!(reply.faults(), [format!("/{member}")], "{value}");
    }
    let mut account = Person::new("longest").account();
    account["password"] = json!(long);
    client.post("/v1/auth/register", &account).await.ok(201);
    let tail = json!({"username": account["username"], "password": format!("{long}y")});
    client.post("/v1/auth/login", &tail).await.refused(401, "invalid-credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_address_both_log_in_regardless_of_case() {
    let client = shared().client();
    let person = Person::new("Both");
    client.post("/v1/auth/register", &person.account()).await.ok(201);
    for login in [person.username.to_lowercase(), person.username.to_uppercase(), person.email.to_uppercase()]
    {
        let credentials = json!({"username": login, "password": PASSWORD});
        client.post("/v1/auth/login", &credentials).await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_and_a_wrong_password_get_the_same_bytes() {
    let client = shared().client();
    let person = Person::new("known");
    client.post("/v1/auth/register", &person.account()).await.ok(201);
    let wrong = client.post("/v1/auth/login", &person.credentials("not the password")).await;
    let unknown =
        client.post("/v1/auth/login", &Person::new("unknown").credentials("not the password")).await;
    wrong.refused(401, "invalid-credentials");
    assert_eq!(wrong.anonymous(), unknown.anonymous());
    let names = |it: &Reply| it.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(names(&wrong), names(&unknown));
}
