//! The promises of [`ports::TokenIssuer`].

use std::sync::Arc;

use domain::{SessionId, Timestamp, UserId};
use ports::{AccessClaims, TokenIssuer};

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn TokenIssuer>`.
#[macro_export]
macro_rules! tokens {
    ($($fixture:ident)::+) => {
        $crate::stamp! { tokens:
            an_access_token_says_what_went_in
            an_access_token_is_good_until_it_expires
            a_refresh_token_names_session_and_generation
            the_same_input_gives_the_same_token
            every_generation_has_its_own_tokens
            a_token_with_one_changed_character_is_none
            one_kind_of_token_is_not_the_other
            any_other_text_is_no_token
            fuzz_no_changed_token_is_one
            ; $($fixture)::+
        }
    };
}

fn session() -> SessionId {
    SessionId::new("mzxw6ytboi4dcmzxgiytcmzxgi".into())
}

/// Claims whose times are whole seconds.
fn claims(generation: i64) -> AccessClaims {
    AccessClaims {
        user: UserId::new("ge2dsnrqgeydcmzxgiytcmzxgq".into()),
        session: session(),
        generation,
        issued_at: Timestamp::from_millis(1_790_000_000_000),
        expires_at: Timestamp::from_millis(1_790_000_900_000),
    }
}

/// The time at which the tests verify a token.
fn now() -> Timestamp {
    claims(0).issued_at
}

/// For times in whole seconds.
pub async fn an_access_token_says_what_went_in(tokens: &Arc<dyn TokenIssuer>) {
    for generation in [0, 1, i64::MAX] {
        let claims = claims(generation);
        assert_eq!(
            tokens.verify_access_token(&tokens.issue_access_token(&claims), now()),
            Some(claims.clone())
        );
        let late = Timestamp::from_millis(claims.issued_at.as_millis() + 999);
        let token = tokens.issue_access_token(&AccessClaims { issued_at: late, ..claims.clone() });
        assert_eq!(tokens.verify_access_token(&token, now()), Some(claims), "of times, whole seconds count");
    }
}

/// It is refused from the time of expiry on.
pub async fn an_access_token_is_good_until_it_expires(tokens: &Arc<dyn TokenIssuer>) {
    let claims = claims(1);
    let token = tokens.issue_access_token(&claims);
    let at = |after| {
        tokens.verify_access_token(&token, Timestamp::from_millis(claims.expires_at.as_millis() + after))
    };
    assert!(at(-1).is_some());
    assert!(at(0).is_none() && at(1).is_none());
    assert!(tokens.verify_access_token(&token, Timestamp::from_millis(i64::MAX)).is_none());
}

/// The token itself does not expire: the session says whether it is valid.
pub async fn a_refresh_token_names_session_and_generation(tokens: &Arc<dyn TokenIssuer>) {
    for (id, generation) in [("mzxw6ytboi4dcmzxgiytcmzxgi", 0), ("with.dots.7", 7), ("x", i64::MAX)] {
        let session = SessionId::new(id.into());
        assert_eq!(
            tokens.verify_refresh_token(&tokens.issue_refresh_token(&session, generation)),
            Some((session, generation))
        );
    }
}

/// A lost response can therefore be repeated byte for byte.
pub async fn the_same_input_gives_the_same_token(tokens: &Arc<dyn TokenIssuer>) {
    assert_eq!(tokens.issue_access_token(&claims(3)), tokens.issue_access_token(&claims(3)));
    assert_eq!(tokens.issue_refresh_token(&session(), 3), tokens.issue_refresh_token(&session(), 3));
}

/// One generation's token does not reveal the next one.
pub async fn every_generation_has_its_own_tokens(tokens: &Arc<dyn TokenIssuer>) {
    assert_ne!(tokens.issue_access_token(&claims(1)), tokens.issue_access_token(&claims(2)));
    let [one, two] = [tokens.issue_refresh_token(&session(), 1), tokens.issue_refresh_token(&session(), 2)];
    let shared = one.chars().rev().zip(two.chars().rev()).take_while(|(a, b)| a == b).count();
    assert!(shared < 10, "the unguessable ends of two generations are alike");
}

/// At any position, also with a character missing or added.
pub async fn a_token_with_one_changed_character_is_none(tokens: &Arc<dyn TokenIssuer>) {
    let (access, refresh) =
        (tokens.issue_access_token(&claims(1)), tokens.issue_refresh_token(&session(), 1));
    for changed in changes(&access) {
        assert_eq!(tokens.verify_access_token(&changed, now()), None, "{changed}");
    }
    for changed in changes(&refresh) {
        assert_eq!(tokens.verify_refresh_token(&changed), None, "{changed}");
    }
}

/// An access token is not accepted as a refresh token, nor the reverse.
pub async fn one_kind_of_token_is_not_the_other(tokens: &Arc<dyn TokenIssuer>) {
    assert_eq!(tokens.verify_refresh_token(&tokens.issue_access_token(&claims(1))), None);
    assert_eq!(tokens.verify_access_token(&tokens.issue_refresh_token(&session(), 1), now()), None);
}

/// Texts of any form and length are refused.
pub async fn any_other_text_is_no_token(tokens: &Arc<dyn TokenIssuer>) {
    for text in ["", ".", "..", "...", "a.b.c", "a.b.1.c", "\0", "密码.密码.1.密码", &"a.".repeat(1 << 20)]
    {
        assert_eq!(tokens.verify_access_token(text, now()), None);
        assert_eq!(tokens.verify_refresh_token(text), None);
    }
}

/// All texts that differ from `token` by one character: replaced, removed, or added at either end.
fn changes(token: &str) -> Vec<String> {
    let other = |it: char| if it == 'A' { 'B' } else { 'A' };
    let with = |at: usize, new: Option<char>| {
        token
            .chars()
            .enumerate()
            .filter_map(|(i, old)| if i == at { new } else { Some(old) })
            .collect::<String>()
    };
    let changed = token.chars().enumerate().map(|(at, old)| with(at, Some(other(old))));
    let shorter = (0..token.len()).map(|at| with(at, None));
    changed.chain(shorter).chain([format!("A{token}"), format!("{token}A"), format!("{token}.")]).collect()
}

/// Whatever is changed of a token, it is none; and no text of any kind stops the service.
pub async fn fuzz_no_changed_token_is_one(tokens: &Arc<dyn TokenIssuer>) {
    let access = tokens.issue_access_token(&claims(3));
    let refresh = tokens.issue_refresh_token(&session(), 3);
    crate::fuzz::fuzz("tokens", &[&access, &refresh], |input| {
        let text = String::from_utf8_lossy(input);
        let is_access = tokens.verify_access_token(&text, now()).is_some();
        let is_refresh = tokens.verify_refresh_token(&text).is_some();
        assert_eq!((is_access, is_refresh), (text == access, text == refresh), "{text}");
        text.split('.').count().try_into().unwrap_or(u64::MAX)
    });
}
