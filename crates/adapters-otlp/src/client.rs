//! The HTTP client of the collector.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri, body::Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use ports::ErrorChain;
use prost::Message;
use tokio::time::timeout;

use crate::{CollectorHeaders, InvalidEndpoint};

/// Time limit of one request, with its connection and its answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time to open a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an unused connection stays open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends encoded batches, one at a time.
pub(crate) struct CollectorClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    traces: Uri,
    headers: CollectorHeaders,
}

impl CollectorClient {
    /// A client that connects when it first sends.
    ///
    /// # Errors
    /// [`InvalidEndpoint`].
    pub(crate) fn new(traces: String, headers: CollectorHeaders) -> Result<Self, InvalidEndpoint> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(1)
            .build(connector);
        Ok(Self { client, traces: traces.parse().map_err(|_| InvalidEndpoint)?, headers })
    }

    /// Sends a batch once, and returns how many spans of it the collector refused.
    ///
    /// # Errors
    /// The reason why the batch is lost, for the log.
    pub(crate) async fn send_batch(&self, body: Vec<u8>) -> Result<u64, String> {
        timeout(SEND_TIMEOUT, self.post_batch(body))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", SEND_TIMEOUT.as_secs())))
    }

    async fn post_batch(&self, body: Vec<u8>) -> Result<u64, String> {
        let mut request = Request::post(self.traces.clone())
            .header("content-type", "application/x-protobuf")
            .header("user-agent", "idem")
            .body(Full::from(body))
            .map_err(|it| it.to_string())?;
        self.headers.add_to(request.headers_mut());
        let response = self.client.request(request).await.map_err(|it| ErrorChain(&it).to_string())?;
        let status = response.status();
        let answer = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        if !status.is_success() {
            return Err(format!("answered with {status}"));
        }
        // The batch has arrived. An answer that cannot be read says nothing about spans that were refused.
        let answer = answer.ok().and_then(|it| ExportTraceServiceResponse::decode(it.to_bytes()).ok());
        let refused = answer.and_then(|it| it.partial_success).map_or(0, |it| it.rejected_spans);
        Ok(u64::try_from(refused).unwrap_or(0))
    }
}
