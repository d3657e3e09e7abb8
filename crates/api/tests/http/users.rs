//! The accounts of all users, as operators find and change them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Person, QUIET, Server, eventually, field, shared, unique};

/// What is promised is a second; the bound allows for a machine that does other things too, and is far below what a copy
/// of a user lives.
const SOON: Duration = Duration::from_secs(10);

async fn id_of(client: &Client) -> String {
    field(&client.get("/v1/me").await.ok(200), "id").to_owned()
}

fn path(id: &str) -> String {
    format!("/v1/users/{id}")
}

fn names(users: &[Value]) -> Vec<String> {
    users.iter().map(|it| field(it, "username").to_owned()).collect()
}

/// Customers whose names begin with that text, in the order of their names.
async fn register(server: &Server, prefix: &str, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..count {
        let username = format!("{prefix}-{number}");
        let email = format!("{}@example.com", unique("mail"));
        Person { username: username.clone(), email }.register(&server.client()).await;
        names.push(username);
    }
    names
}

/// Tells apart what begins alike: `unique` gives `user-1` and `user-10`.
fn unique_prefix(kind: &str) -> String {
    format!("{}.x", unique(kind))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_see_and_change_users() {
    let customer = shared().customer().await;
    let id = id_of(&customer).await;
    for client in [customer.clone(), shared().client()] {
        let refused =
            if client.get("/v1/me").await.status == 401 { (401, "unauthorized") } else { (403, "forbidden") };
        for list in ["/v1/users", "/v1/payments", "/v1/refunds", "/v1/users?q=a&nothing=1", &path(&id)] {
            client.get(list).await.refused(refused.0, refused.1);
        }
        client.patch(&path(&id), &json!({"role": "OPERATOR"})).await.refused(refused.0, refused.1);
        client.patch(&path(&id), &json!({"role": 1})).await.refused(refused.0, refused.1);
        client.delete(&format!("{}/sessions", path(&id))).await.refused(refused.0, refused.1);
        client.get(&format!("{}/sessions", path(&id))).await.refused(refused.0, refused.1);
    }
    assert_eq!(customer.get("/v1/me").await.ok(200)["role"], "CUSTOMER");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_shown_with_the_last_login_and_the_number_of_orders() {
    let operator = shared().operator().await;
    let person = Person::new("shown");
    shared().client().post("/v1/auth/register", &person.account()).await.ok(201);
    let find = async || {
        let found = operator.all(&format!("/v1/users?username={}", person.username)).await;
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    };
    let fresh = find().await;
    let of_person = json!({
        "id": fresh["id"], "username": person.username, "email": person.email, "role": "CUSTOMER",
        "secondFactor": false, "emailVerifiedAt": null, "disabled": false, "createdAt": fresh["createdAt"],
        "lastLoginAt": null, "orderCount": 0,
    });
    assert_eq!(fresh, of_person);
    let customer = person.login(&shared().client()).await;
    let product = operator.product("1.00", None).await;
    for _ in 0..3 {
        customer.order(&product, 1).await;
    }
    let cancelled = customer.order(&product, 1).await;
    customer.moved(&cancelled, "CANCELLED").await;
    let later = find().await;
    assert_eq!(later["orderCount"], 4, "whatever became of them");
    assert!(field(&later, "lastLoginAt") >= field(&later, "createdAt"), "{later}");
    let reply = operator.get(&path(&id_of(&customer).await)).await;
    assert_eq!(reply.ok(200), later);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    operator.get(&path("aaaaaaaaaaaaaaaaaaaaaaaaaa")).await.refused(404, "not-found");
    operator.get(&path(&"x".repeat(300))).await.refused(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_by_name_address_or_the_beginning_of_one() {
    let operator = shared().operator().await;
    let prefix = unique_prefix("Found");
    let expected = register(shared(), &prefix, 3).await;
    let first = operator.all(&format!("/v1/users?username={}", expected[0].to_uppercase())).await;
    assert_eq!(names(&first), expected[..1], "regardless of case");
    let email = field(&first[0], "email").to_owned();
    let found = async |query: String| names(&operator.all(&format!("/v1/users?{query}")).await);
    assert_eq!(found(format!("email={}", email.to_uppercase())).await, expected[..1]);
    assert_eq!(found(format!("q={}", email.to_uppercase())).await, expected[..1]);
    assert_eq!(found(format!("q={}", prefix.to_lowercase())).await, expected);
    assert_eq!(found(format!("q={prefix}&email={email}")).await, expected[..1]);
    assert_eq!(found(format!("username={}&email={email}", expected[1])).await, [""; 0]);
    assert_eq!(found(format!("username={}&q={email}", expected[1])).await, [""; 0]);
    assert_eq!(found(format!("username={prefix}")).await, [""; 0], "not a part");
    assert_eq!(found("q=%25%25%25".to_owned()).await, [""; 0], "no wildcards");
    let newest = operator.get("/v1/users?limit=1").await.ok(200);
    assert_eq!(newest["data"].as_array().unwrap().len(), 1);
    assert!(newest["nextCursor"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_parameter_of_a_list_is_named() {
    let operator = shared().operator().await;
    let long = "x".repeat(256);
    let reply = operator.get(&format!("/v1/users?email=&username={long}&q=ab&cursor=x&limit=0&role=1")).await;
    assert_eq!(reply.faults(), ["cursor", "email", "limit", "q", "role", "username"]);
    let page = operator.get("/v1/products?limit=1").await.ok(200);
    if let Some(elsewhere) = page["nextCursor"].as_str() {
        assert_eq!(operator.get(&format!("/v1/users?cursor={elsewhere}")).await.faults(), ["cursor"]);
    }
    let times = "createdAfter=now&createdBefore=1&cursor=x&limit=101&orderNumber=1&gateway=";
    for list in ["/v1/payments", "/v1/refunds"] {
        for status in ["", "PAID", "PENDING,", "PENDING,pending", "PENDING%20,FAILED"] {
            let reply = operator.get(&format!("{list}?status={status}&{times}")).await;
            let faults =
                ["createdAfter", "createdBefore", "cursor", "gateway", "limit", "orderNumber", "status"];
            assert_eq!(reply.faults(), faults, "{list} {status}");
        }
    }
    assert_eq!(operator.get("/v1/refunds?status=CAPTURED").await.faults(), ["status"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_users_are_stable_while_others_register() {
    let first = Server::with(QUIET);
    let second = first.beside(QUIET);
    let operator = first.operator().await;
    let prefix = unique_prefix("paged");
    let expected = register(&first, &prefix, 7).await;
    let all = names(&operator.all("/v1/users").await);
    for (query, expected) in [(String::new(), all), (format!("&q={prefix}"), expected)] {
        let (mut seen, mut cursor, mut client) = (Vec::new(), String::new(), operator.clone());
        loop {
            let page = client.get(&format!("/v1/users?limit=2{query}{cursor}")).await.ok(200);
            seen.extend(names(page["data"].as_array().unwrap()));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            assert!(seen.len() < 100, "the list has no end: {seen:?}");
            // Sorted before all that is there, by name and by time: the clock of the first server is not behind.
            register(&first, &format!("a{}", unique("late")), 1).await;
            client = operator.at(second.address());
        }
        assert_eq!(seen, expected, "{query}");
    }
}

/// Two servers, an operator, and a customer who is logged in and known to both.
async fn pair() -> (Server, Server, Client, Person, [Client; 2]) {
    let first = Server::with(QUIET);
    let second = first.beside(QUIET);
    let operator = first.operator().await;
    let person = Person::new("somebody");
    let here = person.register(&first.client()).await;
    let there = here.at(second.address());
    for client in [&here, &there] {
        client.get("/v1/me").await.ok(200);
    }
    (first, second, operator, person, [here, there])
}

async fn are_dead(clients: &[Client; 2]) {
    for client in clients {
        let look = async || (client.get("/v1/me").await.status == 401).then_some(());
        eventually("the access token is dead", SOON, look).await;
    }
    let refresh = json!({"refreshToken": clients[0].refresh_token});
    clients[1].post("/v1/auth/refresh", &refresh).await.refused(401, "refresh-token-invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_is_refused_on_every_instance_until_it_is_opened() {
    let (first, second, operator, person, clients) = pair().await;
    let user = path(&id_of(&clients[0]).await);
    let elsewhere = operator.at(second.address());
    for disabled in [true, true] {
        let shown = elsewhere.patch(&user, &json!({"disabled": disabled})).await.ok(200);
        assert_eq!((&shown["disabled"], &shown["role"]), (&json!(true), &json!("CUSTOMER")));
        assert_eq!(operator.get(&user).await.ok(200), shown);
    }
    are_dead(&clients).await;
    let login = first.client().post("/v1/auth/login", &person.credentials(PASSWORD)).await;
    login.refused(401, "invalid-credentials");
    operator.patch(&user, &json!({"disabled": false})).await.ok(200);
    clients[0].get("/v1/me").await.refused(401, "unauthorized");
    person.login(&second.client()).await.get("/v1/me").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_felt_on_every_instance_and_sessions_go_on() {
    let (_first, _second, operator, _person, clients) = pair().await;
    let user = path(&id_of(&clients[0]).await);
    for (role, status) in [("OPERATOR", 200), ("CUSTOMER", 403)] {
        assert_eq!(operator.patch(&user, &json!({"role": role})).await.ok(200)["role"], role);
        for client in &clients {
            let look = async || (client.get("/v1/users").await.status == status).then_some(());
            eventually(&format!("the role is {role}"), SOON, look).await;
            assert_eq!(client.get("/v1/me").await.ok(200)["role"], role);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_where_a_user_is_logged_in() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let sessions = format!("{}/sessions", path(&id_of(&customer).await));
    let listed = operator.all(&sessions).await;
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["current"], &listed[0]["network"]), (&json!(false), &json!("127.0.0.1")));
    let own = operator.all(&format!("{}/sessions", path(&id_of(&operator).await))).await;
    assert!(own.iter().any(|it| it["current"] == true), "{own:?}");
    let unknown = operator.get("/v1/users/aaaaaaaaaaaaaaaaaaaaaaaaaa/sessions").await;
    unknown.refused(404, "not-found");
    operator.get(&format!("{sessions}?limit=0")).await.refused(422, "invalid-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_of_a_user_are_ended_by_an_operator() {
    let (_first, second, operator, person, clients) = pair().await;
    let another = person.login(&second.client()).await;
    let sessions = format!("{}/sessions", path(&id_of(&clients[0]).await));
    let reply = operator.delete(&sessions).idempotent("the-end").await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    are_dead(&clients).await;
    let look = async || (another.get("/v1/me").await.status == 401).then_some(());
    eventually("the other session is dead", SOON, look).await;
    let fresh = person.login(&second.client()).await;
    assert!(
        operator.delete(&sessions).idempotent("the-end").await.is_replayed(),
        "and nothing is ended again"
    );
    fresh.get("/v1/me").await.ok(200);
    let unknown = operator.delete("/v1/users/aaaaaaaaaaaaaaaaaaaaaaaaaa/sessions").await;
    unknown.refused(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_may_have_is_checked_and_a_key_does_it_once() {
    let operator = shared().operator().await;
    let customer = shared().customer().await;
    let user = path(&id_of(&customer).await);
    let before = operator.get(&user).await.ok(200);
    let bad = json!({"disabled": "true", "role": "ADMIN", "username": "mallory", "orderCount": 0});
    let faults = ["/disabled", "/orderCount", "/role", "/username"];
    assert_eq!(operator.patch(&user, &bad).await.faults(), faults);
    let null = operator.patch(&user, &json!({"disabled": null, "role": null})).await;
    assert_eq!(null.faults(), ["/disabled", "/role"]);
    for same in [json!({}), json!({"role": "CUSTOMER"}), json!({"disabled": false, "role": "CUSTOMER"})] {
        assert_eq!(operator.patch(&user, &same).await.ok(200), before, "{same}");
    }
    let missing = operator.patch("/v1/users/aaaaaaaaaaaaaaaaaaaaaaaaaa", &json!({"disabled": true})).await;
    missing.refused(404, "not-found");
    let key = unique("change");
    let change = json!({"role": "OPERATOR"});
    let first = operator.patch(&user, &change).idempotent(&key).await;
    assert_eq!(first.ok(200)["role"], "OPERATOR");
    operator.patch(&user, &json!({"role": "CUSTOMER"})).await.ok(200);
    let again = operator.patch(&user, &change).idempotent(&key).await;
    assert_eq!((again.is_replayed(), &again.text), (true, &first.text));
    assert_eq!(operator.get(&user).await.ok(200)["role"], "CUSTOMER", "a replay does nothing");
    let other = operator.patch(&user, &json!({"role": "CUSTOMER"})).idempotent(&key).await;
    other.refused(422, "idempotency-key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_operator_can_neither_leave_nor_be_closed() {
    let server = Server::with(QUIET);
    let operator = server.operator().await;
    let own = path(&id_of(&operator).await);
    for change in [
        json!({"role": "CUSTOMER"}),
        json!({"disabled": true}),
        json!({"disabled": true, "role": "CUSTOMER"}),
    ] {
        operator.patch(&own, &change).await.refused(409, "last-operator");
    }
    let customer = server.customer().await;
    let other = path(&id_of(&customer).await);
    operator.patch(&other, &json!({"role": "OPERATOR", "disabled": true})).await.ok(200);
    operator.patch(&own, &json!({"role": "CUSTOMER"})).await.refused(409, "last-operator");
    operator.patch(&other, &json!({"disabled": false})).await.ok(200);
    assert_eq!(operator.patch(&own, &json!({"role": "CUSTOMER"})).await.ok(200)["role"], "CUSTOMER");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_who_demote_each_other_at_once_one_stays() {
    const ROUNDS: usize = 8;
    let first = Server::with(QUIET);
    let second = first.beside(QUIET);
    let (here, there) = (first.operator().await, second.operator().await);
    let users = [path(&id_of(&here).await), path(&id_of(&there).await)];
    for round in 0..ROUNDS {
        let is_last = round + 1 == ROUNDS;
        let change = if is_last { json!({"disabled": true}) } else { json!({"role": "CUSTOMER"}) };
        let (one, other) = tokio::join!(async { here.patch(&users[1], &change).await }, async {
            there.patch(&users[0], &change).await
        });
        let statuses = [one.status, other.status];
        assert_eq!(
            statuses.iter().filter(|it| **it == 200).count(),
            1,
            "round {round}: {} {}",
            one.text,
            other.text
        );
        // The loser is the last operator, or is none any more when the request is looked at.
        assert!(statuses.iter().all(|it| [200, 409, 401, 403].contains(it)), "round {round}: {statuses:?}");
        let (winner, loser) = if one.status == 200 { (&here, 1) } else { (&there, 0) };
        let left = winner.all("/v1/users").await;
        let active = left.iter().filter(|it| it["role"] == "OPERATOR" && it["disabled"] == false).count();
        assert_eq!(active, 1, "round {round}: {left:?}");
        if is_last {
            // The loser's sessions have ended, so it takes part in no further round.
            break;
        }
        winner.patch(&users[loser], &json!({"role": "OPERATOR"})).await.ok(200);
        for client in [&here, &there] {
            let look = async || (client.get("/v1/users?limit=1").await.status == 200).then_some(());
            eventually("both are operators again", SOON, look).await;
        }
    }
}
