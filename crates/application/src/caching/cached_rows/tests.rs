use super::*;
use crate::testing::*;

#[tokio::test]
async fn garbage_is_as_good_as_nothing_and_holds_no_place() {
    let cache = Arc::<FakeCache>::default();
    let copies = CachedRows::new(cache.clone());
    for garbage in ["", "{", "null", "\"tea\"", "[1,2]", "\u{1f375}"] {
        cache.set_entry("name", i64::MAX, garbage);
        assert_eq!(copies.get::<u32>("name").await, None, "{garbage}");
        copies.put_row("name", 1, &7_u32, seconds(1)).await;
        assert_eq!(copies.get::<u32>("name").await, Some(7), "{garbage}");
    }
    cache.set_entry("name", 1, [0xff, 0x00]);
    assert_eq!(copies.get::<String>("name").await, None);
}

#[tokio::test]
async fn a_cache_that_is_away_is_as_good_as_an_empty_one() {
    let cache = Arc::<FakeCache>::default();
    let copies = CachedRows::new(cache.clone());
    copies.put_row("name", 1, &7_u32, seconds(1)).await;
    cache.set_unavailable(true);
    assert_eq!(copies.get::<u32>("name").await, None);
    copies.put_row("name", 2, &8_u32, seconds(1)).await;
    copies.remove_row("name").await;
}

#[test]
fn lives_are_spread_around_what_was_asked_for() {
    let ttl = seconds(100);
    let lives: Vec<_> = (0..1_000).map(|it| jitter_ttl(ttl, &format!("order:{it}"), 1)).collect();
    assert!(lives.iter().all(|it| (seconds(85)..=seconds(115)).contains(it)));
    for tenth in 0..10 {
        let from = seconds(85 + 3 * tenth);
        let ends = lives.iter().filter(|it| (from..from + seconds(3)).contains(it)).count();
        assert!((50..200).contains(&ends), "{ends} of a thousand end in one tenth of the time");
    }
    assert_eq!(jitter_ttl(ttl, "a", 1), jitter_ttl(ttl, "a", 1));
    assert_ne!(jitter_ttl(ttl, "a", 1), jitter_ttl(ttl, "a", 2));
    assert!(jitter_ttl(Duration::MAX, "a", 1) > ttl, "the longest life does no harm");
}

#[tokio::test]
async fn a_copy_with_a_member_more_or_less_is_none() {
    let cache = Arc::<FakeCache>::default();
    let copies = CachedRows::new(cache.clone());
    let session = session();
    let written = serde_json::to_value(&session).unwrap();
    let members: Vec<String> = written.as_object().unwrap().keys().cloned().collect();
    assert!(members.contains(&"revoked_at".to_owned()), "one that may be empty");
    for member in &members {
        let mut less = written.clone();
        less.as_object_mut().unwrap().remove(member);
        cache.set_entry("name", 1, less.to_string());
        assert_eq!(copies.get::<domain::Session>("name").await, None, "without {member}");
    }
    let mut more = written;
    more["unknown"] = serde_json::json!(1);
    cache.set_entry("name", 1, more.to_string());
    assert_eq!(copies.get::<domain::Session>("name").await, None);
    copies.put_row("name", 1, &session, seconds(1)).await;
    assert_eq!(copies.get::<domain::Session>("name").await, Some(session));
}
