//! The context of a trace, as the headers `traceparent` and `tracestate` carry it (W3C Trace Context).

use std::sync::Arc;

use crate::{
    ids::{SpanId, TraceId, is_lower_hex},
    state::parse_state,
};

/// The trace to which some work belongs, and the span that caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The same in all systems that take part.
    pub trace_id: TraceId,
    /// The span that the receiver's work is a part of.
    pub span_id: SpanId,
    /// Whether the caller records its spans of this trace.
    pub is_sampled: bool,
    /// What other systems of the trace pass on to each other; `None` when there is nothing, or nothing valid.
    pub state: Option<Arc<str>>,
}

impl TraceContext {
    /// The name of the header with the ids.
    pub const PARENT_HEADER: &str = "traceparent";
    /// The name of the header with the state.
    pub const STATE_HEADER: &str = "tracestate";

    /// Parses both headers; `state` may be empty. `None` if the first is invalid: a trace then begins here. Of a later
    /// version of the standard the fields of this one are read.
    #[must_use]
    pub fn parse(parent: &str, state: &str) -> Option<Self> {
        let mut fields = parent.splitn(5, '-');
        let (version, trace, span, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let has_more = fields.next().is_some();
        let is_known = is_lower_hex(version, 2) && version != "ff" && (version != "00" || !has_more);
        if !is_known || !is_lower_hex(flags, 2) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self {
            trace_id: TraceId::parse(trace)?,
            span_id: SpanId::parse(span)?,
            is_sampled: flags & 1 == 1,
            state: parse_state(state),
        })
    }

    /// The value of `traceparent` for the next system.
    #[must_use]
    pub fn to_traceparent(&self) -> String {
        format!("00-{}-{}-0{}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }

    /// The headers for the next system, with their names: one or two.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let state = self.state.as_ref().map(|it| (Self::STATE_HEADER, it.to_string()));
        std::iter::once((Self::PARENT_HEADER, self.to_traceparent())).chain(state)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_context_is_passed_on_as_it_came() {
        let context = TraceContext::parse(PARENT, "rojo=1").unwrap();
        let headers: Vec<_> = context.headers().collect();
        assert_eq!(headers, [("traceparent", PARENT.to_owned()), ("tracestate", "rojo=1".to_owned())]);
        let unsampled = TraceContext::parse(&PARENT.replace("-01", "-00"), "").unwrap();
        assert!(!unsampled.is_sampled && context.is_sampled);
        assert_eq!(unsampled.headers().count(), 1);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = TraceContext::parse(&format!("01{}-what-comes", &PARENT[2..]), "").unwrap();
        assert_eq!(later.to_traceparent(), PARENT);
    }

    #[test]
    fn what_breaks_the_standard_begins_no_context() {
        for bad in [
            "",
            "00",
            &PARENT[..54],
            &format!("{PARENT}-"),
            &format!("{PARENT}-more"),
            &PARENT.replace("00-4b", "ff-4b"),
            &PARENT.to_uppercase(),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e473-000f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(bad, "rojo=1"), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_passed_on_that_is_no_header(parent in "\\PC{0,80}", state in "\\PC{0,80}") {
            if let Some(context) = TraceContext::parse(&parent, &state) {
                for (_, value) in context.headers() {
                    prop_assert!(value.bytes().all(|it| it == b' ' || it == b'\t' || it.is_ascii_graphic()));
                }
            }
        }
    }
}
