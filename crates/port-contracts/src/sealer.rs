//! The promises of [`ports::Sealer`].

use std::sync::Arc;

use ports::Sealer;

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn Sealer>`.
#[macro_export]
macro_rules! sealer {
    ($($fixture:ident)::+) => {
        $crate::stamp! { sealer:
            what_was_sealed_opens_again
            what_is_sealed_needs_no_escaping_in_a_url
            what_was_sealed_for_one_purpose_does_not_open_for_another
            what_was_changed_does_not_open
            fuzz_nothing_that_was_changed_opens
            ; $($fixture)::+
        }
    };
}

const TEXTS: [&str; 4] = ["", "1700000000000.42", "密码\0\n", "a.b.c"];

/// Any text comes back as it was.
pub async fn what_was_sealed_opens_again(sealer: &Arc<dyn Sealer>) {
    for text in TEXTS.into_iter().chain([&*"x".repeat(1_000)]) {
        assert_eq!(
            sealer.open_sealed_text("orders", &sealer.seal_text("orders", text)).as_deref(),
            Some(text)
        );
    }
}

/// Only the unreserved characters of RFC 3986, 2.3 occur.
pub async fn what_is_sealed_needs_no_escaping_in_a_url(sealer: &Arc<dyn Sealer>) {
    for text in TEXTS {
        let sealed = sealer.seal_text("orders", text);
        assert!(sealed.chars().all(|it| it.is_ascii_alphanumeric() || "-._~".contains(it)), "{sealed}");
    }
}

/// The boundary between purpose and text is sealed too, so that no other split of the two opens.
pub async fn what_was_sealed_for_one_purpose_does_not_open_for_another(sealer: &Arc<dyn Sealer>) {
    let sealed = sealer.seal_text("orders", "1");
    for other in ["", "order", "orders1", "findings"] {
        assert_eq!(sealer.open_sealed_text(other, &sealed), None, "{other}");
    }
    assert_ne!(sealer.seal_text("a", "bc"), sealer.seal_text("ab", "c"));
}

/// A text that differs by one character, or that was never sealed, does not open.
pub async fn what_was_changed_does_not_open(sealer: &Arc<dyn Sealer>) {
    let sealed = sealer.seal_text("orders", "1700000000000.42");
    for at in 0..sealed.len() {
        let swap = |(i, it): (usize, char)| {
            if i != at {
                it
            } else if it == 'A' {
                'B'
            } else {
                'A'
            }
        };
        let changed: String = sealed.chars().enumerate().map(swap).collect();
        assert_eq!(sealer.open_sealed_text("orders", &changed), None, "{changed}");
        assert_eq!(sealer.open_sealed_text("orders", sealed.split_at(at).0), None);
    }
    for made_up in ["", ".", "..", "1700000000000.42", "密码.密码.密码", &format!("{sealed}A")] {
        assert_eq!(sealer.open_sealed_text("orders", made_up), None, "{made_up}");
    }
}

/// Whatever is changed of a sealed text, it does not open; and no text of any kind stops the service.
pub async fn fuzz_nothing_that_was_changed_opens(sealer: &Arc<dyn Sealer>) {
    let sealed = TEXTS.map(|it| sealer.seal_text("orders", it));
    crate::fuzz::fuzz("sealed texts", &sealed, |input| {
        let text = String::from_utf8_lossy(input);
        let opened = sealer.open_sealed_text("orders", &text);
        assert_eq!(opened.is_some(), sealed.iter().any(|it| *it == text), "{text}");
        opened.is_some().into()
    });
}
