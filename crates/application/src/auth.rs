//! Accounts, logins, sessions, and the passwords and tokens that they rest on.

mod account;
pub mod accounts;
mod email;
mod email_verification;
mod erasure;
mod hash_cost;
mod login;
mod login_attempts;
mod password;
mod password_reset;
pub mod revocations;
mod second_factor;
mod session;
mod totp_codes;
pub mod user_admin;

pub use account::{NewAccount, RegisterError, create_operator, register_account};
pub use email::{EmailChange, EmailError, change_email};
pub(crate) use email_verification::prepare_verification;
pub use email_verification::{
    VERIFICATION_TTL, VerificationError, confirm_email_verification, request_email_verification,
};
pub use erasure::{ErasureError, ErasureRequest, erase_account};
pub use hash_cost::load_highest_hash_cost;
pub use login::{LoginError, LoginRequest, login};
pub use password::{PasswordChange, PasswordError, change_password};
pub use password_reset::{
    ConfirmError, RESET_TTL, ResetConfirmation, ResetError, confirm_password_reset, issue_password_reset,
    request_password_reset,
};
pub(crate) use password_reset::{may_mail_reset, new_token, newest_digest, next_reset_time};
pub use revocations::Revocations;
pub use second_factor::{
    CodeConfirmation, EnrolledFactor, EnrolmentRequest, FactorRemoval, SecondFactorError,
    confirm_second_factor, disable_second_factor, enrol_second_factor, reset_second_factor,
};
pub use session::{
    RefreshError, RevokeError, TokenPair, authenticate, end_other_sessions, list_sessions, logout,
    refresh_session, revoke_session,
};
