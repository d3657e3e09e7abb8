use async_trait::async_trait;
use ports::{Claim, IdempotencyKey, ReplyRepository};

use super::Read;
use crate::MemoryRecord;

#[async_trait]
impl ReplyRepository for MemoryRecord {
    async fn find(&self, key: &IdempotencyKey) -> Read<Option<Claim>> {
        self.read_found(self.tables().claims.get(key), Claim::clone)
    }
}
