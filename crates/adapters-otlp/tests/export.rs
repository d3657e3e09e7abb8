//! Spans as a collector gets them, and what a collector that is dead, hangs or refuses costs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use adapters_otlp::{CollectorHeaders, OtlpRecorder, OtlpWorker, Resource, open_export};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span as Message,
};
use ports::{Metrics, Observation};
use prost::Message as _;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracer::{Span, SpanKind, SpanRecorder, TraceContext, Tracer};

const PATIENCE: Duration = Duration::from_secs(60);
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[derive(Default)]
struct Counts {
    exported: AtomicU64,
    dropped: AtomicU64,
}

impl Metrics for Counts {
    fn observe(&self, observation: Observation) {
        if let Observation::SpansExported(spans) = observation {
            self.exported.fetch_add(spans, SeqCst);
        } else if let Observation::SpansDropped(spans) = observation {
            self.dropped.fetch_add(spans, SeqCst);
        } else {
            panic!("{observation:?}");
        }
    }
}

/// A collector that answers every request with this text, or never.
#[expect(clippy::disallowed_methods, reason = "a collector ends with the runtime of its test")]
async fn collector(answer: Option<&'static str>) -> (SocketAddr, Arc<Mutex<Vec<Message>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, spans) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Message>>>::default());
    let kept = spans.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = kept.clone();
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                let body = loop {
                    let mut part = [0; 4096];
                    let length = stream.read(&mut part).await.unwrap();
                    bytes.extend(&part[..length]);
                    let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { continue };
                    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
                    assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
                    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
                    assert!(head.contains("authorization: bearer t0ken"), "{head}");
                    let (_, rest) = head.split_once("content-length: ").unwrap();
                    let length: usize = rest.lines().next().unwrap().parse().unwrap();
                    if bytes.len() >= end + 4 + length {
                        break bytes.split_off(end + 4);
                    }
                };
                let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
                let all = request.resource_spans.into_iter().flat_map(|it| it.scope_spans);
                kept.lock().unwrap().extend(all.flat_map(|it| it.spans));
                match answer {
                    Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                    None => std::future::pending().await,
                }
            });
        }
    });
    (address, spans)
}

fn export(address: SocketAddr) -> (Arc<Counts>, Arc<OtlpRecorder>, OtlpWorker) {
    let counts = Arc::<Counts>::default();
    let resource = Resource { version: "1.2.3".to_owned(), instance: "i1".to_owned() };
    let headers = CollectorHeaders::parse("authorization=Bearer%20t0ken").unwrap();
    let (recorder, worker) =
        open_export(&format!("http://{address}"), headers, resource, counts.clone()).unwrap();
    (counts, Arc::new(recorder), worker)
}

async fn record_spans(recorder: &Arc<OtlpRecorder>, parent: Option<TraceContext>, count: usize) {
    let recorder: Arc<dyn SpanRecorder> = recorder.clone();
    let trace = Tracer::new(recorder, "1".parse().unwrap()).continue_or_start(parent);
    let work = async {
        for _ in 0..count {
            let mut span = Span::begin(SpanKind::Client, "gateway charge");
            span.add_text("idem.gateway", || "sandbox");
            span.add_number("http.response.status_code", 503);
            span.set_error("unavailable");
        }
    };
    trace.scope(work).await;
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
/// It refused two spans: field 1 holds a message whose field 1 is 2.
const PARTIAL: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\n\x0a\x02\x08\x02";
const FULL: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_span_arrives_with_its_trace_its_parent_and_its_outcome() {
    let (address, spans) = collector(Some(OK)).await;
    let (counts, recorder, worker) = export(address);
    record_spans(&recorder, TraceContext::parse(PARENT, "rojo=1"), 1).await;
    let stopping = CancellationToken::new();
    stopping.cancel();
    timeout(PATIENCE, worker.run(stopping)).await.unwrap();
    let spans = spans.lock().unwrap();
    let span = &spans[0];
    assert_eq!(span.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes());
    assert_eq!(span.parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());
    assert_eq!((span.span_id.len(), span.flags, span.trace_state.as_str()), (8, 0x301, "rojo=1"));
    assert_eq!((span.name.as_str(), span.kind), ("gateway charge", 3));
    assert!(span.start_time_unix_nano > 1_700_000_000_000_000_000);
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    let keys: Vec<_> = span.attributes.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(keys, ["idem.gateway", "http.response.status_code", "error.type"]);
    assert_eq!(span.status.as_ref().unwrap().code, 2);
    assert_eq!((counts.exported.load(SeqCst), counts.dropped.load(SeqCst)), (1, 0));
}

#[tokio::test]
async fn what_the_collector_refuses_is_counted() {
    for (answer, exported, dropped) in [(PARTIAL, 1, 2), (FULL, 0, 3)] {
        let (address, _) = collector(Some(answer)).await;
        let (counts, recorder, worker) = export(address);
        record_spans(&recorder, None, 3).await;
        let stopping = CancellationToken::new();
        stopping.cancel();
        timeout(PATIENCE, worker.run(stopping)).await.unwrap();
        assert_eq!((counts.exported.load(SeqCst), counts.dropped.load(SeqCst)), (exported, dropped));
    }
}

#[tokio::test]
async fn a_collector_that_is_dead_costs_its_spans_and_no_wait() {
    // A port that is free again: nothing listens there.
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (counts, recorder, worker) = export(address);
    record_spans(&recorder, None, 5_000).await;
    let full = counts.dropped.load(SeqCst);
    assert_eq!(full, 5_000 - 4_096, "the queue is bounded");
    let stopping = CancellationToken::new();
    stopping.cancel();
    timeout(PATIENCE, worker.run(stopping)).await.unwrap();
    assert_eq!(counts.dropped.load(SeqCst), full + 512, "the first lost batch ends a stop");
    record_spans(&recorder, None, 1).await;
    assert_eq!(counts.dropped.load(SeqCst), full + 513, "without a worker");
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_hangs_is_given_up() {
    let (address, spans) = collector(None).await;
    let (counts, recorder, worker) = export(address);
    record_spans(&recorder, None, 1).await;
    let stopping = CancellationToken::new();
    stopping.cancel();
    timeout(PATIENCE, worker.run(stopping)).await.unwrap();
    assert_eq!(counts.dropped.load(SeqCst), 1);
    drop(spans);
}
