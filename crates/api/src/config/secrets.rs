//! Secrets that are made at the first start and stored in the data folder.

use std::{fs, io, io::Write, path::Path};

use adapters_gateways::WebhookSecrets;
use secrecy::SecretString;
use tempfile::NamedTempFile;

pub(super) fn parse_sandbox_secret(text: &str) -> Result<SecretString, String> {
    WebhookSecrets::parse(text).map_err(|it| it.to_string())?;
    Ok(text.into())
}

/// The secret in the file `name` of the data folder. If the file is missing, a secret is made that only this
/// user of the system can read. Two processes that make it at the same time end up with the same secret.
///
/// # Errors
/// When the folder cannot be written or the file cannot be read.
pub fn load_or_create_secret(
    folder: &Path,
    name: &str,
    make: impl FnOnce() -> String,
) -> io::Result<SecretString> {
    let file = folder.join(name);
    match fs::read_to_string(&file) {
        Ok(secret) => return Ok(SecretString::from(secret.trim_end())),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
        // A file that is there and cannot be read is not replaced: a new secret would log everyone out.
        Err(fault) => return Err(fault),
    }
    make_folder(folder)?;
    // A temporary file has mode 0600 from its first byte, and it gets its name in one step: a process that
    // dies here leaves no half of a secret for the next start.
    let mut made = NamedTempFile::new_in(folder)?;
    writeln!(made, "{}", make())?;
    // Before the name: after a power cut the file must not be there and empty.
    made.as_file().sync_all()?;
    match made.persist_noclobber(&file) {
        Ok(_) => {}
        // Another process was faster. Its secret is the one that counts, and the last line reads it.
        Err(fault) if fault.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(fault) => return Err(fault.error),
    }
    Ok(SecretString::from(fs::read_to_string(&file)?.trim_end()))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_can_read_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("data");
        let first = load_or_create_secret(&folder, "jwt_secret", || "one".into()).unwrap();
        let second = load_or_create_secret(&folder, "jwt_secret", || "two".into()).unwrap();
        assert_eq!((first.expose_secret(), second.expose_secret()), ("one", "one"));
        assert_eq!((mode(&folder), mode(&folder.join("jwt_secret"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn two_that_make_it_at_once_agree() {
        let root = tempfile::tempdir().unwrap();
        let kept_by = |name: &'static str| load_or_create_secret(root.path(), "s", || name.into()).unwrap();
        // The other one comes in between: after this one has looked, before it has written.
        let slow = load_or_create_secret(root.path(), "s", || {
            kept_by("fast");
            "slow".into()
        });
        assert_eq!(slow.unwrap().expose_secret(), "fast");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("s")).unwrap();
        assert!(load_or_create_secret(root.path(), "s", || "new".into()).is_err());
    }
}
