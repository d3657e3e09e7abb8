//! Which traces are recorded.

use std::{fmt, str::FromStr, sync::Arc};

use crate::{
    context::TraceContext,
    current::Trace,
    ids::{SpanId, TraceId},
    recorder::SpanRecorder,
};

/// The number of digits behind the point of a ratio.
const DIGITS: usize = 6;
/// All traces, in millionths.
const ALL: u32 = 1_000_000;

/// The share of the traces that begin here and are recorded, from 0 to 1, in steps of a millionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRatio(u32);

/// The text is no ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidRatio;

impl SampleRatio {
    /// Whether a trace with this id is recorded. All systems that decide by the same bits decide alike.
    fn includes_trace(self, trace: TraceId) -> bool {
        (trace.random_bits() * u128::from(ALL)) >> 56 < u128::from(self.0)
    }
}

impl FromStr for SampleRatio {
    type Err = InvalidRatio;

    /// Parses `0`, `1`, `0.25`: a decimal with at most six digits behind its point.
    fn from_str(text: &str) -> Result<Self, InvalidRatio> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
        let is_decimal = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        if !is_decimal(rest) || rest.len() > DIGITS || !matches!(whole, "0" | "1") {
            return Err(InvalidRatio);
        }
        let part: u32 = format!("{rest:0<DIGITS$}").parse().map_err(|_| InvalidRatio)?;
        let millionths = if whole == "1" { ALL.saturating_add(part) } else { part };
        if millionths <= ALL { Ok(Self(millionths)) } else { Err(InvalidRatio) }
    }
}

impl fmt::Display for SampleRatio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:0DIGITS$}", self.0 / ALL, self.0 % ALL);
        out.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Begins and continues traces. The default one records none.
#[derive(Clone, Default)]
pub struct Tracer {
    recording: Option<(Arc<dyn SpanRecorder>, SampleRatio)>,
}

impl Tracer {
    /// A tracer whose spans go to `recorder`: those of traces that the caller records, and of this share of the others
    /// that begin here.
    #[must_use]
    pub fn new(recorder: Arc<dyn SpanRecorder>, ratio: SampleRatio) -> Self {
        Self { recording: Some((recorder, ratio)) }
    }

    /// Continues the trace of a caller, or begins one. The caller decides whether its trace is recorded.
    #[must_use]
    pub fn continue_or_start(&self, parent: Option<TraceContext>) -> Trace {
        match parent {
            Some(context) => {
                let recorder = self.recording.as_ref().filter(|_| context.is_sampled);
                Trace::from_remote(context, recorder.map(|(it, _)| Arc::clone(it)))
            }
            None => self.start(),
        }
    }

    /// Continues the trace of a caller that is not trusted: its id is kept, and nothing else that would cost something here
    /// or reach other systems. The share decides whether it is recorded, by chance and not by the id, which the caller has
    /// chosen.
    #[must_use]
    pub fn continue_untrusted(&self, parent: TraceContext) -> Trace {
        let recorder = self.recording.as_ref().filter(|(_, ratio)| ratio.includes_trace(TraceId::random()));
        let context = TraceContext { is_sampled: recorder.is_some(), state: None, ..parent };
        Trace::from_remote(context, recorder.map(|(it, _)| Arc::clone(it)))
    }

    /// Begins a trace.
    #[must_use]
    pub fn start(&self) -> Trace {
        let (trace_id, span_id) = (TraceId::random(), SpanId::random());
        let recorder = self.recording.as_ref().filter(|(_, ratio)| ratio.includes_trace(trace_id));
        let context = TraceContext { trace_id, span_id, is_sampled: recorder.is_some(), state: None };
        Trace::from_root(context, recorder.map(|(it, _)| Arc::clone(it)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(text: &str) -> SampleRatio {
        text.parse().unwrap()
    }

    #[test]
    fn a_ratio_is_a_decimal_from_0_to_1() {
        for (text, shown) in
            [("0", "0"), ("1", "1"), ("1.0", "1"), ("0.25", "0.25"), ("0.000001", "0.000001")]
        {
            assert_eq!(ratio(text).to_string(), shown);
        }
        for bad in ["", ".5", "1.1", "2", "-0.1", "+1", "0.0000001", "50%", "0.", "0.1e1"] {
            assert_eq!(bad.parse::<SampleRatio>(), Err(InvalidRatio), "{bad}");
        }
    }

    #[test]
    fn a_ratio_includes_its_share_of_all_traces() {
        let sampled =
            |text: &str| (0..10_000).filter(|_| ratio(text).includes_trace(TraceId::random())).count();
        assert_eq!((sampled("0"), sampled("1")), (0, 10_000));
        assert!((1_500..=3_500).contains(&sampled("0.25")));
    }
}
