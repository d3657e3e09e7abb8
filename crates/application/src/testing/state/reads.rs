//! The reads of the record in memory.

use async_trait::async_trait;
use domain::{
    ChangeId, Email, EventId, Finding, FindingId, GatewayName, Network, Order, OrderKey, OrderNumber,
    PasswordHash, Product, ProductId, ProductKey, Refund, Role, Session, SessionId, SessionKey, Timestamp,
    Transaction, TransactionId, User, UserId, UserKey, Username,
    order::StoredHistoryEntry,
    payment::{EventDisposition, PaymentRequest, StoredEvent, StoredPaymentRequest},
    product,
};
use ports::{
    AccountConflict, Batch, ChangeFilter, ChangedUser, Claim, ClaimRepository, Credentials, DueOrders,
    EventRepository, FindingRepository, IdempotencyKey, OrderFilter, OrderHead, OrderRepository, Page,
    PaymentRepository, PortError, ProductRepository, RevokedSession, SessionRepository, UnreadableRow,
    UserRepository,
};

use crate::testing::MemoryRecord;

type Read<T> = Result<T, PortError>;

fn all<T: Clone>(rows: &[T], wanted: impl Fn(&T) -> bool) -> Vec<T> {
    rows.iter().filter(|it| wanted(it)).cloned().collect()
}

fn cut<T>(rows: Vec<T>, batch: Batch) -> Vec<T> {
    let [skip, limit] = [batch.skip, batch.limit].map(|it| usize::try_from(it).unwrap());
    rows.into_iter().skip(skip).take(limit).collect()
}

fn one<T: Clone>(rows: &[T], wanted: impl Fn(&T) -> bool) -> Read<Option<T>> {
    Ok(all(rows, wanted).into_iter().next())
}

#[async_trait]
impl UserRepository for MemoryRecord {
    async fn find_user(&self, id: &UserId) -> Read<Option<User>> {
        Ok(one(&self.state().users, |it| it.0.id == *id)?.map(|it| it.0))
    }

    async fn find_user_by_key(&self, key: UserKey) -> Read<Option<User>> {
        Ok(one(&self.state().users, |it| it.0.key == key)?.map(|it| it.0))
    }

    async fn find_credentials(&self, login: &str) -> Read<Option<Credentials>> {
        let fits =
            |it: &(User, PasswordHash)| it.0.username.as_str() == login || it.0.email.as_str() == login;
        Ok(one(&self.state().users, fits)?.map(|(user, hash)| Credentials { user, hash }))
    }

    async fn list_changed_users(
        &self,
        since: Timestamp,
        after: Option<UserKey>,
        limit: u32,
    ) -> Read<Vec<ChangedUser>> {
        let from = (Some(since), after);
        let users = all(&self.state().users, |it| (it.0.changed_at, Some(it.0.key)) > from);
        let mut users: Vec<_> = users.into_iter().map(|it| it.0).collect();
        users.sort_by_key(|it| (it.changed_at, it.key));
        users.truncate(usize::try_from(limit).unwrap());
        let changed = |user: User| {
            let (key, id) = (user.key, user.id.clone());
            ChangedUser { key, id, at: user.changed_at.unwrap(), user: Some(user) }
        };
        Ok(users.into_iter().map(changed).collect())
    }

    async fn list_operators(&self, after: Option<UserKey>, limit: u32) -> Read<Vec<User>> {
        let users = all(&self.state().users, |it| it.0.role == Role::Operator && Some(it.0.key) > after);
        let mut users: Vec<_> = users.into_iter().map(|it| it.0).collect();
        users.sort_by_key(|it| it.key);
        users.truncate(usize::try_from(limit).unwrap());
        Ok(users)
    }

    async fn find_password_hash(&self, user: UserKey) -> Read<Option<PasswordHash>> {
        Ok(one(&self.state().users, |it| it.0.key == user)?.map(|it| it.1))
    }

    async fn find_account_conflicts(&self, username: &Username, email: &Email) -> Read<Vec<AccountConflict>> {
        let users = all(&self.state().users, |_| true);
        let named = users.iter().any(|(it, _)| it.username == *username).then_some(AccountConflict::Username);
        let addressed = users.iter().any(|(it, _)| it.email == *email).then_some(AccountConflict::Email);
        Ok([named, addressed].into_iter().flatten().collect())
    }

    async fn highest_hash_cost(&self) -> Read<u32> {
        Ok(self.state().users.iter().map(|it| it.1.cost()).max().unwrap_or(0))
    }
}

#[async_trait]
impl SessionRepository for MemoryRecord {
    async fn find_session(&self, id: &SessionId) -> Read<Option<Session>> {
        one(&self.state().sessions, |it| it.id == *id)
    }

    async fn list_live_sessions(&self, user: UserKey, now: Timestamp, _: u32) -> Read<Vec<Session>> {
        Ok(all(&self.state().sessions, |it| it.user == user && it.is_live(now)))
    }

    async fn has_logged_in(&self, user: UserKey, network: Network, since: Timestamp) -> Read<bool> {
        let fits = |it: &&(UserKey, Network, Timestamp)| (it.0, it.1) == (user, network) && it.2 >= since;
        Ok(self.state().logins.iter().find(fits).is_some())
    }

    async fn list_revoked_sessions(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Read<Vec<RevokedSession>> {
        let from = (Some(since), after);
        let mut ended =
            all(&self.state().sessions, |it| it.revoked_at.is_some() && (it.revoked_at, Some(it.key)) > from);
        ended.sort_by_key(|it| (it.revoked_at, it.key));
        ended.truncate(usize::try_from(limit).unwrap());
        let ended = ended.into_iter();
        Ok(ended.map(|it| RevokedSession { key: it.key, id: it.id, at: it.revoked_at.unwrap() }).collect())
    }
}

#[async_trait]
impl ProductRepository for MemoryRecord {
    async fn find_product(&self, id: &ProductId) -> Read<Option<Product>> {
        one(&self.state().products, |it| it.id == *id)
    }

    async fn find_products(&self, ids: &[ProductId]) -> Read<Vec<Product>> {
        Ok(all(&self.state().products, |it| ids.contains(&it.id)))
    }

    async fn list_products(&self, active_only: bool, _: Option<ProductId>, _: u32) -> Read<Page<Product>> {
        Ok(Page { data: all(&self.state().products, |it| it.active || !active_only), next: None })
    }

    async fn list_product_changes(
        &self,
        _: ProductKey,
        _: ChangeFilter,
        _: Option<ChangeId>,
        _: u32,
    ) -> Read<Page<product::StoredProductChange>> {
        Ok(Page { data: Vec::new(), next: None })
    }
}

#[async_trait]
impl OrderRepository for MemoryRecord {
    async fn find_order(&self, number: &OrderNumber) -> Read<Option<Order>> {
        one(&self.state().orders, |it| it.number == *number)
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Read<Option<OrderHead>> {
        let head = |it: Order| OrderHead { key: it.key, owner: it.owner, revision: it.revision };
        Ok(OrderRepository::find_order(self, number).await?.map(head))
    }

    async fn list_orders(&self, filter: OrderFilter) -> Read<Page<Order>> {
        let own = |it: &Order| filter.owner.is_none_or(|owner| it.owner == owner);
        Ok(Page { data: all(&self.state().orders, own), next: None })
    }

    async fn list_history_entries(&self, _: OrderKey) -> Read<Vec<StoredHistoryEntry>> {
        Ok(Vec::new())
    }

    /// All of them: what is due is decided again.
    async fn list_due_orders(&self, _: DueOrders, batch: Batch) -> Read<Vec<OrderNumber>> {
        Ok(cut(self.state().orders.iter().map(|it| it.number.clone()).collect(), batch))
    }
}

#[async_trait]
impl PaymentRepository for MemoryRecord {
    async fn find_transaction(&self, id: &TransactionId) -> Read<Option<Transaction>> {
        one(&self.state().transactions, |it| it.id == *id)
    }

    async fn list_transactions(&self, order: OrderKey) -> Read<Vec<Transaction>> {
        Ok(all(&self.state().transactions, |it| it.order == order))
    }

    async fn list_readable(&self, order: OrderKey) -> Read<Vec<Transaction>> {
        PaymentRepository::list_transactions(self, order).await
    }

    async fn list_refunds(&self, id: &TransactionId) -> Read<Option<Vec<Refund>>> {
        Ok(PaymentRepository::find_transaction(self, id).await?.map(|it| it.refunds))
    }

    async fn list_payment_requests(&self, order: OrderKey) -> Read<Vec<StoredPaymentRequest>> {
        let of_order = PaymentRepository::list_transactions(self, order).await?;
        let state = self.state();
        let asked = |it: &PaymentRequest| of_order.iter().any(|of| of.key == it.transaction);
        let user = |key| state.users.iter().find(|it| Some(it.0.key) == key).map(|it| it.0.id.clone());
        let recorded =
            |it: PaymentRequest| StoredPaymentRequest { request: it, user: user(it.requested_by.user) };
        Ok(all(&state.requests, asked).into_iter().map(recorded).collect())
    }

    async fn list_due_transactions(&self, now: Timestamp, batch: Batch) -> Read<Vec<TransactionId>> {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let due = |it: &Transaction| due(it.check_at) || it.refunds.iter().any(|it| due(it.check_at));
        Ok(cut(all(&self.state().transactions, due).into_iter().map(|it| it.id).collect(), batch))
    }
}

#[async_trait]
impl EventRepository for MemoryRecord {
    async fn find_event(&self, gateway: &GatewayName, id: &EventId) -> Read<Option<StoredEvent>> {
        one(&self.state().events, |it| it.gateway == *gateway && it.id == *id)
    }

    async fn list_waiting_events(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
    ) -> Read<Vec<StoredEvent>> {
        let waits = [EventDisposition::Waiting, EventDisposition::Parked, EventDisposition::Overdue];
        Ok(all(&self.state().events, |it| {
            it.gateway == *gateway
                && it.transaction.as_ref() == Some(transaction)
                && waits.contains(&it.disposition)
        }))
    }

    async fn list_applicable_events(&self, batch: Batch) -> Read<Vec<Result<StoredEvent, UnreadableRow>>> {
        let state = self.state();
        let known = |event: &StoredEvent| {
            state.transactions.iter().any(|it| Some(&it.id) == event.transaction.as_ref())
        };
        let parked = [EventDisposition::Parked, EventDisposition::Overdue];
        let events = all(&state.events, |it| parked.contains(&it.disposition) && known(it));
        Ok(cut(events, batch).into_iter().map(Ok).collect())
    }

    async fn list_overdue_events(
        &self,
        before: Timestamp,
        batch: Batch,
    ) -> Read<Vec<Result<StoredEvent, UnreadableRow>>> {
        let due = |it: &StoredEvent| it.disposition == EventDisposition::Parked && it.received_at <= before;
        Ok(cut(all(&self.state().events, due), batch).into_iter().map(Ok).collect())
    }
}

#[async_trait]
impl FindingRepository for MemoryRecord {
    async fn find_finding(&self, id: &FindingId) -> Read<Option<Finding>> {
        one(&self.state().findings, |it| it.id == *id)
    }

    async fn list_findings(
        &self,
        resolved: Option<bool>,
        _: Option<FindingId>,
        _: u32,
    ) -> Read<Page<Finding>> {
        let wanted = |it: &Finding| resolved.is_none_or(|wanted| it.resolved_at.is_some() == wanted);
        Ok(Page { data: all(&self.state().findings, wanted), next: None })
    }
}

#[async_trait]
impl ClaimRepository for MemoryRecord {
    async fn find_claim(&self, key: &IdempotencyKey) -> Read<Option<Claim>> {
        one(&self.state().claims, |it| it.key == *key)
    }
}
