//! Finds the programs of the servers.

use std::{
    env, fmt, io,
    path::{Path, PathBuf},
};

/// The programs that are started, each with the package of Debian and Ubuntu that contains it.
const PROGRAMS: &[(&str, &str)] = &[
    ("mariadbd", "mariadb-server"),
    ("mariadb", "mariadb-server"),
    ("mariadb-install-db", "mariadb-server"),
    ("redis-server", "redis-server"),
    ("memcached", "memcached"),
];
/// Names a program that is started instead of `redis-server`, such as that of Valkey.
const REDIS_PROGRAM: &str = "TEST_REDIS_PROGRAM";
/// Folders of servers that the search path of a plain user seldom has.
const BESIDE: &[&str] = &["/usr/sbin", "/usr/local/sbin", "/usr/libexec"];

/// A program that is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingProgram {
    /// The name of the program's file.
    pub program: &'static str,
    /// The package of Debian and Ubuntu that contains it.
    pub package: &'static str,
}

impl fmt::Display for MissingProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not installed (Debian has it in {})", self.program, self.package)
    }
}

/// The programs that are needed here and not installed.
#[must_use]
pub fn missing_programs() -> Vec<MissingProgram> {
    let missing = PROGRAMS.iter().filter(|(program, _)| search_path(program).is_none());
    missing.map(|&(program, package)| MissingProgram { program, package }).collect()
}

/// The path of the program, or an error that names the package to install.
pub(crate) fn find_program(program: &'static str) -> io::Result<PathBuf> {
    search_path(program).ok_or_else(|| {
        let package = PROGRAMS.iter().find(|(known, _)| *known == program).map_or("", |(_, package)| package);
        io::Error::new(io::ErrorKind::NotFound, MissingProgram { program, package }.to_string())
    })
}

fn search_path(program: &str) -> Option<PathBuf> {
    if program == "redis-server"
        && let Some(other) = env::var_os(REDIS_PROGRAM)
    {
        return Some(PathBuf::from(other)).filter(|it| is_file(it));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(BESIDE.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|it| is_file(it))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|it| it.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_an_error_that_names_it() {
        assert!(find_program("sh").unwrap().is_absolute());
        let error = find_program("no-such-server").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("no-such-server"), "{error}");
    }
}
