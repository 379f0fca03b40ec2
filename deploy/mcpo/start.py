"""Starts mcpo. The key that its callers show is read from a file, so that no process list has it."""

import os
import sys
from pathlib import Path

from mcpo import app

FOLDER = Path(os.environ.get("MCPO_DIR", "/etc/mcpo"))

key = (FOLDER / "key").read_text().strip()
if not key:
    sys.exit(f"{FOLDER}/key is empty; set MCPO_API_KEY or REMOTE_SECRET_KEY")
sys.argv[1:1] = ["--config", str(FOLDER / "config.json"), "--api-key", key]
app()
