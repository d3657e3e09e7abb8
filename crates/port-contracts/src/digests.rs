//! The promises of [`ports::Digests`].

use std::sync::Arc;

use ports::Digests;

/// Makes the tests of this suite for an adapter; the fixture gives an `Arc<dyn Digests>`.
#[macro_export]
macro_rules! digests {
    ($($fixture:ident)::+) => {
        $crate::stamp! { digests:
            a_digest_is_sha_256_in_lower_case_hex
            ; $($fixture)::+
        }
    };
}

/// The examples of FIPS 180-4, and the empty input.
pub async fn a_digest_is_sha_256_in_lower_case_hex(digests: &Arc<dyn Digests>) {
    let known = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
    ];
    for (content, digest) in known {
        assert_eq!(digests.sha256_hex(content.as_bytes()), digest);
    }
}
