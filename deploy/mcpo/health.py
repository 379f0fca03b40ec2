"""Exit status 0 when mcpo serves the tools of the server: its description has paths then."""

import json
import os
import sys
import urllib.request

PORT = os.environ.get("MCPO_PORT", "8000")

key = os.environ.get("MCPO_API_KEY") or os.environ.get("OPS_TOKEN") or "demo"
request = urllib.request.Request(f"http://127.0.0.1:{PORT}/openstack-ops/openapi.json")
request.add_header("Authorization", f"Bearer {key}")
with urllib.request.urlopen(request, timeout=2) as answer:
    paths = json.load(answer)["paths"]
sys.exit(0 if paths else "mcpo is there, but has no tools: it could not reach the server")
