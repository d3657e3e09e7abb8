//! `cargo xtask openapi`: tries the service and its description with the tools that its clients use.

mod clients;
mod server;
mod tools;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{cargo, program::Program};
pub(crate) use clients::write_generated;
use server::Server;
use tools::Tools;

/// The committed description, which is what the service serves.
const DOCUMENT: &str = "docs/openapi.json";
/// The file in which the hooks of schemathesis list the operations that have not succeeded yet.
const REPORT: &str = "not-reached.txt";

/// Writes the description that the service serves into `docs/openapi.json`.
pub(crate) fn write_document(root: &Path) -> io::Result<bool> {
    let mut command = cargo::cargo_command(root);
    command.args(["run", "--quiet", "--package", "api", "--", "openapi"]);
    // Into the file at the end only: a service that does not compile must not leave an empty contract.
    let output = command.stderr(Stdio::inherit()).output()?;
    if output.status.success() {
        File::create(root.join(DOCUMENT))?.write_all(&output.stdout)?;
    }
    Ok(output.status.success())
}

/// Runs every tool. True, with a line that says so, where Node or Python or their packages are not available.
pub(crate) fn run(root: &Path, program: &Program) -> io::Result<bool> {
    let Some(tools) = find_tools(root)? else { return Ok(true) };
    if !clients::check_generated(root, &tools)? {
        return Ok(false);
    }
    let Some(server) = Server::start(program)? else { return Ok(false) };
    let mut commands = steps(&root.join(DOCUMENT), &tools, server.url());
    commands.extend(clients::steps(root, &tools)?);
    if !run_steps(&tools, &server, commands)? {
        return Ok(false);
    }
    // A run in which nothing could be paid or refunded would show nothing.
    let missing = std::fs::read_to_string(tools.folder().join(REPORT))?;
    if !missing.is_empty() {
        writeln!(io::stdout(), "schemathesis never got through to:\n{missing}")?;
    }
    Ok(missing.is_empty())
}

/// Compares the client libraries with the description and tries them, and nothing else. True as for [`run`].
pub(crate) fn check_clients(root: &Path, program: &Program) -> io::Result<bool> {
    let Some(tools) = find_tools(root)? else { return Ok(true) };
    if !clients::check_generated(root, &tools)? {
        return Ok(false);
    }
    let Some(server) = Server::start(program)? else { return Ok(false) };
    run_steps(&tools, &server, clients::steps(root, &tools)?)
}

/// The tools, installed; `None`, with a line that says so, where they are not available.
fn find_tools(root: &Path) -> io::Result<Option<Tools>> {
    match Tools::install(root)? {
        Ok(tools) => Ok(Some(tools)),
        Err(reason) => {
            writeln!(io::stdout(), "SKIPPED: the tools that try the description: {reason}.")?;
            Ok(None)
        }
    }
}

/// Runs the commands up to the first that fails, which is printed.
fn run_steps(tools: &Tools, server: &Server, steps: Vec<(&str, Command)>) -> io::Result<bool> {
    for (name, mut command) in steps {
        writeln!(io::stdout(), "$ {name}")?;
        command.envs(server.variables()).env("IDEM_REPORT", tools.folder().join(REPORT)).stdin(Stdio::null());
        if !command.status()?.success() {
            writeln!(io::stdout(), "{name} has found a fault.")?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// The commands in their order, each with the name that is printed.
fn steps(document: &Path, tools: &Tools, url: &str) -> Vec<(&'static str, Command)> {
    let about = |mut command: Command, last: &[&str]| {
        command.arg(document).args(last);
        command
    };
    let validate = if tools.has_java() {
        let command = tools.python_program("openapi-generator-cli", &["validate", "-i"]);
        ("openapi-generator validate", about(command, &[]))
    } else {
        let command = tools.python_program("openapi-spec-validator", &[]);
        ("openapi-spec-validator, because there is no java", about(command, &[]))
    };
    let generate = ["generate", "--overwrite", "--meta", "none", "--config", "generator.yaml"];
    let generate = [&generate[..], &["--output-path", "idem_client", "--path"]].concat();
    let fuzz = ["--config-file", "schemathesis.toml", "run", "--url", url];
    vec![
        ("redocly lint", about(tools.node_program("redocly", &["lint", "--extends", "recommended"]), &[])),
        validate,
        (
            "openapi-typescript",
            about(tools.node_program("openapi-typescript", &["--output", "schema.d.ts"]), &[]),
        ),
        ("tsc", tools.node_program("tsc", &["--project", "tsconfig.json"])),
        ("client.ts", tools.node(&["built/client.js"])),
        ("openapi-python-client", about(tools.python_program("openapi-python-client", &generate), &[])),
        ("client.py", tools.python(&["client.py"])),
        ("schemathesis", about(tools.python_program("schemathesis", &fuzz), &[])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_tried_with_every_tool() {
        let tools = Tools::in_folder(Path::new("/tools"));
        let names: Vec<_> =
            steps(Path::new("/openapi.json"), &tools, "http://127.0.0.1:1").iter().map(|it| it.0).collect();
        for name in ["redocly lint", "tsc", "client.ts", "client.py", "schemathesis"] {
            assert!(names.contains(&name), "{name}");
        }
    }
}
