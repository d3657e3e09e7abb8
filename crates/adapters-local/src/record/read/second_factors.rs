use async_trait::async_trait;
use domain::{SecondFactor, UserKey};
use ports::SecondFactorRepository;

use super::Read;
use crate::MemoryRecord;

#[async_trait]
impl SecondFactorRepository for MemoryRecord {
    async fn find_second_factor(&self, user: UserKey) -> Read<Option<SecondFactor>> {
        let tables = self.tables();
        self.read_found(tables.second_factors.get(&user), SecondFactor::clone)
    }
}
