"""Writes the part of the description that clients are generated from: `narrow.py openapi.json narrowed.json`.

The generated code is committed, so it holds what a caller needs and no more. Left out are pages and callbacks, every
status of a failure but one, headers, links and examples. `Idempotency-Key` is optional: the helper for retries sets it. Nor
does a call know who calls: `connect` does.
"""

import json
import pathlib
import sys

METHODS = ("get", "post", "put", "patch", "delete")
# Not for callers: gateways send callbacks, and the export is a stream that no model reads.
LEFT_OUT = ("/v1/callbacks/", "/v1/orders/export")
PROBLEM = {"description": "A problem.", "content": {"application/problem+json": {
    "schema": {"$ref": "#/components/schemas/Problem"}}}}
REFERENCE = "#/components/schemas/"


def is_for_callers(path):
    return path.startswith("/v1/") and not path.startswith(LEFT_OUT)


def narrow_operation(operation):
    operation.pop("externalDocs", None)
    operation.pop("security", None)
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "Idempotency-Key":
            parameter["required"] = False
    successes = {status: it for status, it in operation["responses"].items() if status.startswith("2")}
    for response in successes.values():
        response.pop("headers", None)
        response.pop("links", None)
    operation["responses"] = {**successes, "default": PROBLEM}


def strip_examples(node):
    """Without examples of values; a member may be called `example`, so members are left as they are."""
    if isinstance(node, list):
        return [strip_examples(it) for it in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    if "properties" in node:
        # Python's models drop a member that they do not know, instead of keeping it in a dictionary beside the others.
        kept["additionalProperties"] = False
    for name, value in node.items():
        if name == "properties":
            kept[name] = {member: strip_examples(it) for member, it in value.items()}
        elif name not in ("example", "examples"):
            kept[name] = strip_examples(value)
    return kept


def references(node):
    if isinstance(node, dict):
        if node.get("$ref", "").startswith(REFERENCE):
            yield node["$ref"].removeprefix(REFERENCE)
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def reachable_schemas(roots, schemas):
    waiting, reached = list(references(roots)), set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += references(schemas[name])
    return {name: schema for name, schema in schemas.items() if name in reached}


def narrow(document):
    paths = {path: it for path, it in document["paths"].items() if is_for_callers(path)}
    for item in paths.values():
        for method in METHODS:
            if method in item:
                narrow_operation(item[method])
    webhooks = document["webhooks"]
    for item in webhooks.values():
        for method in METHODS:
            item.get(method, {}).pop("responses", None)
    components = document["components"]
    schemas = reachable_schemas([paths, webhooks], components["schemas"])
    narrowed = {
        "openapi": document["openapi"],
        "info": {"title": "Idem", "version": document["info"]["version"]},
        "paths": paths,
        "webhooks": webhooks,
        "components": {"schemas": schemas},
    }
    return strip_examples(narrowed)


if __name__ == "__main__":
    source, target = map(pathlib.Path, sys.argv[1:])
    target.write_text(json.dumps(narrow(json.loads(source.read_text())), indent=1))
