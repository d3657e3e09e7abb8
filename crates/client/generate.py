"""Generates the TypeScript types and the Python package: `generate.py openapi.json schema.d.ts package-folder`.

Run by `cargo xtask clients` in the folder of the tools, which has openapi-typescript and openapi-python-client.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import narrow

TEMPLATES = pathlib.Path(__file__).parent / "python" / "templates"
CONFIG = "package_name_override: generated\npost_hooks: []\n"
# Three lines or more without text, which templates leave behind.
BLANKS = re.compile(r"\n[ \t]*\n([ \t]*\n)+")


def generate_typescript(document, target):
    subprocess.run(["node_modules/.bin/openapi-typescript", document, "--output", target], check=True)


def generate_python(document, target):
    config = pathlib.Path("clients.yaml")
    config.write_text(CONFIG)
    shutil.rmtree(target, ignore_errors=True)
    program = next(folder for folder in os.environ["PYTHONPATH"].split(os.pathsep)) + "/bin/openapi-python-client"
    arguments = ["--meta", "none", "--config", config, "--custom-template-path", TEMPLATES, "--path", document]
    command = [sys.executable, program, "generate", *arguments, "--output-path", target]
    printed = subprocess.run(command, check=True, capture_output=True, text=True)
    # An operation that it cannot generate is a warning of the tool, and a missing function of the client.
    assert "WARNING" not in printed.stdout + printed.stderr, printed.stdout + printed.stderr
    for source in target.rglob("*.py"):
        text = "\n".join(line.rstrip() for line in source.read_text().splitlines())
        source.write_text(BLANKS.sub("\n\n", text).strip() + "\n")


if __name__ == "__main__":
    source, types, package = (pathlib.Path(it).absolute() for it in sys.argv[1:])
    document = pathlib.Path("narrowed.json").absolute()
    document.write_text(json.dumps(narrow.narrow(json.loads(source.read_text()))))
    types.parent.mkdir(parents=True, exist_ok=True)
    generate_typescript(document, types)
    generate_python(document, package)
