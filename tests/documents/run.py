"""Runs what docs/*.md say, as it stands there: each block after `<!-- try -->`, in the order of the page.

    OPS_BINARY=target/debug/mcp-openstack-ops tests/documents/run.py [PAGE…]

The server is a demo that wants a token, `mycloud` a simulated cloud; ports and the binary's place are
the only things that are replaced. A block of JSON is a client's configuration: its server is started,
or connected to, as it says, and has to list its tools. After `<!-- try: TEXT -->` the text has to be in
what the block prints. A block that serves goes on until the page ends.

Python and npm packages are installed below target/ci/documents.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "target/ci/documents"
BINARY = str(Path(os.environ.get("OPS_BINARY", ROOT / "target/debug/mcp-openstack-ops")).resolve())
KEY = "a key that is none, of thirty-two bytes".replace(" ", "-")
BLOCK = re.compile(r"^<!-- try(?:: (?P<expected>.*?))? -->\n```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
# How long a block may take, and when one that does not end is taken for a server.
PATIENCE, SERVES = 240, 20


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url} did not come up")


def install() -> None:
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for name, packages in {"sdk": ["mcp==2.3.0"], "mcpo": []}.items():
        if not (PACKAGES / name / "bin/python").exists():
            subprocess.run([sys.executable, "-m", "venv", PACKAGES / name], check=True)
        if packages:
            subprocess.run([PACKAGES / name / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    shutil.copy(ROOT / "tests/documents/package.json", PACKAGES)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", PACKAGES], check=True)


class Page:
    """The servers that a page speaks of, and what was started from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen] = []
        self.ports = {port: free_port() for port in ("8080", "8005", "4000", "4001")}
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "FASTMCP_"))}
        self.environment = plain | {
            "HOME": str(folder),
            "REMOTE_SECRET_KEY": KEY,
            "MCPO_API_KEY": "another-key",
            "PATH": f"{PACKAGES}/mcpo/bin:{plain['PATH']}",
            "MCP_LOG_LEVEL": "ERROR",
        }
        port = str(self.ports["8080"])
        self.start([BINARY, "demo", "--port", port], {"REMOTE_AUTH_ENABLE": "true"})
        clouds = folder / ".config/openstack/clouds.yaml"
        clouds.parent.mkdir(parents=True)
        keystone = str(free_port())
        self.start([BINARY, "simulate", "--port", keystone, "--clouds-yaml", str(clouds)], {})
        wait_for(f"http://127.0.0.1:{port}/healthz")
        wait_for(f"http://127.0.0.1:{keystone}/v3")
        clouds.write_text(re.sub(r"^  simulated:", "  mycloud:", clouds.read_text(), flags=re.M))

    def start(self, command: list[str], more: dict[str, str]) -> subprocess.Popen:
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment | more, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.started.append(process)
        return process

    def stop(self) -> None:
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def here(self, text: str) -> str:
        for port, own in self.ports.items():
            text = re.sub(rf"(127\.0\.0\.1:|--port |port: ){port}\b", rf"\g<1>{own}", text)
        return text.replace("/usr/local/bin/mcp-openstack-ops", BINARY)

    def run(self, language: str, code: str) -> str:
        if language == "json":
            return asyncio.run(connect(json.loads(code), self))
        if language == "js":
            path = PACKAGES / f"block-{len(self.started)}.mjs"
            path.write_text(code)
            command = ["node", str(path)]
        else:
            command = {"bash": ["bash", "-ec"], "python": [str(PACKAGES / "sdk/bin/python"), "-c"]}[language] + [code]
        output = tempfile.TemporaryFile("w+")
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, start_new_session=True,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.started.append(process)
        try:
            status = process.wait(SERVES if language == "js" else PATIENCE)
        except subprocess.TimeoutExpired:
            status = 0 if language == "js" else "none in time"
        output.seek(0)
        printed = output.read()
        if status != 0:
            raise AssertionError(f"exit status {status}: {printed}")
        return printed


async def connect(configuration: dict, page: Page) -> str:
    """The tools of the one server of a client's configuration."""
    # The SDK is in an environment of its own.
    (server,) = (configuration.get("mcpServers") or configuration["servers"]).values()
    headers = {
        name: re.sub(r"\$\{(env:|input:)?[\w-]+\}", KEY, value) for name, value in server.get("headers", {}).items()
    }
    program = (ROOT / "tests/documents/connect.py").read_text()
    asked = json.dumps(server | {"headers": headers})
    result = subprocess.run(
        [PACKAGES / "sdk/bin/python", "-c", program, asked],
        env=page.environment, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    if result.returncode != 0 or "get_cluster_status" not in result.stdout:
        raise AssertionError(result.stdout + result.stderr[-2000:])
    return result.stdout


def main() -> None:
    pages = [Path(name) for name in sys.argv[1:]] or sorted((ROOT / "docs").glob("*.md"))
    install()
    passed, failed = 0, 0
    for path in pages:
        text = path.read_text()
        blocks = list(BLOCK.finditer(text))
        if len(blocks) != text.count("<!-- try"):
            sys.exit(f"{path}: a block to try is not one")
        if not blocks:
            continue
        with tempfile.TemporaryDirectory() as folder:
            page = Page(Path(folder))
            try:
                for block in blocks:
                    line = text[: block.start()].count("\n") + 1
                    place = f"{path.name}:{line} ({block['language']})"
                    try:
                        printed = page.run(block["language"], page.here(block["code"]))
                        if block["expected"] and block["expected"] not in printed:
                            raise AssertionError(f"{block['expected']!r} is not in {printed[-2000:]!r}")
                        passed += 1
                        print(f"ok      {place}", flush=True)
                    except (AssertionError, subprocess.SubprocessError) as error:
                        failed += 1
                        print(f"failed  {place}: {error}", flush=True)
            finally:
                page.stop()
    print(f"{passed} blocks ran, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
