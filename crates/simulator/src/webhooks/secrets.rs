//! The secrets of one endpoint, as its operator and its receiver know them.

use std::{collections::BTreeMap, time::Duration};

use domain::webhook::SECRET_OVERLAP;

/// How far clocks of instances and the time on the way move the end of a secret's use.
const SLACK: Duration = Duration::from_secs(60 * 60);
/// How long a message that was signed before a rotation may be on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(120);

/// A rotation whose reply the operator does not know.
#[derive(Debug, Clone)]
struct OpenRotation {
    key: String,
    sent_at: Duration,
}

/// What is known of the secrets of an endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownSecrets {
    /// The newest one that the operator was given; the receiver has it.
    newest: Option<String>,
    /// Those before it, with the time at which each was certainly replaced.
    replaced: BTreeMap<String, Duration>,
    open: Option<OpenRotation>,
}

impl KnownSecrets {
    /// The key of a request to rotate: that of the one without a reply, or the given one. It is sent now.
    pub(super) fn send_rotation(&mut self, key: &str, now: Duration) -> String {
        let open = OpenRotation { key: key.to_owned(), sent_at: now };
        self.open.get_or_insert(open).key.clone()
    }

    /// Whether a rotation may be refused, because the secret before the last one may still sign.
    pub(super) fn may_refuse_rotation(&self, now: Duration) -> bool {
        self.replaced.values().any(|at| now < *at + SECRET_OVERLAP + SLACK)
    }

    /// A rotation was refused.
    pub(super) fn forget_rotation(&mut self, key: &str) {
        self.open = self.open.take().filter(|it| it.key != key);
    }

    /// The operator is given a secret: the first one, or that of the open rotation. A reply that repeats changes nothing.
    pub(super) fn learn_secret(&mut self, secret: String, now: Duration) {
        if self.newest.as_ref() == Some(&secret) || self.replaced.contains_key(&secret) {
            return;
        }
        self.open = None;
        if let Some(old) = self.newest.replace(secret) {
            self.replaced.insert(old, now);
        }
    }

    /// What is wrong with the secrets that sign a message, which arrives now.
    pub(super) fn judge_signature(&self, signed_by: &[&str], now: Duration) -> Option<String> {
        // Its operator knows none yet.
        let newest = self.newest.as_ref()?;
        let is_over =
            |it: &&&str| self.replaced.get(**it).is_some_and(|at| *at + SECRET_OVERLAP + SLACK < now);
        if signed_by.iter().any(|it| is_over(&it)) {
            return Some("is signed by a secret whose time is over".to_owned());
        }
        let knows = |it: &&str| newest == *it || self.replaced.contains_key(*it);
        if self.open.is_none() && !signed_by.iter().all(knows) {
            return Some("is signed by a secret that its operator was not given".to_owned());
        }
        let may_be_unknown = self.open.as_ref().is_some_and(|it| it.sent_at + SECRET_OVERLAP < now + SLACK);
        let is_older = |it: &&str| self.replaced.get(*it).is_some_and(|at| now < *at + ON_ITS_WAY);
        let is_accepted = signed_by.iter().any(|it| newest == *it || is_older(it));
        (!is_accepted && !may_be_unknown).then(|| "is signed by no secret that its receiver has".to_owned())
    }
}
