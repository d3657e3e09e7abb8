//! Metrics that describe a state: what is open, what answers, and what the process uses.

use serde_json::json;

use crate::harness::{Notice, PASSWORD, PATIENCE, Server, eventually, unique};

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_the_service_is_shown_by_every_instance() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (_, waiting) = customer.undecided(&operator.product("5.00", None).await).await;
    Notice::of("payment.teleported", &waiting).deliver(&customer).await;
    let wrong = json!({"username": unique("unknown"), "password": PASSWORD});
    server.client().post("/v1/auth/login", &wrong).patiently().await.refused(401, "invalid-credentials");
    let counted = server.client().get("/metrics").await.text;
    assert!(counted.contains("idem_security_events_total{event=\"login-failed\"} 1\n"), "{counted}");
    // One that starts now reads at once what the other one reads within half a minute.
    let other = server.beside(&[]);
    let shown = async || {
        let text = other.client().get("/metrics").await.text;
        let has = |start: &str| text.lines().any(|it| it.starts_with(start));
        let all = [
            "idem_open_findings{kind=\"unknown-type\"} 1",
            "idem_open_findings{kind=\"dispute\"} 0",
            "idem_oldest_unreconciled_payment_seconds{gateway=\"sandbox\"} ",
            "idem_dependency_up{dependency=\"database\"} 1",
            "idem_clock_lead_seconds ",
            "idem_pool_connections_in_use{pool=\"",
            "idem_pool_connections_max{pool=\"",
            "idem_build_info{version=\"",
            "process_resident_memory_bytes ",
            "process_open_fds ",
        ];
        all.into_iter().all(has).then_some(())
    };
    eventually("the state is shown", PATIENCE, shown).await;
}
