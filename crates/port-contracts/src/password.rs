//! The promises of [`ports::PasswordHasher`]. A fixture gives an idle one, with the lowest cost.

use std::sync::Arc;

use domain::{Password, PasswordHash};
use ports::{HashPurpose, HashQueueKey, PasswordHasher};

use crate::sample;

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn PasswordHasher>`.
#[macro_export]
macro_rules! password {
    ($($fixture:ident)::+) => {
        $crate::stamp! { password:
            only_the_password_itself_is_right
            every_hash_has_its_own_salt
            an_unknown_user_has_no_right_password
            what_could_never_have_been_set_is_wrong
            the_longest_password_counts_to_its_last_byte
            a_hash_has_the_configured_cost
            padding_changes_no_verdict
            ; $($fixture)::+
        }
    };
}

fn share() -> HashQueueKey {
    HashQueueKey { purpose: HashPurpose::Login, network: sample::network() }
}

async fn hash(hasher: &Arc<dyn PasswordHasher>, password: &str) -> PasswordHash {
    let password = Password::parse(password).expect("it may be set");
    hasher.hash_password(password, share()).await.expect("the hasher is idle")
}

async fn verify(hasher: &Arc<dyn PasswordHasher>, hash: Option<&PasswordHash>, attempt: &str) -> bool {
    hasher.verify_password(hash.cloned(), attempt.to_owned(), share()).await.expect("the hasher is idle")
}

/// A different case, a missing or an additional character is wrong.
pub async fn only_the_password_itself_is_right(hasher: &Arc<dyn PasswordHasher>) {
    let hash = hash(hasher, "correct horse").await;
    assert!(verify(hasher, Some(&hash), "correct horse").await);
    for wrong in ["", "Correct horse", "correct hors", "correct horse ", "another"] {
        assert!(!verify(hasher, Some(&hash), wrong).await, "{wrong:?}");
    }
}

/// Equal passwords have different hashes.
pub async fn every_hash_has_its_own_salt(hasher: &Arc<dyn PasswordHasher>) {
    let [one, other] = [hash(hasher, "correct horse").await, hash(hasher, "correct horse").await];
    assert!(one != other, "two hashes are the same");
    assert!(
        verify(hasher, Some(&one), "correct horse").await
            && verify(hasher, Some(&other), "correct horse").await
    );
}

/// Without a hash every password is wrong.
pub async fn an_unknown_user_has_no_right_password(hasher: &Arc<dyn PasswordHasher>) {
    for attempt in ["correct horse", "", "\0", &"x".repeat(1_000)] {
        assert!(!verify(hasher, None, attempt).await);
    }
}

/// A password is neither cut at the longest length nor ended by a NUL.
pub async fn what_could_never_have_been_set_is_wrong(hasher: &Arc<dyn PasswordHasher>) {
    for (password, more) in [("long-Enough!".repeat(6).as_str(), "y"), ("correct horse", "\0")] {
        let hash = hash(hasher, password).await;
        for attempt in [format!("{password}{more}"), format!("{password}{more}tail")] {
            assert!(!verify(hasher, Some(&hash), &attempt).await, "{} bytes", attempt.len());
        }
    }
}

/// All 72 bytes count.
pub async fn the_longest_password_counts_to_its_last_byte(hasher: &Arc<dyn PasswordHasher>) {
    let most = "long-Enough!".repeat(6);
    let hash = hash(hasher, &most).await;
    assert!(verify(hasher, Some(&hash), &most).await);
    assert!(!verify(hasher, Some(&hash), &format!("{}?", most.trim_end_matches('!'))).await);
}

/// The cost is part of the text of the hash.
pub async fn a_hash_has_the_configured_cost(hasher: &Arc<dyn PasswordHasher>) {
    assert_eq!(hash(hasher, "correct horse").await.cost(), hasher.hash_cost());
}

/// Neither the verdict nor the cost of new hashes depends on the padding.
pub async fn padding_changes_no_verdict(hasher: &Arc<dyn PasswordHasher>) {
    let cost = hasher.hash_cost();
    let known = hash(hasher, "correct horse").await;
    for padded in [cost + 1, 0] {
        hasher.pad_to_cost(padded);
        assert!(verify(hasher, Some(&known), "correct horse").await);
        assert!(!verify(hasher, Some(&known), "wrong").await && !verify(hasher, None, "wrong").await);
        assert_eq!((hash(hasher, "another one").await.cost(), hasher.hash_cost()), (cost, cost));
    }
}
