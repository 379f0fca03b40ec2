"""Starts mcpo over mcp-openstack-ops, as the environment says:

    OPS_URL       where the server's /mcp is
    OPS_TOKEN     what it is shown
    MCPO_API_KEY  what mcpo's own callers show: OPS_TOKEN when it is empty

With neither, the server is the demo, which asks nobody for a token, and mcpo's callers show `demo`.
Both secrets stay out of the list of processes.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from mcpo import app


token = os.environ.get("OPS_TOKEN") or "demo"
key = os.environ.get("MCPO_API_KEY") or token
server = {
    "type": "streamable-http",
    "url": os.environ["OPS_URL"],
    "headers": {"Authorization": f"Bearer {token}"},
}
configuration = Path(tempfile.mkdtemp()) / "config.json"
configuration.write_text(json.dumps({"mcpServers": {"openstack-ops": server}}))
sys.argv[1:1] = ["--config", str(configuration), "--api-key", key]
app()
