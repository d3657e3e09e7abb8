//! Codes that anybody can compute: the number of the step.

use std::time::Duration;

use domain::Timestamp;
use ports::OneTimeCodes;

/// The time for which a code is good.
pub(crate) const STEP: Duration = Duration::from_secs(30);

/// The code of a step is its number.
pub(crate) struct CountingCodes;

impl CountingCodes {
    pub(crate) fn step_at(now: Timestamp) -> i64 {
        now.as_millis() / 30_000
    }
}

impl OneTimeCodes for CountingCodes {
    fn generate_secret(&self) -> String {
        "SECRET".to_owned()
    }

    fn enrolment_url(&self, secret: &str, account: &str) -> String {
        format!("otpauth://{account}/{secret}")
    }

    fn find_step(&self, _: &str, code: &str, now: Timestamp) -> Option<i64> {
        let step = code.parse().ok()?;
        (Self::step_at(now) - 1..=Self::step_at(now) + 1).contains(&step).then_some(step)
    }
}
