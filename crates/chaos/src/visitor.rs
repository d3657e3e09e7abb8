//! One user's sessions: logs in, refreshes again and again, logs out, and tries what must be refused then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    ChaosError,
    accounts::{open_customer, start_session},
    client::{Answer, Client, RetryableRequest, find_text},
    timeline::Stopwatch,
};

/// How long a spent refresh token still gets the present pair.
const RETRY_WINDOW: Duration = Duration::from_secs(10);
/// After that time an access token of an ended session is refused everywhere.
const REVOCATION_TIME: Duration = Duration::from_secs(1);
/// Refreshes of one session.
const REFRESHES: std::ops::Range<u32> = 1..6;
/// The pause between two sessions, so that hashes leave the shoppers room.
const PAUSE: Duration = Duration::from_millis(200);

/// What a visitor needs.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// A client without a session.
    pub(crate) guest: Client,
    /// The number of the visitor, in its name.
    pub(crate) number: usize,
    /// Its source of chance.
    pub(crate) rng: Rng,
    /// By how much the clocks of the instances differ.
    pub(crate) clock_skew: Duration,
    /// Whether the run ends: then it ends its session.
    pub(crate) is_closed: Arc<AtomicBool>,
}

impl Visitor {
    /// Has one session after the other until the run ends; returns their number.
    pub(crate) async fn visit(mut self) -> Result<u32, ChaosError> {
        let name = format!("visitor{}", self.number);
        open_customer(&self.guest, &name).await?;
        let mut sessions: u32 = 0;
        while sessions == 0 || !self.is_closed.load(Ordering::SeqCst) {
            let (client, refresh) = start_session(&self.guest, &name).await?;
            self.use_session(client, refresh).await?;
            sessions = sessions.saturating_add(1);
            sleep(PAUSE).await;
        }
        Ok(sessions)
    }

    /// Refreshes a session some times, and ends it.
    async fn use_session(&mut self, mut client: Client, mut refresh: String) -> Result<(), ChaosError> {
        for _ in 0..self.rng.u32(REFRESHES) {
            let (began, instance) = (Stopwatch::start(), self.rng.usize(0..2));
            let answer = self.ask_refresh(instance, &refresh).await?;
            let is_in_time = began.elapsed().saturating_add(self.clock_skew) < RETRY_WINDOW;
            let tokens = answer.json();
            if answer.status != 200 {
                // After a retry that came late it is as it must be; the user logs in again.
                let is_late = find_text(&tokens, "type") == "/problems/refresh-token-reused" && !is_in_time;
                if !is_late {
                    let what = format!("a good refresh token: {} {}", answer.status, answer.body);
                    self.guest.history.note_wrong(what);
                }
                return Ok(());
            }
            find_text(&tokens, "refreshToken").clone_into(&mut refresh);
            client = client.with_token(find_text(&tokens, "accessToken"));
            for instance in [0, 1] {
                self.expect_status(&client, instance, 200, "a good access token").await?;
            }
        }
        self.end_session(&client, &refresh).await
    }

    async fn ask_refresh(&self, instance: usize, token: &str) -> Result<Answer, ChaosError> {
        let request = RetryableRequest::post("/v1/auth/refresh", json!({"refreshToken": token}));
        self.guest.send_from_until_answered(instance, &request).await
    }

    async fn end_session(&mut self, client: &Client, refresh: &str) -> Result<(), ChaosError> {
        let request = RetryableRequest::act("/v1/auth/logout");
        let answer = client.send_from_until_answered(self.rng.usize(0..2), &request).await?;
        // If the first answer was lost, the session has ended, and its token is refused.
        let is_ended = answer.status == 204 || answer.status == 401 && answer.attempts > 1;
        if !is_ended {
            self.guest.history.note_wrong(format!("a logout: {} {}", answer.status, answer.body));
        }
        for instance in [0, 1] {
            let answer = self.ask_refresh(instance, refresh).await?;
            if answer.status != 401 {
                let what = format!("a refresh token after a logout: {} {}", answer.status, answer.body);
                self.guest.history.note_wrong(what);
            }
        }
        sleep(REVOCATION_TIME).await;
        for instance in [0, 1] {
            self.expect_status(client, instance, 401, "an access token after a logout").await?;
        }
        Ok(())
    }

    async fn expect_status(
        &self,
        client: &Client,
        instance: usize,
        allowed: u16,
        what: &str,
    ) -> Result<(), ChaosError> {
        let answer = client.send_from_until_answered(instance, &RetryableRequest::get("/v1/me")).await?;
        if answer.status != allowed {
            self.guest.history.note_wrong(format!("{what}: {} {}", answer.status, answer.body));
        }
        Ok(())
    }
}
