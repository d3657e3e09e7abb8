//! Where a chunked body ends.

/// How far a chunked body has been followed. It takes what the HTTP library takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunks {
    step: Step,
    /// What is left of the present chunk.
    size: u64,
}

#[derive(Debug, Clone, Copy)]
enum Step {
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

/// What has become of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is more to come.
    Within,
    /// That was all of it.
    Ended,
    /// It is no chunked body.
    Malformed,
}

impl Chunks {
    pub(super) const fn new() -> Self {
        Self { step: Step::SizeFirst, size: 0 }
    }

    /// Follows the body through these bytes: how many of them belong to it, and what became of it.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> (usize, Progress) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if let Step::Data = self.step {
                let left = usize::try_from(self.size).unwrap_or(usize::MAX);
                let taken = left.min(bytes.len() - at);
                self.size = self.size.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
                at += taken;
                if self.size == 0 {
                    self.step = Step::DataCr;
                }
                continue;
            }
            at += 1;
            match self.next(*byte) {
                Ok(Some(step)) => self.step = step,
                Ok(None) => return (at, Progress::Ended),
                Err(Malformed) => return (at, Progress::Malformed),
            }
        }
        (at, Progress::Within)
    }

    /// The step after this byte, if there is one.
    fn next(&mut self, byte: u8) -> Result<Option<Step>, Malformed> {
        let step = match (self.step, byte) {
            (Step::SizeFirst, _) => {
                self.size = digit(byte)?;
                Step::SizeRest
            }
            (Step::SizeRest | Step::SizeSpace, b' ' | b'\t') => Step::SizeSpace,
            (Step::SizeRest | Step::SizeSpace, b';') => Step::Extension,
            (Step::SizeRest | Step::SizeSpace | Step::Extension, b'\r') => Step::SizeLf,
            (Step::SizeRest, _) => {
                let digit = digit(byte)?;
                self.size = self.size.checked_mul(16).ok_or(Malformed)?.saturating_add(digit);
                Step::SizeRest
            }
            (Step::Extension, b'\t' | 0x20..=0x7e | 0x80..) => Step::Extension,
            (Step::SizeLf, b'\n') if self.size == 0 => Step::EndCr,
            (Step::SizeLf, b'\n') => Step::Data,
            (Step::DataCr, b'\r') => Step::DataLf,
            (Step::DataLf, b'\n') => Step::SizeFirst,
            (Step::Trailer, b'\r') => Step::TrailerLf,
            (Step::EndCr, b'\r') => Step::EndLf,
            (Step::Trailer | Step::EndCr, _) => Step::Trailer,
            (Step::TrailerLf, b'\n') => Step::EndCr,
            (Step::EndLf, b'\n') => return Ok(None),
            (
                Step::SizeSpace
                | Step::Extension
                | Step::SizeLf
                | Step::Data
                | Step::DataCr
                | Step::DataLf
                | Step::TrailerLf
                | Step::EndLf,
                _,
            ) => return Err(Malformed),
        };
        Ok(Some(step))
    }
}

struct Malformed;

fn digit(byte: u8) -> Result<u64, Malformed> {
    char::from(byte).to_digit(16).map(u64::from).ok_or(Malformed)
}
