use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

use super::*;

const SECRET: &str = "secret-secret-secret-secret-secret";
const OTHER: &str = "other-other-other-other-other-other";
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256","kid":"k1"}"#;
const PAYLOAD: &str =
    r#"{"iss":"idem","aud":"idem-api","sub":"u","sid":"s","jti":"s.3","iat":1000,"exp":1900}"#;
const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn tokens(keys: &str) -> JwtTokens {
    JwtTokens::new(&SigningKeys::parse(keys).unwrap())
}

fn ours() -> JwtTokens {
    tokens(&format!("k1:{SECRET}"))
}

fn claims() -> AccessClaims {
    AccessClaims {
        user: UserId::new("u".into()),
        session: SessionId::new("s".into()),
        generation: 3,
        issued_at: NOW,
        expires_at: NOW.saturating_add(Duration::from_secs(900)),
    }
}

fn part(json: &str) -> String {
    BASE64URL_NOPAD.encode(json.as_bytes())
}

/// A token as anybody could write it who has the secret.
fn signed(header: &str, payload: &str, secret: &str) -> String {
    let message = format!("{}.{}", part(header), part(payload));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&message);
    format!("{message}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

fn read(token: &str) -> Option<AccessClaims> {
    ours().verify_access_token(token, NOW)
}

#[test]
fn a_token_is_a_jwt_signed_with_hs256_that_names_its_key() {
    assert_eq!(ours().issue_access_token(&claims()), signed(HEADER, PAYLOAD, SECRET));
    assert_eq!(read(&signed(HEADER, PAYLOAD, SECRET)), Some(claims()));
}

#[test]
fn the_order_of_members_does_not_matter_and_new_claims_are_ignored() {
    let header = r#"{"alg":"HS256","kid":"k1","typ":"JWT"}"#;
    let payload = PAYLOAD.replace(r#""iat""#, r#""scope":["x"],"iat""#);
    assert_eq!(read(&signed(header, &payload, SECRET)), Some(claims()));
}

#[test]
fn no_other_algorithm_is_accepted() {
    for alg in ["none", "None", "NONE", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", ""] {
        let header = HEADER.replace("HS256", alg);
        assert_eq!(read(&signed(&header, PAYLOAD, SECRET)), None, "{alg}");
        assert_eq!(read(&format!("{}.{}.", part(&header), part(PAYLOAD))), None, "{alg} unsigned");
    }
    let message = format!("{}.{}", part(&HEADER.replace("HS256", "HS512")), part(PAYLOAD));
    let mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&message);
    assert_eq!(read(&format!("{message}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))), None);
}

#[test]
fn only_a_header_as_it_is_written_is_accepted() {
    for header in [
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":"k2"}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":""}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":["k1"]}"#,
        r#"{"typ":"logout+jwt","alg":"HS256","kid":"k1"}"#,
        r#"{"alg":"HS256","kid":"k1"}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":"k1","crit":["exp"]}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":"k1","jku":"https://example.org/keys"}"#,
        r#"{"typ":"JWT","alg":"HS256","kid":"k1","b64":false}"#,
        "[]",
        "",
    ] {
        assert_eq!(read(&signed(header, PAYLOAD, SECRET)), None, "{header}");
    }
}

#[test]
fn only_claims_for_this_service_are_accepted() {
    for (from, to) in [
        (r#""iss":"idem""#, r#""iss":"other""#),
        (r#""iss":"idem""#, r#""iss":["idem"]"#),
        (r#""iss":"idem","#, ""),
        (r#""aud":"idem-api""#, r#""aud":"idem""#),
        (r#""aud":"idem-api""#, r#""aud":["idem-api","other"]"#),
        (r#""aud":"idem-api","#, ""),
        (r#""sub":"u""#, r#""sub":"""#),
        (r#""sub":"u","#, ""),
        (r#""sid":"s""#, r#""sid":"t""#),
        (r#""sid":"s","#, ""),
        (r#""jti":"s.3""#, r#""jti":"s""#),
        (r#""jti":"s.3""#, r#""jti":"s.""#),
        (r#""jti":"s.3""#, r#""jti":"s.3.3""#),
        (r#""jti":"s.3","#, ""),
        (r#""iat":1000,"#, ""),
        (r#","exp":1900"#, ""),
        (r#""exp":1900"#, r#""exp":"1900""#),
        (r#""exp":1900"#, r#""exp":9223372036854775807"#),
        (r#""exp":1900"#, r#""exp":1e300"#),
        (r#""exp":1900"#, r#""exp":1900,"exp":9900"#),
    ] {
        let payload = PAYLOAD.replace(from, to);
        assert_ne!(payload, PAYLOAD, "{from}");
        assert_eq!(read(&signed(HEADER, &payload, SECRET)), None, "{payload}");
    }
    assert_eq!(read(&signed(HEADER, "not json", SECRET)), None);
}

#[test]
fn a_token_signed_with_another_secret_is_none() {
    assert_eq!(read(&signed(HEADER, PAYLOAD, OTHER)), None);
    let other = tokens(&format!("k1:{OTHER}"));
    assert_eq!(ours().verify_refresh_token(&other.issue_refresh_token(&claims().session, 1)), None);
}

#[test]
fn a_tampered_payload_is_none() {
    let token = ours().issue_access_token(&claims());
    let other = part(&PAYLOAD.replace(r#""sub":"u""#, r#""sub":"v""#));
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(read(&format!("{}.{other}.{}", parts[0], parts[2])), None);
    assert_eq!(read(&format!("{}.{}.", parts[0], parts[1])), None, "nor an unsigned one");
}

#[test]
fn an_overlong_token_is_not_even_looked_at() {
    let padded = |spaces: usize| signed(HEADER, &format!("{PAYLOAD}{}", " ".repeat(spaces)), SECRET);
    assert!(padded(1_300).len() <= TOKEN_BYTES_MAX && read(&padded(1_300)).is_some());
    assert!(padded(1_600).len() > TOKEN_BYTES_MAX && read(&padded(1_600)).is_none());
}

#[test]
fn tokens_with_the_longest_ids_are_read() {
    let longest = AccessClaims {
        user: UserId::new("u".repeat(domain::id::ID_BYTES_MAX)),
        session: SessionId::new("s".repeat(domain::id::ID_BYTES_MAX)),
        generation: i64::MAX,
        ..claims()
    };
    let keys = format!("{}:{SECRET}", "k".repeat(32));
    assert_eq!(
        tokens(&keys).verify_access_token(&tokens(&keys).issue_access_token(&longest), NOW),
        Some(longest.clone())
    );
    let refresh = tokens(&keys).issue_refresh_token(&longest.session, i64::MAX);
    assert_eq!(tokens(&keys).verify_refresh_token(&refresh), Some((longest.session, i64::MAX)));
}

#[test]
fn a_replaced_key_still_reads_old_tokens_and_a_removed_one_does_not() {
    for old in [SECRET.to_owned(), format!("k1:{SECRET}")] {
        let (access, refresh) = (
            tokens(&old).issue_access_token(&claims()),
            tokens(&old).issue_refresh_token(&claims().session, 3),
        );
        let replaced = tokens(&format!("k2:{OTHER},k1:{SECRET}"));
        assert_eq!(replaced.verify_access_token(&access, NOW), Some(claims()));
        assert_eq!(replaced.verify_refresh_token(&refresh), Some((claims().session, 3)));
        assert!(replaced.issue_refresh_token(&claims().session, 3).starts_with("k2."), "the first key signs");

        let removed = tokens(&format!("k2:{OTHER}"));
        assert_eq!(removed.verify_access_token(&access, NOW), None);
        assert_eq!(removed.verify_refresh_token(&refresh), None);
    }
}

/// One secret, then its successor made known, then the successor first: each round reads what the one before and after
/// it signs, so that instances may be restarted one after the other.
#[test]
fn instances_of_two_rounds_of_a_rotation_read_each_others_tokens() {
    let rounds =
        [SECRET.to_owned(), format!("old:{SECRET},new:{OTHER}"), format!("new:{OTHER},old:{SECRET}")];
    let rounds = rounds.map(|it| tokens(&it));
    for [one, next] in [[&rounds[0], &rounds[1]], [&rounds[1], &rounds[2]]] {
        for (signs, reads) in [(one, next), (next, one)] {
            assert_eq!(reads.verify_access_token(&signs.issue_access_token(&claims()), NOW), Some(claims()));
            let refresh = signs.issue_refresh_token(&claims().session, 3);
            assert_eq!(reads.verify_refresh_token(&refresh), Some((claims().session, 3)));
        }
    }
}

#[test]
fn a_refresh_token_signed_for_another_purpose_is_none() {
    let said = "s.3";
    let signed = format!("k1.{said}");
    let raw = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&signed);
    let raw = BASE64URL_NOPAD.encode(&raw.finalize().into_bytes());
    assert_eq!(
        ours().verify_refresh_token(&format!("k1.{said}.{raw}")),
        None,
        "the secret itself signs no refresh token"
    );
    let sealer = crate::HmacSealer::new(&SigningKeys::parse(&format!("k1:{SECRET}")).unwrap());
    for purpose in ["", "refresh", "idem refresh v1"] {
        let sealed = ports::Sealer::seal_text(&sealer, purpose, said);
        let signature = sealed.rsplit('.').next().unwrap();
        assert_eq!(ours().verify_refresh_token(&format!("k1.{said}.{signature}")), None, "{purpose}");
    }
}
