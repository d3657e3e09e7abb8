//! Ports of accounts and sessions: passwords, tokens, and the news of ended sessions.

use std::sync::Arc;

use application::auth::revocations::sync_recent;
use async_trait::async_trait;
use domain::{Password, PasswordHash, SessionId, Timestamp, UserId};
use ports::{
    AccessClaims, Broadcast, HashPurpose, HashQueueKey, HasherBusy, PasswordHasher, PortError, Subscription,
    TokenIssuer,
};

use super::{surroundings::Inert, unavailable_error};
use crate::{
    faults::Fault,
    model::check_port_error,
    mutants,
    world::{Label, World},
};

/// The cost of new hashes.
const COST: u32 = 5;

/// Hashes that show their password, so that what a login needs is time and the right text.
pub(crate) struct SimHasher(pub(crate) Arc<World>);

#[async_trait]
impl PasswordHasher for SimHasher {
    async fn hash_password(
        &self,
        password: Password,
        queue: HashQueueKey,
    ) -> Result<PasswordHash, HasherBusy> {
        let Self(world) = self;
        world.pause(80).await;
        if world.strikes(Fault::BusyHasher) {
            return Err(HasherBusy);
        }
        // Some accounts are older than the cost, and their next login replaces the hash.
        let is_old = queue.purpose == HashPurpose::Register && world.chance.below(2) == 0;
        let cost = if is_old { COST - 1 } else { COST };
        let (salt, password) = (world.next_number(), password.expose_secret());
        // As long as a hash of bcrypt, whose cost is read from its text.
        Ok(PasswordHash::new(format!("$2b${cost:02}${salt:.>8}|{password:.<44}")))
    }

    async fn verify_password(
        &self,
        hash: Option<PasswordHash>,
        attempt: String,
        _: HashQueueKey,
    ) -> Result<bool, HasherBusy> {
        let Self(world) = self;
        world.pause(80).await;
        if world.strikes(Fault::BusyHasher) {
            return Err(HasherBusy);
        }
        let is_right = |it: PasswordHash| {
            it.expose_secret().split_once('|').is_some_and(|it| it.1.trim_end_matches('.') == attempt)
        };
        Ok(hash.is_some_and(is_right))
    }

    fn hash_cost(&self) -> u32 {
        COST
    }

    fn pad_to_cost(&self, _: u32) {}
}

/// Tokens that show what they stand for. Simulated clients forge none.
pub(crate) struct SimTokens(pub(crate) Arc<World>);

impl TokenIssuer for SimTokens {
    fn issue_access_token(&self, it: &AccessClaims) -> String {
        let (issued, expires) = (it.issued_at.as_millis(), it.expires_at.as_millis());
        format!("access/{}/{}/{}/{issued}/{expires}", it.user, it.session, it.generation)
    }

    fn verify_access_token(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        let mut parts = token.strip_prefix("access/")?.split('/');
        let claims = AccessClaims {
            user: UserId::new(parts.next()?.to_owned()),
            session: SessionId::new(parts.next()?.to_owned()),
            generation: parts.next()?.parse().ok()?,
            issued_at: Timestamp::from_millis(parts.next()?.parse().ok()?),
            expires_at: Timestamp::from_millis(parts.next()?.parse().ok()?),
        };
        (now < claims.expires_at).then_some(claims)
    }

    fn issue_refresh_token(&self, session: &SessionId, generation: i64) -> String {
        format!("refresh/{session}/{generation}")
    }

    fn verify_refresh_token(&self, token: &str) -> Option<(SessionId, i64)> {
        let (session, generation) = token.strip_prefix("refresh/")?.split_once('/')?;
        let session = SessionId::new(session.to_owned());
        let generation = mutants::plant_generation(&self.0, &session, generation.parse().ok()?);
        Some((session, generation))
    }
}

/// Tells other instances to look for ended sessions; the message may be lost.
pub(crate) struct SimBroadcast(pub(crate) Arc<World>);

#[async_trait]
impl Broadcast for SimBroadcast {
    async fn publish(&self) -> Result<(), PortError> {
        let Self(world) = self;
        world.pause(2).await;
        if world.strikes(Fault::LoseBroadcast) {
            return Err(unavailable_error());
        }
        for (number, app) in world.live_instances() {
            let observer = Arc::clone(world);
            world.spawn(Label { instance: Some(number), step: "broadcast" }, async move {
                observer.pause(20).await;
                if let Err(error) = sync_recent(&app).await {
                    check_port_error(&observer, &error);
                }
            });
        }
        Ok(())
    }

    fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(Inert)
    }
}
