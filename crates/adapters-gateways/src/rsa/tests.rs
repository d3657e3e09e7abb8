use super::*;

// Keys of no account, made for these tests with `openssl`.
const ELLIPTIC_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGFKY9gwP+teza/sBoI57QjC5WJNp
LRBltek6uY/TVBonIc+cCAXZrKczKnik2CHefcYPwf10C464WB+aHZ/4MA==
-----END PUBLIC KEY-----
";
const ELLIPTIC_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUMKG+77B7tH8DTtKUxyUtQhJ+goQwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjYwODAxMzlaGA8yMTI2MTEwMjA4MDEz
OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBhS
mPYMD/rXs2v7AaCOe0IwuViTaS0QZbXpOrmP01QaJyHPnAgF2aynMyp4pNgh3n3G
D8H9dAuOuFgfmh2f+DCjUzBRMB0GA1UdDgQWBBQAObYecF5BhnQppYazFPjFeoDu
5zAfBgNVHSMEGDAWgBQAObYecF5BhnQppYazFPjFeoDu5zAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCIHU9e6t1Yg98gUNr30xh5Wq3ksFz65Y5ix12
Yp5AR41HAiBfR4uZj+4ZNtB1f1zd7XcA3x/V7YTasap8DEB9ybbOug==
-----END CERTIFICATE-----
";
const EDWARDS_KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAUlFUhddUS4uE3/DjiWnT6y+wIyRjwegsY3jGxGvNcss=
-----END PUBLIC KEY-----
";

/// An element of DER whose content has 256 bytes or more, so that its length has two.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

/// The base64 of an RSA public key whose modulus has this many bytes.
fn key_of(modulus_bytes: usize) -> String {
    let modulus = [&[0][..], &vec![0xff; modulus_bytes]].concat();
    let numbers = [element(DER_INTEGER, &modulus), vec![DER_INTEGER, 3, 1, 0, 1]].concat();
    let bits = [&[0][..], &element(DER_SEQUENCE, &numbers)].concat();
    let algorithm = [&[DER_SEQUENCE, 13][..], alg_id::RSA_ENCRYPTION.as_ref()].concat();
    let key = element(DER_SEQUENCE, &[algorithm, element(DER_BIT_STRING, &bits)].concat());
    data_encoding::BASE64.encode(&key)
}

fn fault_of(text: &str) -> Option<InvalidRsaKey> {
    RsaVerifier::parse(text).err()
}

#[test]
fn a_public_key_or_certificate_of_another_algorithm_is_refused_when_it_is_parsed() {
    for text in [ELLIPTIC_KEY, ELLIPTIC_CERTIFICATE, EDWARDS_KEY] {
        assert_eq!(fault_of(text), Some(InvalidRsaKey::Public), "{text}");
    }
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/wechat/vectors.json")).unwrap();
    for name in ["public_key", "certificate"] {
        assert_eq!(fault_of(vectors[name].as_str().unwrap()), None, "{name}");
    }
}

#[test]
fn a_public_key_has_2048_to_8192_bits() {
    for (bytes, is_good) in [(255, false), (256, true), (512, true), (1_024, true), (1_025, false)] {
        assert_eq!(fault_of(&key_of(bytes)).is_none(), is_good, "{bytes} bytes");
    }
}

#[test]
fn der_is_read_within_its_text() {
    assert_eq!(read_der(&[2, 1, 7, 9], 2), Some((&[7][..], &[9][..])));
    assert_eq!(read_der(&[2, 0x81, 1, 7], 2), Some((&[7][..], &[][..])));
    let endless = [[2, 0x88].as_slice(), &[0xff; 8]].concat();
    let too_long = [[2, 0x89, 1].as_slice(), &[0; 8]].concat();
    for bad in [&[][..], &[2], &[2, 1], &[3, 1, 7], &[2, 0x81], &[2, 0x82, 0], &endless, &too_long] {
        assert_eq!(read_der(bad, 2), None, "{bad:?}");
    }
}
