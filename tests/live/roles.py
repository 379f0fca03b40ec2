"""What each credential gets to see: the table of docs/security.md, measured.

    roles.py BINARY CLOUDS_YAML ADMIN CLOUD…

asks every list of the graph with everything in it, with each of these entries of a clouds.yaml, and
prints what came, what was refused, and which fields the administrator alone has.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

BINARY, CLOUDS_YAML, *NAMES = sys.argv[1:]
PORT = int(os.environ.get("ROLES_PORT", "18320"))
INTROSPECTION = """{ __schema { types { kind name fields { name args { name defaultValue type { kind } }
  type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }"""
# A call for each row.
UNASKED = {"consoleLog"}
# What is asked beside the lists.
WHOLE = {
    "health": "{ score status confidence checks { name outcome seen } }",
    "capacity": "{ vcpus { physical capacity used } memoryMib { physical capacity used } diskGib { physical capacity used } }",
    "orphans": "{ __typename }",
    "serverCounts": "{ status count }",
}


def ask(document: str) -> dict:
    body = json.dumps({"query": document}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/graphql", body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def bare(kind: dict) -> dict:
    while kind.get("ofType"):
        kind = kind["ofType"]
    return kind


def is_list(kind: dict) -> bool:
    while kind:
        if kind["kind"] == "LIST":
            return True
        kind = kind.get("ofType")
    return False


def is_needed(argument: dict) -> bool:
    return argument["type"]["kind"] == "NON_NULL" and argument["defaultValue"] is None


class Schema:
    def __init__(self) -> None:
        answer = ask(INTROSPECTION)
        self.types = {each["name"]: each for each in answer["data"]["__schema"]["types"]}

    def fields(self, name: str) -> list[dict]:
        return self.types[name]["fields"] or []

    def leaves(self, name: str) -> list[str]:
        """Plain fields, which need no argument."""
        return [
            field["name"]
            for field in self.fields(name)
            if bare(field["type"])["kind"] in ("SCALAR", "ENUM")
            and not any(is_needed(each) for each in field["args"])
        ]

    def selection(self, name: str) -> str:
        """Plain fields, and edges to single things with what they are called."""
        parts = [each for each in self.leaves(name) if each not in UNASKED]
        for field in self.fields(name):
            kind = bare(field["type"])
            if kind["kind"] != "OBJECT" or field["args"] or is_list(field["type"]):
                continue
            inner = [each for each in self.leaves(kind["name"]) if each in ("id", "name")] or ["__typename"]
            parts.append(f"{field['name']} {{ {' '.join(inner)} }}")
        return " ".join(parts)

    def lists(self) -> dict[str, str]:
        """The root's lists, with the type of their rows."""
        found = {}
        for field in self.fields("Query"):
            kind = bare(field["type"])["name"]
            if kind.endswith("Connection") and not any(is_needed(each) for each in field["args"]):
                nodes = next(each for each in self.fields(kind) if each["name"] == "nodes")
                found[field["name"]] = bare(nodes["type"])["name"]
        return found


def told(answer: dict) -> list[str]:
    """Each error, as field: code (service, status) message."""
    lines = []
    for error in answer.get("errors", []):
        extensions = error.get("extensions", {})
        path = ".".join(str(each) for each in error.get("path", []) if not isinstance(each, int))
        lines.append(f"{path}: {extensions.get('code')} {extensions.get('service', '')}: {error['message'][:160]}")
    return lines


def measure() -> dict:
    schema = Schema()
    seen: dict = {"lists": {}, "whole": {}, "errors": []}
    for field, node in schema.lists().items():
        answer = ask(f"{{ {field}(first: 50) {{ totalCount scope nodes {{ {schema.selection(node)} }} }} }}")
        if "data" not in answer:
            seen["errors"] += [f"{field}: not asked: {error['message']}" for error in answer["errors"]]
        rows = (answer.get("data") or {}).get(field)
        there = {name for row in (rows or {}).get("nodes") or [] for name, value in (row or {}).items() if value not in (None, [], {})}
        seen["lists"][field] = {
            "count": None if rows is None else rows.get("totalCount", len(rows["nodes"])),
            "scope": (rows or {}).get("scope"),
            "fields": sorted(there),
        }
        seen["errors"] += told(answer)
    for field, selection in WHOLE.items():
        answer = ask(f"{{ {field} {selection} }}")
        seen["whole"][field] = (answer.get("data") or {}).get(field)
        seen["errors"] += told(answer)
    return seen


def with_cloud(name: str) -> dict:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
    environment |= {"OS_CLOUD": name, "OS_CLIENT_CONFIG_FILE": CLOUDS_YAML, "MCP_LOG_LEVEL": "ERROR"}
    server = subprocess.Popen([BINARY, "--type", "streamable-http", "--port", str(PORT)], env=environment)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        return measure()
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    results = {name: with_cloud(name) for name in NAMES}
    admin = results[NAMES[0]]
    print("| list | " + " | ".join(NAMES) + " | of the first alone |")
    print("|---" * (len(NAMES) + 2) + "|")
    for field, own in admin["lists"].items():
        cells = []
        for name in NAMES:
            found = results[name]["lists"][field]
            cells.append("–" if found["count"] is None else f"{found['count']} {found['scope'] or ''}".strip())
        others = [set(results[name]["lists"][field]["fields"]) for name in NAMES[1:] if results[name]["lists"][field]["count"]]
        alone = sorted(set(own["fields"]) - set().union(*others)) if others else []
        print(f"| {field} | " + " | ".join(cells) + f" | {' '.join(alone)} |")
    for name in NAMES:
        print(f"\n## {name}")
        print(json.dumps(results[name]["whole"], indent=1))
        for line in sorted(set(results[name]["errors"])):
            print("-", line)


main()
