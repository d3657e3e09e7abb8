//! Where frames begin and end in the bytes of an HTTP/2 connection (RFC 9113, 4.1).

/// What a client sends first (RFC 9113, 3.4), in bytes; the HTTP library checks what it says.
const PREFACE_BYTES: usize = 24;
/// Length, type, flags and stream of a frame, in bytes.
const HEADER_BYTES: usize = 9;
/// The type of a frame with the beginning of a head, and of one with more of it.
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
/// The type of a frame with a piece of a body.
const DATA: u8 = 0;
/// The flag of the last frame of a body, and of a head.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// The flag of a piece of a body with padding.
const PADDED: u8 = 8;
/// Most empty pieces of bodies between two heads.
const EMPTY_MAX: usize = 100;

/// Follows the frames of one connection.
#[derive(Debug)]
pub(super) struct Frames {
    /// Bytes of the preface or of a payload that are still to come.
    skip: usize,
    header: [u8; HEADER_BYTES],
    filled: usize,
    /// Empty pieces of bodies since the last head.
    empty: usize,
}

/// Frames of which the HTTP library would hold much more than they are on the wire. A head that takes more than one frame,
/// which is 16 KiB: it unpacks them as they come, and a few kilobytes can grow to 16 MiB that it holds until the last one,
/// which need never come. Many empty pieces of bodies: no window limits them, and each takes a place until it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RefusedFrames;

impl Frames {
    pub(super) const fn new() -> Self {
        Self { skip: PREFACE_BYTES, header: [0; HEADER_BYTES], filled: 0, empty: 0 }
    }

    /// Follows the next bytes of the connection.
    ///
    /// # Errors
    /// [`RefusedFrames`]; the connection has to end.
    pub(super) fn feed_bytes(&mut self, bytes: &[u8]) -> Result<(), RefusedFrames> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let skipped = self.skip.min(rest.len());
            self.skip -= skipped;
            rest = rest.get(skipped..).unwrap_or_default();
            for (place, byte) in self.header.iter_mut().skip(self.filled).zip(rest) {
                *place = *byte;
            }
            let taken = rest.len().min(HEADER_BYTES - self.filled);
            self.filled += taken;
            rest = rest.get(taken..).unwrap_or_default();
            if self.filled == HEADER_BYTES {
                self.filled = 0;
                let [high, middle, low, kind, flags, ..] = self.header;
                self.skip = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                // Padding counts as empty: no window limits it either.
                let is_hollow = self.skip == 0 || flags & PADDED != 0;
                let is_empty = kind == DATA && is_hollow && flags & END_STREAM == 0;
                self.empty = if kind == HEADERS { 0 } else { self.empty + usize::from(is_empty) };
                let is_split = kind == CONTINUATION || kind == HEADERS && flags & END_HEADERS == 0;
                if is_split || self.empty > EMPTY_MAX {
                    return Err(RefusedFrames);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    fn frame(kind: u8, flags: u8, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
        // Payloads look like the beginning of a split head.
        frame.extend([0, 0, 1, HEADERS, 0, 0, 0, 0, 1].iter().cycle().take(payload));
        frame
    }

    fn follow(bytes: &[u8], piece: usize) -> Result<(), RefusedFrames> {
        let mut frames = Frames::new();
        bytes.chunks(piece).try_for_each(|it| frames.feed_bytes(it))
    }

    #[test]
    fn a_body_in_many_empty_pieces_ends_its_connection() {
        let head = frame(HEADERS, END_HEADERS, 30);
        for hollow in [frame(DATA, 0, 0), frame(DATA, PADDED, 5)] {
            let most = [head.clone(), hollow.repeat(EMPTY_MAX)].concat();
            let two = [PREFACE.to_vec(), most.clone(), most].concat();
            assert_eq!(follow(&two, 4096), Ok(()));
            assert_eq!(follow(&[two, hollow].concat(), 4096), Err(RefusedFrames));
        }
        let last = [PREFACE.to_vec(), frame(DATA, END_STREAM, 0).repeat(EMPTY_MAX + 1)].concat();
        assert_eq!(follow(&last, 4096), Ok(()));
    }

    #[test]
    fn a_head_in_one_frame_is_let_through_however_its_bytes_are_split() {
        let whole = [
            PREFACE.to_vec(),
            frame(4, 0, 18),
            frame(HEADERS, END_HEADERS, 300),
            frame(0, 1, 70_000),
            frame(8, 0, 4),
            frame(HEADERS, END_HEADERS | 1, 0),
        ]
        .concat();
        for piece in [1, 2, 7, 9, 33, 4096, whole.len()] {
            assert_eq!(follow(&whole, piece), Ok(()), "{piece}");
            for split in [frame(HEADERS, 1, 5), frame(CONTINUATION, END_HEADERS, 5)] {
                let bytes = [whole.clone(), split].concat();
                assert_eq!(follow(&bytes, piece), Err(RefusedFrames), "{piece}");
            }
        }
    }
}
