//! Fuzzing: inputs that are made from a corpus by random changes, for everything that parses hostile bytes.
//!
//! A target gets a fixed number of inputs from a fixed seed, so that the tests are the same every time. `FUZZ_TIMES`
//! multiplies the number, and `FUZZ_SEED` chooses other inputs; `cargo xtask fuzz` sets both. An input that fails is made
//! as short as possible and printed; it belongs in the corpus of its target.
//!
//! ```
//! use port_contracts::fuzz::fuzz;
//!
//! fuzz("whole numbers", &["1", "-17"], |input| {
//!     let number = std::str::from_utf8(input).ok().and_then(|it| it.parse::<i64>().ok());
//!     if let Some(number) = number {
//!         assert_eq!(number.to_string().parse(), Ok(number));
//!     }
//!     number.is_some().into()
//! });
//! ```

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use fastrand::Rng;

use crate::work::{cpu_time, thread_time};

/// Inputs of a target in the tests.
const INPUTS: u32 = 1_500;
/// The longest input, in bytes.
pub const INPUT_BYTES_MAX: usize = 8 * 1024;
/// Most changes that one input is made with.
const CHANGES_MAX: usize = 6;
/// Most inputs that are kept to be changed further.
const POOL_MAX: usize = 512;
/// The most CPU time that an input of no length may take in a build without optimisation, and each byte more.
const WORK_MAX: Duration = Duration::from_millis(50);
const WORK_PER_BYTE_MAX: Duration = Duration::from_micros(50);
/// Fragments that parsers treat in a way of their own.
const DICTIONARY: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"true",
    b"-0",
    b"1e308",
    b"1e-7",
    b"0.1",
    b"99999999999999999999",
    b"-9223372036854775808",
    b"4242424242424242",
    b"4242 4242 4242 4242",
    b"\\u0000",
    b"\\ud800",
    b"\xf0\x9f\x94\x91",
    b"\xd9\xa4\xd9\xa2",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\0",
    b"\r\n",
    b"%00",
    b"%",
    b"&",
    b"=",
    b";",
    b".",
    b"..",
    b"-",
    b"_",
    b"/",
    b"//",
    b"@",
    b"?",
    b"#",
    b"*",
    b"W/",
    b"v1,",
    b"t=",
    b"q=0",
    b"gzip",
    b"00-",
    b"http://",
    b"[::1]",
    b"169.254.169.254",
    b"Infinity",
    b"NaN",
];

/// Makes a number of inputs from a corpus.
#[derive(Debug)]
pub struct Mutations {
    rng: Rng,
    pool: Vec<Vec<u8>>,
    /// Entries of the corpus that have not been given out as they are.
    unused: usize,
    seen: BTreeSet<u64>,
    left: u32,
}

impl Mutations {
    /// Inputs for a target with this name: `inputs` of them in the tests.
    ///
    /// # Panics
    /// If the corpus is empty.
    #[must_use]
    pub fn new(name: &str, corpus: &[impl AsRef<[u8]>], inputs: u32) -> Self {
        assert!(!corpus.is_empty(), "{name} has a corpus");
        let setting = |name: &str| std::env::var(name).ok().and_then(|it| it.parse::<u32>().ok());
        Self {
            rng: Rng::with_seed(outcome_of((name, setting("FUZZ_SEED").unwrap_or(0)))),
            pool: corpus.iter().map(|it| it.as_ref().to_vec()).collect(),
            unused: corpus.len(),
            seen: BTreeSet::new(),
            left: inputs.saturating_mul(setting("FUZZ_TIMES").unwrap_or(1)),
        }
    }

    /// Keeps an input for further changes, if the target has done with it what it has not done with any other: what it
    /// does is named by a number of its own.
    pub fn keep_if_new(&mut self, input: &[u8], outcome: u64) {
        if self.seen.insert(outcome) && self.pool.len() < POOL_MAX {
            self.pool.push(input.to_vec());
        }
    }

    fn pick_input(&mut self) -> Vec<u8> {
        let index = self.rng.usize(0..self.pool.len().max(1));
        self.pool.get(index).cloned().unwrap_or_default()
    }

    /// A place in an input, also behind its end.
    fn pick_place(&mut self, input: &[u8]) -> usize {
        self.rng.usize(0..=input.len())
    }

    fn change_input(&mut self, input: &mut Vec<u8>) {
        let (one, other) = (self.pick_place(input), self.pick_place(input));
        let (start, end) = (one.min(other), one.max(other));
        match self.rng.u8(0..8) {
            0 => {
                let bit = 1 << self.rng.u8(0..8);
                input.get_mut(one).into_iter().for_each(|it| *it ^= bit);
            }
            1 => input.insert(one, self.rng.u8(..)),
            2 => drop(input.drain(start..end)),
            3 => input.truncate(one),
            4 => {
                let repeated = input.get(start..end).unwrap_or_default().repeat(self.rng.usize(1..9));
                input.splice(end..end, repeated);
            }
            5 => {
                let rest = self.pick_input();
                let from = self.pick_place(&rest);
                input.splice(start.., rest.get(from..).unwrap_or_default().iter().copied());
            }
            6 | 7 => {
                let word = self.rng.choice(DICTIONARY).copied().unwrap_or_default();
                let end = if self.rng.bool() { start } else { end };
                input.splice(start..end, word.iter().copied());
            }
            _ => {}
        }
        input.truncate(INPUT_BYTES_MAX);
    }
}

impl Iterator for Mutations {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.left = self.left.checked_sub(1)?;
        // First of all the corpus as it is: inputs that failed before are in it.
        if let Some(next) = self.unused.checked_sub(1) {
            self.unused = next;
            return self.pool.get(next).cloned();
        }
        let mut input = self.pick_input();
        for _ in 0..self.rng.usize(1..=CHANGES_MAX) {
            self.change_input(&mut input);
        }
        Some(input)
    }
}

/// Runs a target on many inputs. It panics when something is wrong, and returns a number that names what it has done
/// otherwise. Its work is bounded, too: a time of the CPU for each byte.
///
/// # Panics
/// If the target panics or works too long, with the shortest input for which it does.
pub fn fuzz(name: &str, corpus: &[impl AsRef<[u8]>], target: impl Fn(&[u8]) -> u64) {
    let mut mutations = Mutations::new(name, corpus, INPUTS);
    while let Some(input) = mutations.next() {
        let start = thread_time();
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| target(&input))) else {
            let shortest = shorten_input(&input, |it| catch_unwind(AssertUnwindSafe(|| target(it))).is_err());
            panic!("{name}: it fails on {}", shortest.escape_ascii());
        };
        let bytes = u32::try_from(input.len()).unwrap_or(u32::MAX);
        let bound = WORK_MAX.saturating_add(WORK_PER_BYTE_MAX.saturating_mul(bytes));
        // Measured again, several times: other load may have added to it.
        if thread_time().saturating_sub(start) > bound {
            let work = cpu_time(|| target(&input));
            assert!(work <= bound, "{name}: {work:?} for {bytes} bytes: {}", input.escape_ascii());
        }
        mutations.keep_if_new(&input, outcome);
    }
}

/// Leaves out whatever is not needed for the failure.
fn shorten_input(input: &[u8], fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut shortest = input.to_vec();
    let mut size = shortest.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < shortest.len() {
            let mut without = shortest.clone();
            without.drain(start..start.saturating_add(size).min(without.len()));
            if fails(&without) {
                shortest = without;
            } else {
                start = start.saturating_add(size);
            }
        }
        size /= 2;
    }
    shortest
}

/// A number that names what a target has done, made from whatever tells two outcomes apart.
pub fn outcome_of(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_inputs(name: &str) -> Vec<Vec<u8>> {
        Mutations::new(name, &["{\"amount\": \"1.00\"}", "[1, 2, 3]"], 300).collect()
    }

    #[test]
    fn the_same_target_gets_the_same_inputs_the_corpus_first() {
        let inputs = all_inputs("one");
        assert_eq!(inputs.first().map(Vec::as_slice), Some(b"[1, 2, 3]".as_slice()));
        assert_eq!(inputs.get(1).map(Vec::as_slice), Some(b"{\"amount\": \"1.00\"}".as_slice()));
        assert_eq!(inputs, all_inputs("one"));
        assert_ne!(inputs, all_inputs("other"));
        assert!(inputs.iter().collect::<BTreeSet<_>>().len() > 200, "they differ");
    }

    #[test]
    fn an_input_that_fails_is_found_and_made_short() {
        let fails = catch_unwind(|| {
            fuzz("fails", &["{\"a\": 1}"], |input| {
                assert!(!input.windows(4).any(|it| it == b"null"), "there it is");
                outcome_of(input.len())
            });
        });
        let message = fails.unwrap_err().downcast::<String>().unwrap();
        assert!(message.ends_with("it fails on null"), "{message}");
    }

    #[test]
    fn work_that_grows_faster_than_the_input_is_found() {
        let slow = catch_unwind(|| {
            fuzz("slow", &["x".repeat(2_000)], |input| {
                let (start, bytes) = (thread_time(), u32::try_from(input.len()).unwrap());
                while thread_time().saturating_sub(start) < WORK_PER_BYTE_MAX * bytes * bytes / 1_000 {}
                1
            });
        });
        assert!(slow.unwrap_err().downcast::<String>().unwrap().starts_with("slow: "));
    }
}
