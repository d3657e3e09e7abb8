use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

/// What the framer says of bytes that come in these pieces: after how many of them each head ended, how many may be
/// passed on, and what the next one belongs to.
fn framed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<usize>, usize, String) {
    let mut framer = Framer::new();
    let (mut ends, mut passed) = (Vec::new(), 0);
    for piece in pieces {
        // Byte by byte within a piece would be other pieces, so ends are found by feeding a copy.
        let mut at = 0;
        while at < piece.len() {
            let taken = framer.feed_bytes(&piece[at..]);
            passed += taken;
            at += taken;
            if taken == 0 {
                break;
            }
        }
        ends.push(usize::try_from(framer.head_count()).unwrap());
    }
    (ends, passed, format!("{:?}", framer.current_state()))
}

fn whole(bytes: &[u8]) -> (usize, usize, String) {
    let (heads, passed, within) = framed([bytes]);
    (heads[0], passed, within)
}

/// The bytes cut at these places.
fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places.iter().map(|it| it.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|it| &bytes[it[0]..it[1]]).collect()
}

/// A request as it may come, with the length of its head and of its body.
fn request() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let end = prop_oneof![Just("\r\n"), Just("\n")];
    let lead = prop_oneof![4 => Just(""), 1 => Just("\r\n"), 1 => Just("\n\r\n")];
    let body = vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'0'), any::<u8>()], 0..200);
    let other = vec(("[a-z]{1,12}", "[ -~]{0,30}"), 0..6);
    (lead, end, body, any::<bool>(), vec(1..40_usize, 1..5), other).prop_map(
        |(lead, end, body, chunked, sizes, other)| {
            let mut head = format!("{lead}POST /v1/x HTTP/1.1{end}host: idem{end}");
            for (name, value) in other {
                head.push_str(&format!("x-{name}: {value}{end}"));
            }
            let mut sent = Vec::new();
            if chunked {
                head.push_str(&format!("Transfer-Encoding: Chunked {end}"));
                let mut rest = body.as_slice();
                for size in sizes.iter().cycle() {
                    let (now, later) = rest.split_at(rest.len().min(*size));
                    if now.is_empty() {
                        break;
                    }
                    sent.extend(format!("{:X} ; name=\"value\"\r\n", now.len()).bytes());
                    sent.extend(now);
                    sent.extend(b"\r\n");
                    rest = later;
                }
                sent.extend(b"0\r\nx-trailer: 1\r\n\r\n");
            } else if !body.is_empty() {
                head.push_str(&format!("CONTENT-LENGTH:  {}{end}", body.len()));
                sent = body;
            }
            head.push_str(end);
            (head.into_bytes(), sent)
        },
    )
}

proptest! {
    #[test]
    fn requests_are_framed_exactly_however_they_are_split(
        requests in vec(request(), 1..5),
        places in vec(any::<Index>(), 0..12),
    ) {
        let mut framer = Framer::new();
        for (number, (head, body)) in requests.iter().enumerate() {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
            let parsed = httparse::Request::new(&mut headers).parse(head).unwrap();
            prop_assert_eq!(parsed, httparse::Status::Complete(head.len()));
            for byte in head {
                prop_assert_eq!(framer.head_count(), u64::try_from(number).unwrap());
                prop_assert!(matches!(framer.current_state(), FramerState::Head));
                framer.feed_bytes(&[*byte]);
            }
            for byte in body {
                prop_assert!(matches!(framer.current_state(), FramerState::Body(_) | FramerState::Chunked(_)), "{:?}", framer.current_state());
                framer.feed_bytes(&[*byte]);
            }
        }
        prop_assert!(matches!(framer.current_state(), FramerState::Head) && !framer.is_inside_head());
        let all: Vec<u8> = requests.into_iter().flat_map(|(head, body)| head.into_iter().chain(body)).collect();
        let (heads, passed, within) = framed(cut(&all, &places));
        prop_assert_eq!(passed, all.len());
        prop_assert_eq!((*heads.last().unwrap(), passed, within), whole(&all));
        prop_assert_eq!(u64::try_from(*heads.last().unwrap()).unwrap(), framer.head_count());
    }

    #[test]
    fn any_bytes_are_framed_alike_however_they_are_split(
        bytes in vec(prop_oneof![
            3 => "(GET|POST|CONNECT) /[a-z]{0,9} HTTP/1.[01]\r?\n",
            3 => "(host|upgrade|content-length|transfer-encoding): (websocket|chunked|[0-9]{1,2}|\\+1)\r?\n",
            3 => "\r?\n",
            2 => "[0-9a-f]{1,2}[ ;]?\r\n",
            1 => "[\\x00-\\x7f]{0,40}",
        ], 0..24),
        places in vec(any::<Index>(), 0..12),
    ) {
        let bytes = bytes.concat().into_bytes();
        let (heads, passed, within) = framed(cut(&bytes, &places));
        prop_assert_eq!((heads.last().copied().unwrap_or_default(), passed, within), whole(&bytes));
    }

    #[test]
    fn the_first_head_ends_where_the_parser_of_the_library_says(
        lines in vec(prop_oneof![
            2 => "GET / HTTP/1.1\r?\n",
            4 => "[a-z-]{1,9}: ?[ -~]{0,9}\r?\n",
            2 => "\r?\n",
            1 => "[\\x00-\\x7f]{0,9}",
        ], 0..9),
    ) {
        let bytes = lines.concat().into_bytes();
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let parsed = httparse::Request::new(&mut headers).parse(&bytes);
        let mut framer = Framer::new();
        let end = bytes.iter().position(|byte| {
            framer.feed_bytes(&[*byte]);
            framer.head_count() == 1
        });
        match parsed {
            Ok(httparse::Status::Complete(length)) => prop_assert_eq!(end, Some(length - 1)),
            Ok(httparse::Status::Partial) => prop_assert_eq!(end, None),
            Err(_) => prop_assert!(end.is_none() || matches!(framer.current_state(), FramerState::Invalid)),
        }
    }
}

#[test]
fn a_head_is_bounded_and_what_comes_after_the_bound_is_not_passed_on() {
    for piece in [1, 7, 4096, HEAD_BYTES_MAX * 3] {
        let mut framer = Framer::new();
        let bytes = [b"GET / HTTP/1.1\r\nhost: idem\r\n".as_slice(), &vec![b'x'; 70_000]].concat();
        let passed: usize = bytes.chunks(piece).map(|it| framer.feed_bytes(it)).sum();
        assert_eq!(passed, HEAD_BYTES_MAX, "{piece}");
        assert!(matches!(framer.current_state(), FramerState::TooLong));
    }
    let fits = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(HEAD_BYTES_MAX - 23));
    assert_eq!(fits.len(), HEAD_BYTES_MAX);
    assert!(matches!(whole(fits.as_bytes()), (1, HEAD_BYTES_MAX, within) if within == "Head"));
}

#[test]
fn a_second_head_is_bounded_as_the_first_one() {
    let first = "POST / HTTP/1.1\r\ncontent-length: 50000\r\n\r\n";
    let bytes = [first.as_bytes(), &vec![b'x'; 50_000 + HEAD_BYTES_MAX + 1]].concat();
    assert_eq!(whole(&bytes), (1, first.len() + 50_000 + HEAD_BYTES_MAX, "TooLong".into()));
}

#[test]
fn what_follows_a_head_is_what_the_library_takes_for_its_body() {
    let within = |headers: &str| whole(format!("POST / HTTP/1.1\r\n{headers}\r\n").as_bytes()).2;
    assert_eq!(within(""), "Head");
    assert_eq!(within("content-length: 0\r\n"), "Head");
    assert_eq!(within("content-length: 5\r\n"), "Body(5)");
    assert_eq!(within("content-length: x\r\n"), "Invalid");
    assert_eq!(within("upgrade: WebSocket\r\n"), "Tunnel");
    assert!(within("upgrade: websocket\r\ntransfer-encoding: chunked\r\n").starts_with("Chunked"));
    assert_eq!(whole(b"CONNECT a:1 HTTP/1.1\r\n\r\n").2, "Tunnel");
    assert_eq!(whole(b"GET / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n").2, "Head");
    let many = "x: y\r\n".repeat(HEADERS_MAX + 1);
    assert_eq!(within(&many), "Invalid");
}

#[test]
fn white_space_of_another_script_makes_no_tunnel() {
    for space in ["\u{a0}", "\u{2003}", "\u{85}"] {
        let head = format!("GET /healthz HTTP/1.1\r\nupgrade: {space}websocket\r\n\r\n");
        let (heads, passed, within) = whole(format!("{head}{head}").as_bytes());
        assert_eq!((heads, passed), (2, 2 * head.len()), "{within}");
    }
}
