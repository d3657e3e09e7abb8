//! Where a chunked body ends (RFC 9112, 7.1).

/// How far a chunked body has been followed. It accepts exactly what the HTTP library accepts, state by
/// state.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkedBody {
    state: ChunkState,
    /// Bytes that are left of the current chunk; while its size is read, the size so far.
    chunk_bytes_left: u64,
}

#[derive(Debug, Clone, Copy)]
enum ChunkState {
    SizeFirst,
    SizeRest,
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailer,
    TrailerLf,
    EndCr,
    EndLf,
}

/// The state of a body after the bytes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyStatus {
    /// More bytes of it must follow.
    Incomplete,
    /// Its last byte has been read; a head may follow.
    Complete,
    /// The bytes break the format; the HTTP library ends the connection.
    Malformed,
}

impl ChunkedBody {
    pub(super) const fn new() -> Self {
        Self { state: ChunkState::SizeFirst, chunk_bytes_left: 0 }
    }

    /// Follows the body through these bytes and returns how many of them belong to it, and its state.
    pub(super) fn feed_bytes(&mut self, bytes: &[u8]) -> (usize, BodyStatus) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            // Data is skipped in one step, so that the cost of following a body does not grow with its
            // chunks' size.
            if let ChunkState::Data = self.state {
                let left = usize::try_from(self.chunk_bytes_left).unwrap_or(usize::MAX);
                let taken = left.min(bytes.len() - at);
                self.chunk_bytes_left =
                    self.chunk_bytes_left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
                at += taken;
                if self.chunk_bytes_left == 0 {
                    self.state = ChunkState::DataCr;
                }
                continue;
            }
            at += 1;
            match self.next(*byte) {
                Ok(Some(step)) => self.state = step,
                Ok(None) => return (at, BodyStatus::Complete),
                Err(Malformed) => return (at, BodyStatus::Malformed),
            }
        }
        (at, BodyStatus::Incomplete)
    }

    /// The state after this byte, or `None` when the body is complete.
    fn next(&mut self, byte: u8) -> Result<Option<ChunkState>, Malformed> {
        let step = match (self.state, byte) {
            (ChunkState::SizeFirst, _) => {
                self.chunk_bytes_left = hex_digit(byte)?;
                ChunkState::SizeRest
            }
            (ChunkState::SizeRest | ChunkState::SizeSpace, b' ' | b'\t') => ChunkState::SizeSpace,
            (ChunkState::SizeRest | ChunkState::SizeSpace, b';') => ChunkState::Extension,
            (ChunkState::SizeRest | ChunkState::SizeSpace | ChunkState::Extension, b'\r') => {
                ChunkState::SizeLf
            }
            (ChunkState::SizeRest, _) => {
                // A size that overflows is an error, as in the library. Wrapping around would end the chunk
                // at a place of the client's choice.
                let digit = hex_digit(byte)?;
                self.chunk_bytes_left =
                    self.chunk_bytes_left.checked_mul(16).ok_or(Malformed)?.saturating_add(digit);
                ChunkState::SizeRest
            }
            (ChunkState::Extension, b'\t' | 0x20..=0x7e | 0x80..) => ChunkState::Extension,
            (ChunkState::SizeLf, b'\n') if self.chunk_bytes_left == 0 => ChunkState::EndCr,
            (ChunkState::SizeLf, b'\n') => ChunkState::Data,
            (ChunkState::DataCr, b'\r') => ChunkState::DataLf,
            (ChunkState::DataLf, b'\n') => ChunkState::SizeFirst,
            (ChunkState::Trailer, b'\r') => ChunkState::TrailerLf,
            (ChunkState::EndCr, b'\r') => ChunkState::EndLf,
            (ChunkState::Trailer | ChunkState::EndCr, _) => ChunkState::Trailer,
            (ChunkState::TrailerLf, b'\n') => ChunkState::EndCr,
            (ChunkState::EndLf, b'\n') => return Ok(None),
            // Written out, so that a new state does not become an error by accident.
            (
                ChunkState::SizeSpace
                | ChunkState::Extension
                | ChunkState::SizeLf
                | ChunkState::Data
                | ChunkState::DataCr
                | ChunkState::DataLf
                | ChunkState::TrailerLf
                | ChunkState::EndLf,
                _,
            ) => return Err(Malformed),
        };
        Ok(Some(step))
    }
}

struct Malformed;

fn hex_digit(byte: u8) -> Result<u64, Malformed> {
    char::from(byte).to_digit(16).map(u64::from).ok_or(Malformed)
}
