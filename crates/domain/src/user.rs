//! Users, their names and addresses.

use std::time::Duration;

use crate::{Invalid, Timestamp, UserId, UserKey};

/// The role of a user; it decides which routes are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Places orders, and sees only those.
    Customer,
    /// Runs the shop: sees all orders and changes products, orders and payments.
    Operator,
}

impl Role {
    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Operator => "OPERATOR",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Customer, Self::Operator].into_iter().find(|it| it.as_str() == text)
    }
}

/// The domain of the addresses that erased accounts get. No account can choose one.
const ERASED_DOMAIN: &str = "erased.invalid";

/// A username: 3 to 32 of `A-Z a-z 0-9 _ . -`, unique regardless of case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Username(String);

impl Username {
    /// Parses a name that a user chooses.
    ///
    /// # Errors
    /// [`Invalid`] when it is too short, too long, or has another character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        // ASCII only: names of other scripts can look alike, and one user could pose as another.
        if !(3..=32).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(Invalid("must be 3 to 32 characters of A-Z a-z 0-9 _ . -"));
        }
        // A name is shown and logged in many places, so a card number in it could never be removed again.
        if crate::card::contains_number(text) {
            return Err(Invalid("must not have a card number in it"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Wraps a name from the database, which may be older than the present rule.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The name as the user wrote it, for display.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in the form that is compared: two names with one folded form are the same name.
    #[must_use]
    pub fn fold_case(&self) -> String {
        fold_case(&self.0)
    }
}

/// An e-mail address, unique regardless of case. It also logs in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Email(String);

impl Email {
    /// The longest address, in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
    pub const BYTES_MAX: usize = 254;

    /// Parses an address: printable ASCII, one `@`, a domain of at least two labels. Only a mail can show
    /// whether it exists.
    ///
    /// # Errors
    /// [`Invalid`] when it cannot be an address, or has a card number in it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = Invalid("must be an e-mail address of at most 254 ASCII characters");
        let Some((local, domain)) = text.split_once('@') else { return Err(rule) };
        // The limits are those of SMTP and DNS: 64 bytes before the @ (RFC 5321, 4.5.3.1.1), 63 for each
        // label (RFC 1035, 2.3.4). Quoted local parts are valid there, but mail programs disagree about them.
        let label = |it: &str| {
            !it.is_empty()
                && it.len() <= 63
                && !it.starts_with('-')
                && !it.ends_with('-')
                && it.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let local_fits = (1..=64).contains(&local.len())
            && local.bytes().all(|byte| byte.is_ascii_graphic() && !br#"@()<>[],;:\""#.contains(&byte))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        if text.len() > Self::BYTES_MAX
            || !local_fits
            || !domain.contains('.')
            || !domain.split('.').all(label)
        {
            return Err(rule);
        }
        if crate::card::contains_number(text) {
            return Err(Invalid("must not have a card number in it"));
        }
        // No mail reaches this domain (RFC 6761, 6.4), and an address in it marks an erased account.
        if domain.eq_ignore_ascii_case(ERASED_DOMAIN) {
            return Err(Invalid("must not be an address of an erased account"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Wraps an address from the database, which may be older than the present rule.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The address as the user wrote it, for display.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in the form that is compared, all of it in lower case.
    #[must_use]
    // RFC 5321 lets a host distinguish case before the @. No large one does, and two accounts whose addresses
    // differ only in case would be one mailbox.
    pub fn fold_case(&self) -> String {
        fold_case(&self.0)
    }
}

/// Folds a name or address for comparison: to lower case. The folded form is stored and has the unique index.
#[must_use]
pub fn fold_case(text: &str) -> String {
    text.to_lowercase()
}

/// A user with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct User {
    /// The key of the user's row.
    pub key: UserKey,
    /// The public id, in tokens and URLs.
    pub id: UserId,
    /// The name to log in with, as the user wrote it.
    pub username: Username,
    /// The address, which also logs in.
    pub email: Email,
    /// The role, which is changed by a command on the server.
    pub role: Role,
    /// Whether the account is disabled: every login is refused and none of its tokens is valid.
    pub disabled: bool,
    /// The time of the registration.
    pub created_at: Timestamp,
    /// The time at which role, address, `disabled` or the second factor last changed; `None` while they never did. Of two cached entries
    /// of a user the one with the later time is the newer one.
    pub changed_at: Option<Timestamp>,
    /// The time since which a login needs the second factor; `None` if it needs none.
    pub second_factor_at: Option<Timestamp>,
    /// The time at which a token showed that mails to the address arrive; `None` if none has since it was set. A change of
    /// the address clears it. Nothing depends on it.
    pub email_verified_at: Option<Timestamp>,
    /// Counts the changes of the address, 0 at first. A token that verifies an address holds it.
    pub email_revision: i64,
}

impl User {
    /// The user with another role, changed at `now`.
    #[must_use]
    pub fn with_role(&self, role: Role, now: Timestamp) -> Self {
        Self { role, changed_at: Some(self.next_changed_at(now)), ..self.clone() }
    }

    /// The user with the account disabled or enabled, changed at `now`.
    #[must_use]
    pub fn with_disabled_flag(&self, disabled: bool, now: Timestamp) -> Self {
        Self { disabled, changed_at: Some(self.next_changed_at(now)), ..self.clone() }
    }

    /// The user with another address, changed at `now`.
    #[must_use]
    pub fn with_email(&self, email: Email, now: Timestamp) -> Self {
        let changed_at = Some(self.next_changed_at(now));
        let email_revision = self.email_revision.saturating_add(1);
        Self { email, changed_at, email_verified_at: None, email_revision, ..self.clone() }
    }

    /// The user whose address a token has verified at `now`.
    #[must_use]
    pub fn with_verified_email(&self, now: Timestamp) -> Self {
        let changed_at = Some(self.next_changed_at(now));
        Self { email_verified_at: Some(now), changed_at, ..self.clone() }
    }

    /// The user with a second factor in force since then, or without one, changed at `now`.
    #[must_use]
    pub fn with_second_factor(&self, since: Option<Timestamp>, now: Timestamp) -> Self {
        Self { second_factor_at: since, changed_at: Some(self.next_changed_at(now)), ..self.clone() }
    }

    /// What is left of the user after an erasure at `now`: a disabled account under a name and an address that say
    /// nothing. `label` is a new random id; the name holds at most 25 characters of it.
    #[must_use]
    pub fn erase(&self, label: &str, now: Timestamp) -> Self {
        let name = format!("erased-{}", label.chars().take(25).collect::<String>());
        Self {
            email: Email(format!("{name}@{ERASED_DOMAIN}")),
            username: Username(name),
            disabled: true,
            changed_at: Some(self.next_changed_at(now)),
            second_factor_at: None,
            email_verified_at: None,
            email_revision: self.email_revision.saturating_add(1),
            ..self.clone()
        }
    }

    /// Whether the account was erased. Nothing opens it again.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.email.0.rsplit_once('@').is_some_and(|(_, domain)| domain == ERASED_DOMAIN)
    }

    /// The time of a change: later than the last one, whatever the clocks of the instances say.
    fn next_changed_at(&self, now: Timestamp) -> Timestamp {
        // The time is also the guard of the update and the version of cached entries, so two changes must
        // never share it.
        self.changed_at.map_or(now, |last| now.max(last.saturating_add(Duration::from_millis(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_one_regardless_of_case() {
        assert_eq!(
            Username::parse("Ada.L").unwrap().fold_case(),
            Username::parse("aDA.l").unwrap().fold_case()
        );
        assert_eq!(Email::parse("Ada@Example.com").unwrap().fold_case(), "ada@example.com");
    }

    #[test]
    fn a_change_is_stamped_after_the_one_before_it_whatever_the_clock_says() {
        let at = Timestamp::from_millis;
        let made = User {
            key: UserKey::new(1),
            id: UserId::new("u".to_owned()),
            username: Username::new("ada".to_owned()),
            email: Email::new("ada@example.com".to_owned()),
            role: Role::Operator,
            disabled: false,
            created_at: at(0),
            changed_at: None,
            second_factor_at: None,
            email_verified_at: None,
            email_revision: 0,
        };
        let demoted = made.with_role(Role::Customer, at(9_000));
        assert_eq!((demoted.role, demoted.changed_at), (Role::Customer, Some(at(9_000))));
        let closed = demoted.with_disabled_flag(true, at(1_000));
        assert_eq!(
            (closed.role, closed.disabled, closed.changed_at),
            (Role::Customer, true, Some(at(9_001)))
        );
    }

    #[test]
    fn an_erased_user_keeps_nothing_personal_and_its_address_cannot_be_chosen() {
        let at = Timestamp::from_millis;
        let made = User {
            key: UserKey::new(1),
            id: UserId::new("u".to_owned()),
            username: Username::new("ada".to_owned()),
            email: Email::new("ada@example.com".to_owned()),
            role: Role::Customer,
            disabled: false,
            created_at: at(0),
            changed_at: Some(at(5)),
            second_factor_at: Some(at(5)),
            email_verified_at: Some(at(5)),
            email_revision: 0,
        };
        assert!(!made.is_erased());
        let erased = made.erase("xzfsxuuh2mf2ziahjggqqxo52m", at(5));
        assert!(erased.is_erased() && erased.disabled && erased.second_factor_at.is_none());
        assert_eq!(erased.changed_at, Some(at(6)), "another version for cached entries");
        let shown = format!("{erased:?}");
        assert!(!shown.contains("ada"), "{shown}");
        assert!(Username::parse(erased.username.as_str()).is_ok(), "it is shown like any other name");
        for taken in [erased.email.as_str(), "me@Erased.Invalid"] {
            assert!(Email::parse(taken).is_err(), "{taken}");
        }
        assert!(Email::parse("me@not-erased.invalid").is_ok());
    }

    #[test]
    fn no_name_and_no_address_has_a_card_number_in_it() {
        assert!(
            Username::parse("a.4242424242424242").is_err() && Username::parse("4242-4242.4242_4242").is_err()
        );
        assert!(Email::parse("4242424242424242@example.com").is_err());
        assert!(
            Username::parse("5439382847007").is_ok() && Email::parse("356938035643809@example.com").is_ok()
        );
    }

    #[test]
    fn a_change_of_the_address_ends_its_verification_for_good() {
        let made = User {
            key: UserKey::new(1),
            id: UserId::new("u".to_owned()),
            username: Username::new("ada".to_owned()),
            email: Email::new("ada@example.com".to_owned()),
            role: Role::Customer,
            disabled: false,
            created_at: Timestamp::from_millis(0),
            changed_at: None,
            second_factor_at: None,
            email_verified_at: None,
            email_revision: 0,
        };
        let now = Timestamp::from_millis(5);
        let verified = made.with_verified_email(now);
        assert_eq!((verified.email_verified_at, verified.changed_at), (Some(now), Some(now)));
        let back =
            verified.with_email(Email::new("b@example.com".to_owned()), now).with_email(made.email, now);
        assert_eq!((back.email_verified_at, back.email_revision), (None, 2));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "", "a", "@b.co", "a@", "a@b", "a@@b.co", "a b@c.de", "a@-b.co", "a@b..co", ".a@b.co", "a\n@b.co",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        for good in ["a@b.co", "first.last+tag@sub.example.org", "o'neil@example.com"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
    }
}
