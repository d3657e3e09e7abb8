//! What concerns the safety of accounts, as lines of the log: here is every event that there is.
//!
//! A line says who, in which session, and from which network, as far as that is known; the request's id is in its span.
//! It never says what was typed: no name, no password, no token.

use domain::{GatewayName, Network, SessionId, UserId};

/// What such lines are written for, to be filtered by.
pub const SECURITY_TARGET: &str = "idem::security";

/// Something that concerns the safety of accounts.
#[derive(Debug, Clone, Copy)]
pub enum SecurityEvent<'e> {
    /// A login failed.
    LoginFailed {
        /// The account that was tried, if there is one.
        user: Option<&'e UserId>,
        /// From where.
        network: Network,
    },
    /// So many failed that a lock begins.
    LockBegan {
        /// What is locked.
        locked: LockScope,
        /// The account that was tried, if there is one.
        user: Option<&'e UserId>,
        /// The session, if it is one that is locked.
        session: Option<&'e SessionId>,
        /// From where the last failure came.
        network: Network,
    },
    /// The present password was wrong when it was to be changed.
    PasswordWrong {
        /// Whose.
        user: &'e UserId,
        /// Where it was shown.
        session: &'e SessionId,
        /// From where.
        network: Network,
    },
    /// A password was changed.
    PasswordChanged {
        /// Whose.
        user: &'e UserId,
        /// The session that stays.
        session: &'e SessionId,
        /// From where.
        network: Network,
    },
    /// A user asked for what the role does not allow: 403.
    Forbidden {
        /// Who.
        user: &'e UserId,
        /// In which session.
        session: &'e SessionId,
        /// From where.
        network: Network,
    },
    /// A refresh token was shown that had been spent before: its session is ended.
    RefreshTokenReused {
        /// Whose, unless the user is gone.
        user: Option<&'e UserId>,
        /// Which.
        session: &'e SessionId,
        /// From where.
        network: Network,
    },
    /// A notice was not signed by the gateway that it names.
    SignatureRefused {
        /// Which gateway.
        gateway: &'e GatewayName,
        /// From where.
        network: Network,
    },
}

/// What a lock holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockScope {
    /// An account, for one network.
    AccountAndNetwork,
    /// A network.
    Network,
    /// An account as a whole, but for networks that have logged in to it.
    Account,
    /// The change of a password, for one session.
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

/// The parts of a line.
#[derive(Default)]
struct LogLine<'e> {
    user: Option<&'e UserId>,
    session: Option<&'e SessionId>,
    gateway: Option<&'e GatewayName>,
    locked: Option<LockScope>,
}

impl SecurityEvent<'_> {
    /// The names of all events, as the log has them.
    pub const NAMES: [&'static str; 7] = [
        "login-failed",
        "lock-began",
        "password-wrong",
        "password-changed",
        "forbidden",
        "refresh-token-reused",
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
            Self::Forbidden { .. } => "forbidden",
            Self::RefreshTokenReused { .. } => "refresh-token-reused",
            Self::SignatureRefused { .. } => "signature-refused",
        }
    }

    /// Writes the line.
    pub fn log(&self) {
        let none = LogLine::default();
        let (network, line) = match *self {
            Self::LoginFailed { user, network } => (network, LogLine { user, ..none }),
            Self::LockBegan { locked, user, session, network } => {
                (network, LogLine { user, session, locked: Some(locked), ..none })
            }
            Self::PasswordWrong { user, session, network }
            | Self::PasswordChanged { user, session, network }
            | Self::Forbidden { user, session, network } => {
                (network, LogLine { user: Some(user), session: Some(session), ..none })
            }
            Self::RefreshTokenReused { user, session, network } => {
                (network, LogLine { user, session: Some(session), ..none })
            }
            Self::SignatureRefused { gateway, network } => {
                (network, LogLine { gateway: Some(gateway), ..none })
            }
        };
        tracing::warn!(
            target: SECURITY_TARGET,
            event = self.as_str(),
            user = line.user.map(UserId::as_str),
            session = line.session.map(SessionId::as_str),
            gateway = line.gateway.map(GatewayName::as_str),
            locked = line.locked.map(LockScope::as_str),
            %network,
            "security"
        );
    }
}
