//! TLS at the service itself: the certificate, and its renewal while connections go on.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use tokio::signal::unix::Signal;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::{CryptoProvider, ring},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};
use tokio_util::sync::CancellationToken;

use crate::{config::TlsFiles, tasks::Tasks};

/// The protocols that a client may choose from, the best first (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a certificate cannot be used. It never shows the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is not PEM.
    #[error("{} cannot be read as PEM: {why}", path.display())]
    File {
        /// The file, as it is configured.
        path: PathBuf,
        /// The reason; it repeats nothing of the file.
        why: &'static str,
    },
    /// The key is of a kind that is not known, or is not the certificate's.
    #[error("the key does not belong to the certificate, or is of an unknown kind")]
    Key,
    /// The versions of TLS are not supported by the cryptography that is built in, which a test would find.
    #[error("TLS cannot be set up")]
    Setup(#[from] rustls::Error),
}

/// The certificate and its key, which can be replaced while the service runs.
pub struct Tls {
    files: TlsFiles,
    present: Arc<PresentKey>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let present = Arc::new(PresentKey(RwLock::new(Arc::new(load_key(&files, &provider)?))));
        // TLS 1.2 and 1.3: the library has no older ones.
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(present.clone());
        config.alpn_protocols = PROTOCOLS.iter().map(|it| it.to_vec()).collect();
        Ok(Self { files, present, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Accepts connections with the certificate in force at that time.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// Reads the files again. Connections that are open keep the certificate that they began with.
    ///
    /// # Errors
    /// [`TlsError`]; the certificate stays as it is then.
    pub fn reload(&self) -> Result<(), TlsError> {
        let key = load_key(&self.files, &ring::default_provider())?;
        *self.present.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
        Ok(())
    }
}

/// The certificate for the next connection.
#[derive(Debug)]
struct PresentKey(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for PresentKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn load_key(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let fault = |path: &Path, fault: &pem::Error| {
        let why = if let pem::Error::Io(it) = fault {
            if it.kind() == io::ErrorKind::NotFound {
                "there is no such file"
            } else {
                "the system refuses it"
            }
        } else {
            "what is needed is not in it"
        };
        TlsError::File { path: path.to_owned(), why }
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|it| fault(&files.certificate, &it))?;
    if chain.is_empty() {
        return Err(fault(&files.certificate, &pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|it| fault(&files.key, &it))?;
    // The library's own error is dropped: it may say more of the key than a log should.
    CertifiedKey::from_der(chain, key, provider).map_err(|_| TlsError::Key)
}

/// Reads the files again at each of `hangups` (`SIGHUP`), until `stopping` is cancelled. A certificate that cannot be used is
/// logged, and the one before stays in force. `hangups` listens since before the start: a signal without a listener
/// ends the process.
pub fn spawn_reloading(tasks: &Tasks, tls: Arc<Tls>, mut hangups: Signal, stopping: CancellationToken) {
    tasks.spawn_background(async move {
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                received = hangups.recv() => if received.is_none() { return },
            }
            let reloading = tls.clone();
            // On a thread for blocking work: the files may be on a disk that hangs.
            match tokio::task::spawn_blocking(move || reloading.reload()).await {
                Ok(Ok(())) => tracing::info!("TLS certificate reloaded"),
                Ok(Err(fault)) => tracing::error!(
                    error = %ports::ErrorChain(&fault),
                    "TLS certificate not reloaded, the one before stays in force"
                ),
                // The runtime is stopping, or the read panicked, which the panic hook has logged.
                Err(_) => {}
            }
        }
    });
}
