//! The reads of the record in memory.

use async_trait::async_trait;
use domain::{
    ChangeId, Email, EventId, Finding, FindingId, GatewayName, Network, Order, OrderKey, OrderNumber,
    PasswordHash, Product, ProductId, ProductKey, Role, Session, SessionId, SessionKey, Timestamp,
    Transaction, TransactionId, User, UserId, UserKey, Username,
    order::{Recorded, Status},
    payment::{Disposition, EventTarget, NamedReference, RecordedRequest, Request, StoredEvent},
    product,
};
use ports::{
    Batch, ChangeKind, ChangedUser, Claim, Credentials, Due, EndedSession, EventRepository,
    FindingRepository, IdempotencyKey, OrderFilter, OrderHead, OrderRepository, Page, PaymentRepository,
    PortError, ProductRepository, ReplyRepository, SessionRepository, Taken, Unreadable, UserRepository,
};

use crate::testing::Record;

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
impl UserRepository for Record {
    async fn find(&self, id: &UserId) -> Read<Option<User>> {
        Ok(one(&self.state().users, |it| it.0.id == *id)?.map(|it| it.0))
    }

    async fn find_by_key(&self, key: UserKey) -> Read<Option<User>> {
        Ok(one(&self.state().users, |it| it.0.key == key)?.map(|it| it.0))
    }

    async fn find_by_login(&self, login: &str) -> Read<Option<Credentials>> {
        let fits =
            |it: &(User, PasswordHash)| it.0.username.as_str() == login || it.0.email.as_str() == login;
        Ok(one(&self.state().users, fits)?.map(|(user, hash)| Credentials { user, hash }))
    }

    async fn changed_since(
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

    async fn find_hash(&self, user: UserKey) -> Read<Option<PasswordHash>> {
        Ok(one(&self.state().users, |it| it.0.key == user)?.map(|it| it.1))
    }

    async fn taken(&self, username: &Username, email: &Email) -> Read<Vec<Taken>> {
        let users = all(&self.state().users, |_| true);
        let named = users.iter().any(|(it, _)| it.username == *username).then_some(Taken::Username);
        let addressed = users.iter().any(|(it, _)| it.email == *email).then_some(Taken::Email);
        Ok([named, addressed].into_iter().flatten().collect())
    }

    async fn highest_hash_cost(&self) -> Read<u32> {
        Ok(self.state().users.iter().map(|it| it.1.cost()).max().unwrap_or(0))
    }
}

#[async_trait]
impl SessionRepository for Record {
    async fn find(&self, id: &SessionId) -> Read<Option<Session>> {
        one(&self.state().sessions, |it| it.id == *id)
    }

    async fn list_live(&self, user: UserKey, now: Timestamp, _: u32) -> Read<Vec<Session>> {
        Ok(all(&self.state().sessions, |it| it.user == user && it.is_live(now)))
    }

    async fn has_logged_in(&self, user: UserKey, network: Network, since: Timestamp) -> Read<bool> {
        let fits = |it: &&(UserKey, Network, Timestamp)| (it.0, it.1) == (user, network) && it.2 >= since;
        Ok(self.state().logins.iter().find(fits).is_some())
    }

    async fn revoked_since(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Read<Vec<EndedSession>> {
        let from = (Some(since), after);
        let mut ended =
            all(&self.state().sessions, |it| it.revoked_at.is_some() && (it.revoked_at, Some(it.key)) > from);
        ended.sort_by_key(|it| (it.revoked_at, it.key));
        ended.truncate(usize::try_from(limit).unwrap());
        let ended = ended.into_iter();
        Ok(ended.map(|it| EndedSession { key: it.key, id: it.id, at: it.revoked_at.unwrap() }).collect())
    }
}

#[async_trait]
impl ProductRepository for Record {
    async fn find(&self, id: &ProductId) -> Read<Option<Product>> {
        one(&self.state().products, |it| it.id == *id)
    }

    async fn find_all(&self, ids: &[ProductId]) -> Read<Vec<Product>> {
        Ok(all(&self.state().products, |it| ids.contains(&it.id)))
    }

    async fn list(&self, active_only: bool, _: Option<ProductId>, _: u32) -> Read<Page<Product>> {
        Ok(Page { data: all(&self.state().products, |it| it.active || !active_only), next: None })
    }

    async fn changes(
        &self,
        _: ProductKey,
        _: ChangeKind,
        _: Option<ChangeId>,
        _: u32,
    ) -> Read<Page<product::Recorded>> {
        Ok(Page { data: Vec::new(), next: None })
    }
}

#[async_trait]
impl OrderRepository for Record {
    async fn find(&self, number: &OrderNumber) -> Read<Option<Order>> {
        one(&self.state().orders, |it| it.number == *number)
    }

    async fn head(&self, number: &OrderNumber) -> Read<Option<OrderHead>> {
        let head = |it: Order| OrderHead { key: it.key, owner: it.owner, revision: it.revision };
        Ok(OrderRepository::find(self, number).await?.map(head))
    }

    async fn has_pending(&self, owner: UserKey, at_least: u32) -> Read<bool> {
        let pending = |it: &Order| it.owner == owner && it.status == Status::Pending;
        Ok(all(&self.state().orders, pending).len() >= usize::try_from(at_least).unwrap())
    }

    async fn list(&self, filter: OrderFilter) -> Read<Page<Order>> {
        let own = |it: &Order| filter.owner.is_none_or(|owner| it.owner == owner);
        Ok(Page { data: all(&self.state().orders, own), next: None })
    }

    async fn history(&self, _: OrderKey) -> Read<Vec<Recorded>> {
        Ok(Vec::new())
    }

    /// All of them: what is due is decided again.
    async fn due(&self, _: Due, batch: Batch) -> Read<Vec<OrderNumber>> {
        Ok(cut(self.state().orders.iter().map(|it| it.number.clone()).collect(), batch))
    }
}

#[async_trait]
impl PaymentRepository for Record {
    async fn find(&self, id: &TransactionId) -> Read<Option<Transaction>> {
        one(&self.state().transactions, |it| it.id == *id)
    }

    async fn list(&self, order: OrderKey) -> Read<Vec<Transaction>> {
        Ok(all(&self.state().transactions, |it| it.order == order))
    }

    async fn requests(&self, order: OrderKey) -> Read<Vec<RecordedRequest>> {
        let of_order = PaymentRepository::list(self, order).await?;
        let state = self.state();
        let asked = |it: &Request| of_order.iter().any(|of| of.key == it.transaction);
        let user = |key| state.users.iter().find(|it| Some(it.0.key) == key).map(|it| it.0.id.clone());
        let recorded = |it: Request| RecordedRequest { request: it, user: user(it.requested_by.user) };
        Ok(all(&state.requests, asked).into_iter().map(recorded).collect())
    }

    async fn find_by_reference(
        &self,
        gateway: &GatewayName,
        named: &NamedReference,
    ) -> Read<Option<TransactionId>> {
        let state = self.state();
        let known = state.references.iter().find(|(of, it)| of == gateway && it.known.name() == *named);
        let owner = |key| state.transactions.iter().find(|it| it.key == key).map(|it| it.id.clone());
        Ok(known.and_then(|(_, it)| owner(it.transaction)))
    }

    async fn next_gateway(&self, after: Option<GatewayName>) -> Read<Option<GatewayName>> {
        let all = self.state().transactions.iter().map(|it| it.gateway.clone()).collect::<Vec<_>>();
        Ok(all.into_iter().filter(|it| after.as_ref().is_none_or(|after| it > after)).min())
    }

    async fn to_check(
        &self,
        gateway: &GatewayName,
        now: Timestamp,
        batch: Batch,
    ) -> Read<Vec<TransactionId>> {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        let open = |it: &Transaction| due(it.check_at) || it.refunds.iter().any(|it| due(it.check_at));
        let due = |it: &Transaction| it.gateway == *gateway && open(it);
        Ok(cut(all(&self.state().transactions, due).into_iter().map(|it| it.id).collect(), batch))
    }
}

#[async_trait]
impl EventRepository for Record {
    async fn find(&self, gateway: &GatewayName, id: &EventId) -> Read<Option<StoredEvent>> {
        one(&self.state().events, |it| it.gateway == *gateway && it.id == *id)
    }

    async fn waiting(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
        references: &[NamedReference],
    ) -> Read<Vec<StoredEvent>> {
        let names = |target: &EventTarget| match target {
            EventTarget::Transaction(id) => id == transaction,
            EventTarget::Reference(named) => references.contains(named),
        };
        let waits = [Disposition::Waiting, Disposition::Parked, Disposition::Overdue];
        Ok(all(&self.state().events, |it| {
            it.gateway == *gateway && it.target.as_ref().is_some_and(names) && waits.contains(&it.disposition)
        }))
    }

    async fn applicable(&self, batch: Batch) -> Read<Vec<Result<StoredEvent, Unreadable>>> {
        let state = self.state();
        let known = |event: &StoredEvent| match &event.target {
            Some(EventTarget::Transaction(id)) => state.transactions.iter().any(|it| it.id == *id),
            Some(EventTarget::Reference(named)) => {
                state.references.iter().any(|(of, it)| *of == event.gateway && it.known.name() == *named)
            }
            None => false,
        };
        let parked = [Disposition::Parked, Disposition::Overdue];
        let events = all(&state.events, |it| parked.contains(&it.disposition) && known(it));
        Ok(cut(events, batch).into_iter().map(Ok).collect())
    }

    async fn overdue(&self, before: Timestamp, batch: Batch) -> Read<Vec<Result<StoredEvent, Unreadable>>> {
        let due = |it: &StoredEvent| it.disposition == Disposition::Parked && it.received_at <= before;
        Ok(cut(all(&self.state().events, due), batch).into_iter().map(Ok).collect())
    }
}

#[async_trait]
impl FindingRepository for Record {
    async fn find(&self, id: &FindingId) -> Read<Option<Finding>> {
        one(&self.state().findings, |it| it.id == *id)
    }

    async fn list(&self, resolved: Option<bool>, _: Option<FindingId>, _: u32) -> Read<Page<Finding>> {
        let wanted = |it: &Finding| resolved.is_none_or(|wanted| it.resolved_at.is_some() == wanted);
        Ok(Page { data: all(&self.state().findings, wanted), next: None })
    }
}

#[async_trait]
impl ReplyRepository for Record {
    async fn find(&self, key: &IdempotencyKey) -> Read<Option<Claim>> {
        one(&self.state().claims, |it| it.key == *key)
    }
}
