use async_trait::async_trait;
use ports::{Claim, ClaimRepository, IdempotencyKey};

use super::Read;
use crate::MemoryRecord;

#[async_trait]
impl ClaimRepository for MemoryRecord {
    async fn find_claim(&self, key: &IdempotencyKey) -> Read<Option<Claim>> {
        self.read_found(self.tables().claims.get(key), Claim::clone)
    }

    async fn find_claims(&self, keys: &[IdempotencyKey]) -> Read<Vec<Claim>> {
        let tables = self.tables();
        self.read_all(tables.claims.rows().filter(|it| keys.contains(&it.key)))
    }
}
