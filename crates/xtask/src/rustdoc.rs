//! Takes the place of rustdoc while cargo runs doc tests: with the same arguments it also builds the documentation of the
//! crate, so that a broken link is found without another build. `cargo doc` would compile every dependency once more, only
//! for its types.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;
use std::{env, path::Path};

/// Names the real rustdoc to the process that takes its place.
const VARIABLE: &str = "IDEM_XTASK_RUSTDOC";
/// The argument that makes rustdoc run the doc tests of a crate.
const TEST: &str = "--test";
/// Arguments about doc tests that are followed by a value.
const TEST_VALUES: [&str; 2] = ["--test-run-directory", "--test-args"];

/// Makes `cargo test --doc` build the documentation, too.
///
/// # Errors
/// When the path of this program is unknown.
pub(crate) fn add_documentation(cargo: &mut Command) -> io::Result<()> {
    let rustdoc = env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into());
    cargo.env("RUSTDOC", env::current_exe()?).env(VARIABLE, rustdoc);
    Ok(())
}

/// The real rustdoc, if this process was started in its place.
pub(crate) fn find_replaced() -> Option<OsString> {
    env::var_os(VARIABLE)
}

/// Does what rustdoc would do. Where that is to run doc tests, the documentation is built first, with warnings as errors.
///
/// # Errors
/// When rustdoc cannot be started.
pub(crate) fn run(rustdoc: &OsStr, args: &[OsString], documentation: &Path) -> io::Result<bool> {
    if let Some(args) = documentation_arguments(args) {
        let mut build = Command::new(rustdoc);
        build.args(args).args(["--document-private-items", "-D", "warnings", "--out-dir"]).arg(documentation);
        if !build.status()?.success() {
            return Ok(false);
        }
    }
    Ok(Command::new(rustdoc).args(args).status()?.success())
}

/// The arguments without those about doc tests; `None` if they run none, as those that ask for the version.
fn documentation_arguments(args: &[OsString]) -> Option<Vec<&OsString>> {
    if !args.iter().any(|it| it == TEST) {
        return None;
    }
    let (mut kept, mut rest) = (Vec::new(), args.iter());
    while let Some(argument) = rest.next() {
        if TEST_VALUES.iter().any(|it| argument == it) {
            // The value may be dropped: it belongs to the argument.
            let _ = rest.next();
        } else if argument != TEST {
            kept.push(argument);
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_built_as_the_tests_are_but_for_what_is_about_tests() {
        let args = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let tests =
            args("--crate-name domain --test src/lib.rs --test-run-directory /w --test-args -q -L deps");
        let expected = args("--crate-name domain src/lib.rs -L deps");
        assert_eq!(documentation_arguments(&tests), Some(expected.iter().collect()));
        assert_eq!(documentation_arguments(&args("-vV")), None);
    }
}
