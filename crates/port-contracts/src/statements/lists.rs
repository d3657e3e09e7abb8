//! The lists of accounts, payments and refunds, with all combinations of their conditions.

use domain::{
    TransactionId, UserId,
    payment::{PaymentStatus, RefundStatus},
};
use ports::{AccountCursor, AccountFilter, NameColumn, PaymentFilter, RefundCursor, RefundFilter};

use super::{
    Coverage, StatementFixture, filler_rows,
    reads::{LIMIT, ask, middle},
};
use crate::{Backend, sample};

impl StatementFixture {
    pub(super) async fn list_accounts(&self, backend: &Backend, played: &mut Coverage) {
        ask!(played, UserRepository::find_account, backend.users, &self.user.id);
        let user = UserId::new(middle());
        let at = |column| Some(AccountCursor { user: user.clone(), column });
        let afters = [None, at(NameColumn::Username), at(NameColumn::Email)];
        let names = [None, Some(self.user.username.fold_case()), Some("stranger".to_owned())];
        let addresses = [None, Some(self.user.email.fold_case())];
        // All fillers begin with the first one, few with the second, none with the third.
        let prefixes = [None, Some("filler"), Some("filler-1000"), Some("stranger")];
        for (username, email) in names.iter().flat_map(|n| addresses.iter().map(move |a| (n, a))) {
            for (prefix, after) in prefixes.iter().flat_map(|p| afters.iter().map(move |a| (p, a))) {
                let filter = AccountFilter {
                    email: email.clone(),
                    username: username.clone(),
                    prefix: prefix.map(str::to_owned),
                    after: after.clone(),
                    limit: LIMIT,
                };
                ask!(played, UserRepository::list_accounts, backend.users, filter);
            }
        }
    }

    pub(super) async fn list_payments(&self, backend: &Backend, played: &mut Coverage) {
        let payments = &backend.payments;
        let gateways = [None, Some(sample::gateway("sandbox")), Some(sample::gateway("stranger"))];
        let at = |seconds: u32| Some(sample::at(i64::from(seconds)));
        let afters = [None, at(1), at(filler_rows() - 100)];
        let befores = [None, at(100), at(2 * filler_rows())];
        let some = [PaymentStatus::Authorized, PaymentStatus::Captured, PaymentStatus::Failed];
        let refund_status = [RefundStatus::Pending, RefundStatus::Failed];
        for (created_after, created_before) in
            afters.iter().flat_map(|a| befores.iter().map(move |b| (*a, *b)))
        {
            for gateway in &gateways {
                for goes_on in [false, true] {
                    let transaction = TransactionId::new(middle());
                    let refund = RefundCursor { sequence: 1, transaction: transaction.clone() };
                    for statuses in [&[][..], &some[..1], &some] {
                        let filter = PaymentFilter {
                            statuses: statuses.to_vec(),
                            gateway: gateway.clone(),
                            created_after,
                            created_before,
                            after: goes_on.then(|| transaction.clone()),
                            limit: LIMIT,
                        };
                        ask!(played, PaymentRepository::list_payments, payments, filter);
                    }
                    for statuses in [&[][..], &refund_status[..1], &refund_status] {
                        let filter = RefundFilter {
                            statuses: statuses.to_vec(),
                            gateway: gateway.clone(),
                            created_after,
                            created_before,
                            after: goes_on.then(|| refund.clone()),
                            limit: LIMIT,
                        };
                        ask!(played, PaymentRepository::list_all_refunds, payments, filter);
                    }
                }
            }
        }
        let keys = [self.transaction.key, domain::TransactionKey::new(1_000_000_000_001)];
        ask!(played, PaymentRepository::list_requests_of, payments, &keys);
    }
}
