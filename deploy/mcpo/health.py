"""Exit status 0 when mcpo serves the tools of the server: its description has paths then."""

import json
import os
import sys
import urllib.request
from pathlib import Path

FOLDER = Path(os.environ.get("MCPO_DIR", "/etc/mcpo"))
PORT = os.environ.get("MCPO_PORT", "8000")

request = urllib.request.Request(f"http://127.0.0.1:{PORT}/openstack-ops/openapi.json")
request.add_header("Authorization", f"Bearer {(FOLDER / 'key').read_text().strip()}")
with urllib.request.urlopen(request, timeout=2) as answer:
    paths = json.load(answer)["paths"]
sys.exit(0 if paths else "mcpo is there, but has no tools: it could not reach the server")
