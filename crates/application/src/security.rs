//! Security events as log lines; this is the complete list of them.
//!
//! A line has the user, the session and the network as far as they are known; the request's id is in its
//! span. It never contains what a client sent: no name, password or token. So the log can be shared with
//! those who watch for attacks.

use domain::{ApiKeyId, GatewayName, Network, SessionId, UserId};

/// The `tracing` target of these lines, by which a filter selects them.
pub const SECURITY_TARGET: &str = "idem::security";

/// An event that matters for the security of accounts.
#[derive(Debug, Clone, Copy)]
pub enum SecurityEvent<'e> {
    /// A login failed: wrong password, unknown name or disabled account.
    LoginFailed {
        /// The account that the login names, if it exists.
        user: Option<&'e UserId>,
        /// The network of the client.
        network: Network,
    },
    /// A limit of failures was reached and a lock begins.
    LockBegan {
        /// The scope of the lock.
        locked: LockScope,
        /// The account that the last failure names, if it exists.
        user: Option<&'e UserId>,
        /// The session, if the lock is for one.
        session: Option<&'e SessionId>,
        /// The network of the last failure.
        network: Network,
    },
    /// The current password was wrong in a request to change it.
    PasswordWrong {
        /// The user who is logged in.
        user: &'e UserId,
        /// The session of the request.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A user changed the password; all other sessions ended.
    PasswordChanged {
        /// The user whose password it is.
        user: &'e UserId,
        /// The session of the request, which stays alive.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A new password was set with the token of a reset; all sessions ended.
    PasswordReset {
        /// The user whose password it is.
        user: &'e UserId,
        /// The network of the client.
        network: Network,
    },
    /// A user changed the address of the account; all other sessions ended.
    EmailChanged {
        /// The user whose address it is.
        user: &'e UserId,
        /// The session of the request, which stays alive.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A user erased the account; all sessions ended.
    AccountErased {
        /// The user who was erased.
        user: &'e UserId,
        /// The session of the request, which ended too.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A user put a second factor in force; all other sessions ended.
    SecondFactorEnabled {
        /// The user whose account it is.
        user: &'e UserId,
        /// The session of the request.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A user disabled the second factor.
    SecondFactorDisabled {
        /// The user whose account it is.
        user: &'e UserId,
        /// The session of the request.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A code was wrong in a request to confirm or disable the second factor.
    SecondFactorWrong {
        /// The user whose account it is.
        user: &'e UserId,
        /// The session of the request.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A user requested what the role does not allow (403).
    Forbidden {
        /// The user of the session.
        user: &'e UserId,
        /// The session of the request.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// A spent refresh token was shown again: a thief may have it, so its session is ended.
    RefreshTokenReused {
        /// The user of the session, unless it could not be read.
        user: Option<&'e UserId>,
        /// The session that was ended.
        session: &'e SessionId,
        /// The network of the client.
        network: Network,
    },
    /// An operator changed the account of a user, or ended its sessions.
    AccountChanged {
        /// What was changed.
        event: AccountEvent,
        /// The user whose account it is.
        user: &'e UserId,
        /// The operator who did it.
        by: &'e UserId,
        /// The operator's session.
        session: &'e SessionId,
        /// The network of the operator.
        network: Network,
    },
    /// An operator made an API key.
    ApiKeyCreated {
        /// The public id of the key.
        key: &'e ApiKeyId,
        /// The operator who did it.
        by: &'e UserId,
        /// The operator's session.
        session: &'e SessionId,
        /// The network of the operator.
        network: Network,
    },
    /// An operator revoked an API key.
    ApiKeyRevoked {
        /// The public id of the key.
        key: &'e ApiKeyId,
        /// The operator who did it.
        by: &'e UserId,
        /// The operator's session.
        session: &'e SessionId,
        /// The network of the operator.
        network: Network,
    },
    /// A system requested what the scopes of its API key do not allow (403).
    ScopeRefused {
        /// The public id of the key.
        key: &'e ApiKeyId,
        /// The network of the client.
        network: Network,
    },
    /// A notice was not signed by the gateway that it names.
    SignatureRefused {
        /// The gateway that the URL names.
        gateway: &'e GatewayName,
        /// The network of the sender.
        network: Network,
    },
}

/// What an operator did to an account. The commands of the service write lines with the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountEvent {
    /// The role was set, also if it was the same before.
    RoleSet,
    /// The account was disabled, also if it was disabled before.
    UserDisabled,
    /// The account was enabled, also if it was enabled before.
    UserEnabled,
    /// All sessions of the user were ended.
    SessionsEnded,
}

impl AccountEvent {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RoleSet => "role-set",
            Self::UserDisabled => "user-disabled",
            Self::UserEnabled => "user-enabled",
            Self::SessionsEnded => "sessions-ended",
        }
    }
}

/// The scope of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockScope {
    /// One account, for one network; other networks may log in.
    AccountAndNetwork,
    /// One network, for all accounts.
    Network,
    /// One account, for all networks but those that have logged in to it lately.
    Account,
    /// The change of the password, for one session.
    Session,
}

impl LockScope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AccountAndNetwork => "account and network",
            Self::Network => "network",
            Self::Account => "account",
            Self::Session => "session",
        }
    }
}

/// The fields of a log line that not every event has.
#[derive(Default)]
struct LogLine<'e> {
    user: Option<&'e UserId>,
    by: Option<&'e UserId>,
    session: Option<&'e SessionId>,
    api_key: Option<&'e ApiKeyId>,
    gateway: Option<&'e GatewayName>,
    locked: Option<LockScope>,
}

impl SecurityEvent<'_> {
    /// The names of all events in the log; alerts are written against them, so they never change.
    pub const NAMES: [&'static str; 20] = [
        "login-failed",
        "lock-began",
        "password-wrong",
        "password-changed",
        "password-reset",
        "email-changed",
        "account-erased",
        "second-factor-enabled",
        "second-factor-disabled",
        "second-factor-wrong",
        "forbidden",
        "refresh-token-reused",
        "role-set",
        "user-disabled",
        "user-enabled",
        "sessions-ended",
        "api-key-created",
        "api-key-revoked",
        "scope-refused",
        "signature-refused",
    ];

    /// The name in the log.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::LoginFailed { .. } => "login-failed",
            Self::LockBegan { .. } => "lock-began",
            Self::PasswordWrong { .. } => "password-wrong",
            Self::PasswordChanged { .. } => "password-changed",
            Self::PasswordReset { .. } => "password-reset",
            Self::EmailChanged { .. } => "email-changed",
            Self::AccountErased { .. } => "account-erased",
            Self::SecondFactorEnabled { .. } => "second-factor-enabled",
            Self::SecondFactorDisabled { .. } => "second-factor-disabled",
            Self::SecondFactorWrong { .. } => "second-factor-wrong",
            Self::Forbidden { .. } => "forbidden",
            Self::RefreshTokenReused { .. } => "refresh-token-reused",
            Self::AccountChanged { event, .. } => event.as_str(),
            Self::ApiKeyCreated { .. } => "api-key-created",
            Self::ApiKeyRevoked { .. } => "api-key-revoked",
            Self::ScopeRefused { .. } => "scope-refused",
            Self::SignatureRefused { .. } => "signature-refused",
        }
    }

    /// Writes the event as one log line at level `WARN`.
    pub fn log(&self) {
        // One macro call for all events, so that each line has the same fields and an alert can rely on them.
        let none = LogLine::default();
        let (network, line) = match *self {
            Self::LoginFailed { user, network } => (network, LogLine { user, ..none }),
            Self::LockBegan { locked, user, session, network } => {
                (network, LogLine { user, session, locked: Some(locked), ..none })
            }
            Self::PasswordWrong { user, session, network }
            | Self::PasswordChanged { user, session, network }
            | Self::EmailChanged { user, session, network }
            | Self::AccountErased { user, session, network }
            | Self::SecondFactorEnabled { user, session, network }
            | Self::SecondFactorDisabled { user, session, network }
            | Self::SecondFactorWrong { user, session, network }
            | Self::Forbidden { user, session, network } => {
                (network, LogLine { user: Some(user), session: Some(session), ..none })
            }
            Self::PasswordReset { user, network } => (network, LogLine { user: Some(user), ..none }),
            Self::RefreshTokenReused { user, session, network } => {
                (network, LogLine { user, session: Some(session), ..none })
            }
            Self::AccountChanged { event: _, user, by, session, network } => {
                (network, LogLine { user: Some(user), by: Some(by), session: Some(session), ..none })
            }
            Self::ApiKeyCreated { key, by, session, network }
            | Self::ApiKeyRevoked { key, by, session, network } => {
                (network, LogLine { api_key: Some(key), by: Some(by), session: Some(session), ..none })
            }
            Self::ScopeRefused { key, network } => (network, LogLine { api_key: Some(key), ..none }),
            Self::SignatureRefused { gateway, network } => {
                (network, LogLine { gateway: Some(gateway), ..none })
            }
        };
        tracing::warn!(
            target: SECURITY_TARGET,
            event = self.as_str(),
            user = line.user.map(UserId::as_str),
            by = line.by.map(UserId::as_str),
            session = line.session.map(SessionId::as_str),
            api_key = line.api_key.map(ApiKeyId::as_str),
            gateway = line.gateway.map(GatewayName::as_str),
            locked = line.locked.map(LockScope::as_str),
            %network,
            "security"
        );
    }
}
