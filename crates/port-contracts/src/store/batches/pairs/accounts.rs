//! Two changes of one account.

use domain::{Email, MailKey, PasswordHash, SecondFactor, Session, User};
use ports::{MailKind, PasswordReset, QueuedMail, SecondFactorWrite, UnitOfWork, UserErasure, Write};

use super::{NamedUnit, Scene, check_pairs};
use crate::{
    Backend,
    backend::first_batch,
    sample::{self, at},
};

/// The digest of the token that was sent.
const DIGEST: &str = "token";

const UNITS: &[NamedUnit<Account>] = &[
    ("a login", log_in),
    ("a login that replaces the hash", log_in_and_rehash),
    ("a new password", change_password),
    ("a reset of the password", use_reset),
    ("a request of a reset", request_reset),
    ("another token", set_token),
    ("a new address", change_email),
    ("a verification of the address", verify_email),
    ("a closure by an operator", close_account),
    ("an erasure", erase),
    ("a refresh", refresh),
    ("a logout", log_out),
    ("the end of all sessions", end_sessions),
    ("an enrolment of a second factor", enrol_factor),
    ("a second factor in force", confirm_factor),
    ("the end of an enrolment", drop_enrolment),
    ("a login without a second factor", log_in_without_factor),
    ("an order", place_order),
    ("an attempt to send a mail", begin_mail),
    ("the deletion of a mail", delete_mail),
];

/// A user with a session, a reset, a mail, a second factor that is not in force yet, and no order.
struct Account {
    user: User,
    session: Session,
    mail: QueuedMail,
}

fn first_hash() -> PasswordHash {
    sample::hash("first")
}

impl Scene for Account {
    async fn store_new(backend: &Backend) -> Self {
        let user = sample::user();
        let session = sample::session(&user);
        let mail = QueuedMail {
            key: MailKey::new(sample::next_number()),
            kind: MailKind::PasswordReset,
            recipient: user.email.clone(),
            user: Some(user.key),
            attempts: 0,
            created_at: at(0),
            due_at: at(0),
            expires_at: at(900),
        };
        let scene = Self { user, session, mail };
        let reset = reset(&scene.user, 1, Some(scene.digest(DIGEST)));
        backend
            .commit([
                Write::InsertUser(scene.user.clone(), first_hash()),
                Write::InsertSession(scene.session.clone(), sample::origin()),
                Write::RequestPasswordReset(reset, scene.user.clone()),
                Write::QueueMail(scene.mail.clone()),
                factor_write(SecondFactorWrite::Enrol(sample::second_factor(&scene.user))),
            ])
            .await;
        scene
    }

    async fn describe(&self, backend: &Backend) -> String {
        let key = self.user.key;
        let user = backend.users.find_user_by_key(key).await.expect("read").expect("it is there");
        let email = user.email.as_str() == self.user.email.as_str();
        let hash = backend.users.find_password_hash(key).await.expect("read");
        let session = backend.sessions.find_session(&self.session.id).await.expect("read").expect("there");
        let live = backend.sessions.list_live_sessions(key, at(10), 9).await.expect("read").len();
        let reset = backend.account_tasks.find_reset_of_user(key).await.expect("read");
        let factor = backend.second_factors.find_second_factor(key).await.expect("read");
        let factor = factor.map(|it| (it.confirmed_at, it.revision));
        let due = backend.account_tasks.list_due_mails(MailKind::PasswordReset, at(99), first_batch(999));
        let mail = due.await.expect("read").into_iter().find(|it| it.key == self.mail.key);
        let account = (user.disabled, email, user.email_verified_at, user.second_factor_at, user.changed_at);
        let sessions = (session.generation, session.revoked_at, live);
        let hash = hash.map(|it| it.expose_secret().to_owned());
        let own = self.digest(DIGEST);
        let reset = reset.map(|it| (it.requested_at, it.digest.map(|it| it == own)));
        format!("{account:?} {hash:?} {sessions:?} {reset:?} {factor:?} {:?}", mail.map(|it| it.attempts))
    }
}

fn reset(user: &User, requested: i64, digest: Option<String>) -> PasswordReset {
    PasswordReset { user: user.key, requested_at: at(requested), expires_at: at(900), digest }
}

fn unit_of(writes: impl IntoIterator<Item = Write>) -> UnitOfWork {
    UnitOfWork::new().with_writes(writes)
}

fn factor_write(write: SecondFactorWrite) -> Write {
    Write::SecondFactor(Box::new(write))
}

impl Account {
    /// A digest of that token, which no other account has.
    fn digest(&self, token: &str) -> String {
        format!("{token}-{}", self.user.key.get())
    }

    fn require_password(&self) -> Write {
        Write::RequirePassword(self.user.key, first_hash())
    }

    fn change_hash(&self, to: &str) -> Write {
        Write::ChangePassword { user: self.user.key, from: first_hash(), to: sample::hash(to) }
    }

    const fn end_sessions(&self) -> Write {
        Write::RevokeSessions { user: self.user.key, except: None, at: at(9) }
    }
}

fn log_in(it: &Account) -> UnitOfWork {
    let session = Write::InsertSession(sample::session(&it.user), sample::origin());
    unit_of([it.require_password(), session])
}

fn log_in_and_rehash(it: &Account) -> UnitOfWork {
    log_in(it).with_write(it.change_hash("rehashed"))
}

fn change_password(it: &Account) -> UnitOfWork {
    unit_of([it.change_hash("second"), Write::DropPasswordReset(it.user.key), it.end_sessions()])
}

fn use_reset(it: &Account) -> UnitOfWork {
    let used = Write::UsePasswordReset { user: it.user.key, digest: it.digest(DIGEST), now: at(2) };
    unit_of([used, it.require_password(), it.change_hash("third"), it.end_sessions()])
}

fn request_reset(it: &Account) -> UnitOfWork {
    unit_of([Write::RequestPasswordReset(reset(&it.user, 5, None), it.user.clone())])
}

fn set_token(it: &Account) -> UnitOfWork {
    unit_of([Write::SetResetToken { user: it.user.key, requested_at: at(1), digest: it.digest("newer") }])
}

fn change_email(it: &Account) -> UnitOfWork {
    let email = Email::new(format!("moved-{}@example.com", sample::next_number()));
    let changed = Write::ChangeEmail { user: it.user.with_email(email, at(5)), read: None };
    unit_of([it.require_password(), changed, Write::DropPasswordReset(it.user.key), it.end_sessions()])
}

fn verify_email(it: &Account) -> UnitOfWork {
    unit_of([Write::VerifyEmail { user: it.user.with_verified_email(at(6)), read: None }])
}

fn close_account(it: &Account) -> UnitOfWork {
    let user = it.user.with_disabled_flag(true, at(7));
    unit_of([Write::UpdateUser { user, read: None }, it.end_sessions()])
}

fn erase(it: &Account) -> UnitOfWork {
    let erasure = UserErasure {
        user: it.user.clone().erase(&format!("erased-{}", it.user.key.get()), at(8)),
        read: None,
        from: first_hash(),
        to: sample::hash("none"),
        at: at(8),
    };
    unit_of([
        Write::EraseUser(Box::new(erasure)),
        Write::DropPasswordReset(it.user.key),
        factor_write(SecondFactorWrite::Drop(it.user.key)),
        it.end_sessions(),
        Write::CloseOpenOrders { owner: it.user.key, placed: 0 },
    ])
}

fn refresh(it: &Account) -> UnitOfWork {
    let read = Box::new(it.session.clone());
    let next = Box::new(Session { generation: read.generation + 1, rotated_at: at(3), ..it.session.clone() });
    unit_of([Write::RotateSession { read, next }])
}

fn log_out(it: &Account) -> UnitOfWork {
    unit_of([Write::RevokeSession { user: it.user.key, session: it.session.key, at: at(4) }])
}

fn end_sessions(it: &Account) -> UnitOfWork {
    unit_of([it.end_sessions()])
}

fn enrol_factor(it: &Account) -> UnitOfWork {
    unit_of([factor_write(SecondFactorWrite::Enrol(sample::second_factor(&it.user)))])
}

fn confirm_factor(it: &Account) -> UnitOfWork {
    let user = it.user.with_second_factor(Some(at(3)), at(3));
    let factor = SecondFactor { confirmed_at: Some(at(3)), revision: 2, ..sample::second_factor(&it.user) };
    unit_of(
        [SecondFactorWrite::Replace(factor), SecondFactorWrite::Set { user, read: None }].map(factor_write),
    )
}

fn drop_enrolment(it: &Account) -> UnitOfWork {
    let key = it.user.key;
    unit_of([SecondFactorWrite::RequireNone(key), SecondFactorWrite::Drop(key)].map(factor_write))
}

fn log_in_without_factor(it: &Account) -> UnitOfWork {
    log_in(it).with_write(factor_write(SecondFactorWrite::RequireNone(it.user.key)))
}

fn place_order(it: &Account) -> UnitOfWork {
    let order = sample::order(&it.user, &[(&sample::product(None), 1)]);
    unit_of([sample::counted(&order, 1, 9)])
}

fn begin_mail(it: &Account) -> UnitOfWork {
    unit_of([Write::BeginMail { key: it.mail.key, attempts: 0, due_at: at(60) }])
}

fn delete_mail(it: &Account) -> UnitOfWork {
    unit_of([Write::DeleteMail { key: it.mail.key, attempts: 0 }])
}

/// Of a reset and a new password, say, one invalidates the other; a login that is committed with the end of all
/// sessions leaves a session that ended or one that began after it.
pub async fn two_changes_of_an_account_in_one_batch_end_as_one_after_the_other(backend: &Backend) {
    check_pairs(backend, UNITS).await;
}
