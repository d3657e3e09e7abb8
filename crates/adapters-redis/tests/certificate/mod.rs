//! A self-signed certificate.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

/// A certificate for one name or address, which is also its own authority, and its key.
pub(crate) struct Certificate {
    folder: TempDir,
    /// What has to be trusted, in PEM.
    pub(crate) authority: Vec<u8>,
}

impl Certificate {
    pub(crate) fn generate(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let pem = made.cert.pem();
        fs::write(folder.path().join("cert.pem"), &pem).unwrap();
        fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self { folder, authority: pem.into_bytes() }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}
