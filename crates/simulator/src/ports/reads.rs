//! Reads of the record. Each takes time before it begins, so that others commit in between, and may find no database.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    AttemptId, ChangeId, DeliveryId, Email, EndpointId, EndpointKey, EventId, FeedSequence, GatewayName,
    Network, Order, OrderKey, OrderNumber, PasswordHash, Product, ProductId, ProductKey, Refund, Session,
    SessionId, SessionKey, Timestamp, Transaction, TransactionId, TransactionKey, User, UserId, UserKey,
    Username, WebhookDelivery, WebhookEndpoint,
    order::{OrderStatus, StoredHistoryEntry},
    payment::{EventDisposition, NamedReference, StoredEvent, StoredPaymentRequest},
    product::StoredProductChange,
    session::ListedSession,
};
use ports::{
    Account, AccountConflict, AccountFilter, Batch, CaseKey, ChangeFilter, ChangedUser, Claim,
    ClaimRepository, Credentials, DatedPayment, DueDelivery, DueOrders, EventPosition, EventRepository,
    FeedBacklog, FeedFilter, FeedHeads, FeedPage, FeedRepository, IdempotencyKey, OldDelivery, OldOrder,
    OrderFilter, OrderHead, OrderRepository, OverdueStretch, Page, PaymentCase, PaymentFilter, PaymentPeriod,
    PaymentRepository, PortError, ProductRepository, RefundFilter, RevokedSession, SessionRepository,
    StoredAttempt, StoredRefund, UnreadableRow, UserRepository, WebhookRepository,
};

use super::unavailable_error;
use crate::{faults::Fault, mutants, world::World};

/// The repositories of one instance.
pub(crate) struct SimReads(pub(crate) Arc<World>);

impl SimReads {
    async fn reach_record(&self) -> Result<(), PortError> {
        self.0.pause(3).await;
        if self.0.strikes(Fault::RefuseRead) { Err(unavailable_error()) } else { Ok(()) }
    }
}

/// Implements a repository by its methods: each one reaches the record, and reads. What a planted fault changes is
/// written out behind them.
macro_rules! reads {
    ($trait:ident { $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)* } $($planted:tt)*) => {
        #[async_trait]
        impl $trait for SimReads {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$out, PortError> {
                self.reach_record().await?;
                self.0.record.$name($($arg),*).await
            })*
            $($planted)*
        }
    };
}

reads!(OrderRepository {
    fn find_order(number: &OrderNumber) -> Option<Order>;
    fn list_orders(filter: OrderFilter) -> Page<Order>;
    fn has_order_in(owner: UserKey, statuses: &[OrderStatus]) -> bool;
    fn list_history_entries(order: OrderKey) -> Vec<StoredHistoryEntry>;
    fn list_due_orders(due: DueOrders, batch: Batch) -> Vec<OrderNumber>;
    fn list_old_orders(before: Timestamp, after: Option<OldOrder>, limit: u32) -> Vec<OldOrder>;
    fn list_archived_orders(owner: Option<UserKey>, after: Option<OrderKey>, limit: u32) -> Vec<(OrderKey, OrderNumber)>;
}
async fn find_order_head(&self, number: &OrderNumber) -> Result<Option<OrderHead>, PortError> {
    self.reach_record().await?;
    let head = self.0.record.find_order_head(number).await?;
    Ok(head.map(|it| mutants::plant_head(&self.0, it)))
}
async fn find_order_heads(&self, numbers: &[OrderNumber]) -> Result<Vec<(OrderNumber, OrderHead)>, PortError> {
    self.reach_record().await?;
    let heads = self.0.record.find_order_heads(numbers).await?;
    Ok(heads.into_iter().map(|(number, it)| (number, mutants::plant_head(&self.0, it))).collect())
});

reads!(PaymentRepository {
    fn find_transaction(id: &TransactionId) -> Option<Transaction>;
    fn list_readable(order: OrderKey) -> Vec<Transaction>;
    fn list_refunds(id: &TransactionId) -> Option<Vec<Refund>>;
    fn list_payment_requests(order: OrderKey) -> Vec<StoredPaymentRequest>;
    fn list_attempts(transaction: &TransactionId, after: Option<AttemptId>, limit: u32) -> Option<Page<StoredAttempt>>;
    fn list_payments(filter: PaymentFilter) -> Page<Transaction>;
    fn list_requests_of(transactions: &[TransactionKey]) -> Vec<StoredPaymentRequest>;
    fn list_all_refunds(filter: RefundFilter) -> Page<StoredRefund>;
    fn find_by_reference(gateway: &GatewayName, named: &NamedReference) -> Option<TransactionId>;
    fn list_due_transactions(gateway: &GatewayName, now: Timestamp, batch: Batch) -> Vec<TransactionId>;
    fn list_payments_within(period: PaymentPeriod) -> Vec<DatedPayment>;
    fn next_gateway(after: Option<GatewayName>) -> Option<GatewayName>;
}
async fn list_transactions(&self, order: OrderKey) -> Result<Vec<Transaction>, PortError> {
    self.reach_record().await?;
    let now = self.0.record.list_transactions(order).await?;
    Ok(mutants::plant_transactions(&self.0, order, now))
}
async fn find_cases(&self, keys: &[CaseKey]) -> Result<Vec<PaymentCase>, PortError> {
    self.reach_record().await?;
    let cases = self.0.record.find_cases(keys).await?;
    Ok(cases.into_iter().map(|it| mutants::plant_case(&self.0, it)).collect())
});

reads!(ProductRepository {
    fn find_product(id: &ProductId) -> Option<Product>;
    fn find_products(ids: &[ProductId]) -> Vec<Product>;
    fn list_products(active_only: bool, after: Option<ProductId>, limit: u32) -> Page<Product>;
    fn list_product_changes(product: ProductKey, kind: ChangeFilter, after: Option<ChangeId>, limit: u32) -> Page<StoredProductChange>;
});

reads!(EventRepository {
    fn find_event(gateway: &GatewayName, id: &EventId) -> Option<StoredEvent>;
    fn list_stored_ids(gateway: &GatewayName, ids: &[EventId]) -> Vec<EventId>;
    fn list_events_about(transaction: &Transaction, after: Option<EventId>, limit: u32) -> Page<StoredEvent>;
    fn list_applicable_events(batch: Batch) -> Vec<Result<StoredEvent, UnreadableRow>>;
    fn list_applicable_overdue(after: Option<EventPosition>, rows_max: u32) -> OverdueStretch;
    fn list_old_events(disposition: EventDisposition, before: Timestamp, batch: Batch) -> Vec<Result<StoredEvent, UnreadableRow>>;
});

reads!(UserRepository {
    fn find_user(id: &UserId) -> Option<User>;
    fn find_user_by_key(key: UserKey) -> Option<User>;
    fn list_users_by_key(keys: &[UserKey]) -> Vec<User>;
    fn find_credentials(login: &str) -> Option<Credentials>;
    fn find_password_hash(user: UserKey) -> Option<PasswordHash>;
    fn find_account_conflicts(username: &Username, email: &Email) -> Vec<AccountConflict>;
    fn highest_hash_cost() -> u32;
    fn list_changed_users(since: Timestamp, after: Option<UserKey>, limit: u32) -> Vec<ChangedUser>;
    fn find_account(id: &UserId) -> Option<Account>;
    fn list_accounts(filter: AccountFilter) -> Page<Account>;
    fn list_operators(after: Option<UserKey>, limit: u32) -> Vec<User>;
});

reads!(SessionRepository {
    fn find_session(id: &SessionId) -> Option<Session>;
    fn list_live_sessions(user: UserKey, now: Timestamp, limit: u32) -> Vec<ListedSession>;
    fn list_older_sessions(user: UserKey, now: Timestamp, kept: u32, limit: u32) -> Vec<SessionKey>;
    fn has_logged_in(user: UserKey, network: Network, since: Timestamp) -> bool;
}
async fn list_revoked_sessions(&self, since: Timestamp, after: Option<SessionKey>, limit: u32) -> Result<Vec<RevokedSession>, PortError> {
    self.reach_record().await?;
    let revoked = self.0.record.list_revoked_sessions(since, after, limit).await?;
    Ok(mutants::plant_revocations(&self.0, revoked))
});

reads!(FeedRepository {
    fn list_events_after(filter: FeedFilter) -> FeedPage;
    fn list_event_heads(after: FeedSequence, limit: u32) -> FeedHeads;
    fn find_feed_backlog(limit: u32) -> FeedBacklog;
    fn find_last_sequence() -> FeedSequence;
});

reads!(WebhookRepository {
    fn find_endpoint(id: &EndpointId) -> Option<WebhookEndpoint>;
    fn list_endpoints(after: Option<EndpointId>, limit: u32) -> Page<WebhookEndpoint>;
    fn list_enabled_endpoints(limit: u32) -> Vec<WebhookEndpoint>;
    fn find_delivery(endpoint: EndpointKey, id: &DeliveryId) -> Option<WebhookDelivery>;
    fn list_deliveries(endpoint: EndpointKey, after: Option<DeliveryId>, limit: u32) -> Page<WebhookDelivery>;
    fn list_old_pending(before: Timestamp, limit: u32) -> Vec<OldDelivery>;
    fn count_pending_deliveries(most: u32) -> u32;
}
async fn list_due_deliveries(&self, endpoint: EndpointKey, now: Timestamp, limit: u32) -> Result<Vec<DueDelivery>, PortError> {
    self.reach_record().await?;
    let due = self.0.record.list_due_deliveries(endpoint, now, limit).await?;
    Ok(mutants::plant_due_deliveries(&self.0, due))
});

reads!(ClaimRepository {
}
async fn find_claim(&self, key: &IdempotencyKey) -> Result<Option<Claim>, PortError> {
    self.reach_record().await?;
    let claim = self.0.record.find_claim(key).await?;
    Ok(mutants::plant_claim(&self.0, key, claim))
}
async fn find_claims(&self, keys: &[IdempotencyKey]) -> Result<Vec<Claim>, PortError> {
    self.reach_record().await?;
    let claims = self.0.record.find_claims(keys).await?;
    let of_key = |key: &IdempotencyKey| claims.iter().find(|it| it.key == *key).cloned();
    Ok(keys.iter().filter_map(|it| mutants::plant_claim(&self.0, it, of_key(it))).collect())
});
