//! The client libraries in TypeScript and Python: generates their code, compares it with what is committed, and tries them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, iter};

use super::DOCUMENT;
use super::tools::Tools;

/// The libraries, and the program that generates from the description.
const LIBRARIES: &str = "crates/client";
/// What is generated: its place in the folder of the tools, and in the repository.
const GENERATED: [(&str, &str); 2] = [
    ("generated/schema.d.ts", "crates/client/typescript/src/schema.d.ts"),
    ("generated/generated", "crates/client/python/idem_client/generated"),
];
/// The copy of the TypeScript library beside the packages that it needs.
const TYPESCRIPT: &str = "typescript";

/// A file or a folder: the contents of each file by its path within it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Generates again what is committed. False where a tool is missing or fails, which it has printed.
pub(crate) fn write_generated(root: &Path) -> io::Result<bool> {
    let tools = match Tools::install(root)? {
        Ok(tools) => tools,
        Err(reason) => {
            writeln!(io::stdout(), "The clients cannot be generated: {reason}.")?;
            return Ok(false);
        }
    };
    if !generate(root, &tools)? {
        return Ok(false);
    }
    for (fresh, committed) in GENERATED {
        write_files(&root.join(committed), &read_files(&tools.folder().join(fresh))?)?;
    }
    Ok(true)
}

/// Whether what is committed is what the description gives. It prints what differs.
pub(super) fn check_generated(root: &Path, tools: &Tools) -> io::Result<bool> {
    writeln!(io::stdout(), "$ generate.py")?;
    if !generate(root, tools)? {
        return Ok(false);
    }
    let mut is_fresh = true;
    for (fresh, committed) in GENERATED {
        let (fresh, kept) = (read_files(&tools.folder().join(fresh))?, read_files(&root.join(committed))?);
        for file in list_differences(&fresh, &kept) {
            is_fresh = false;
            writeln!(
                io::stdout(),
                "{} is not what {DOCUMENT} gives",
                root.join(committed).join(file).display()
            )?;
        }
    }
    if !is_fresh {
        writeln!(io::stdout(), "`cargo xtask clients` generates the clients.")?;
    }
    Ok(is_fresh)
}

/// The commands that try the libraries with the running service, each with the name that is printed.
pub(super) fn steps(root: &Path, tools: &Tools) -> io::Result<Vec<(&'static str, Command)>> {
    let copy = tools.folder().join(TYPESCRIPT);
    write_files(&copy, &read_files(&root.join(LIBRARIES).join(TYPESCRIPT))?)?;
    let python = root.join(LIBRARIES).join("python");
    let tests = python.join("tests");
    let example = python.join("examples/backend.py");
    let mut steps = vec![
        ("tsc typescript", tools.node_program("tsc", &["--project", "typescript/tsconfig.json"])),
        ("typescript/examples/backend.ts", tools.node(&["typescript/built/examples/backend.js"])),
        ("typescript/test/helpers.test.ts", tools.node(&["typescript/built/test/helpers.test.js"])),
        ("typescript/test/session.test.ts", tools.node(&["typescript/built/test/session.test.js"])),
        ("python/examples/backend.py", tools.python_with(&python, &[&example.to_string_lossy()])),
        ("python/tests", tools.pytest(&python, &["-q", "-p", "no:cacheprovider", &tests.to_string_lossy()])),
    ];
    for (_, command) in &mut steps {
        command.env("IDEM_VECTORS", root.join(LIBRARIES).join("webhook-vectors.json"));
    }
    Ok(steps)
}

fn generate(root: &Path, tools: &Tools) -> io::Result<bool> {
    let program = root.join(LIBRARIES).join("generate.py");
    let mut command = tools.python(&[&program.to_string_lossy()]);
    command.arg(root.join(DOCUMENT)).args(GENERATED.map(|(fresh, _)| fresh));
    Ok(command.status()?.success())
}

/// Every file at the path or below it. A path without files gives none.
fn read_files(at: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    let mut waiting = vec![at.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries: Result<Vec<_>, _> =
                fs::read_dir(&path)?.map(|entry| entry.map(|it| it.path())).collect();
            waiting.extend(entries?);
        } else if path.is_file() {
            let name = path.strip_prefix(at).map_err(io::Error::other)?.to_owned();
            files.insert(name, fs::read(&path)?);
        }
    }
    Ok(files)
}

/// Makes the path hold these files and no others.
fn write_files(at: &Path, files: &Files) -> io::Result<()> {
    if at.is_dir() {
        fs::remove_dir_all(at)?;
    }
    for (name, contents) in files {
        // A file alone has an empty name, and joining that would make a folder of it.
        let path = if name.as_os_str().is_empty() { at.to_owned() } else { at.join(name) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, contents)?;
    }
    Ok(())
}

/// The files that are not the same on both sides, or only on one of them.
fn list_differences<'f>(one: &'f Files, other: &'f Files) -> Vec<&'f Path> {
    let changed = one.iter().filter(|(name, contents)| other.get(*name) != Some(contents));
    let surplus = other.iter().filter(|(name, _)| !one.contains_key(*name));
    iter::empty().chain(changed).chain(surplus).map(|(name, _)| name.as_path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_differs_is_missing_or_is_left_over_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let files = |list: &[(&str, &str)]| -> Files {
            list.iter().map(|(name, text)| (name.into(), text.as_bytes().to_vec())).collect()
        };
        let fresh = files(&[("a.py", "1"), ("api/b.py", "2"), ("c.py", "3")]);
        let committed = folder.path().join("generated");
        write_files(&committed, &files(&[("old.py", "")])).unwrap();
        write_files(&committed, &fresh).unwrap();
        assert_eq!(read_files(&committed).unwrap(), fresh, "and the old file is gone");
        let other = files(&[("a.py", "1"), ("api/b.py", "x"), ("d.py", "4")]);
        assert_eq!(list_differences(&fresh, &other), ["api/b.py", "c.py", "d.py"].map(Path::new));
    }

    #[test]
    fn one_file_alone_is_a_set_of_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.ts"), folder.path().join("there/other.ts"));
        fs::write(&one, "text").unwrap();
        write_files(&other, &read_files(&one).unwrap()).unwrap();
        assert_eq!(fs::read(other).unwrap(), b"text");
        assert_eq!(read_files(&folder.path().join("nothing")).unwrap(), Files::new());
    }
}
