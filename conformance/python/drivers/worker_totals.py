"""How many tasks each Python worker has run. stdout: `{name: n}`, the name without the host."""

import json

from drivers.client_app import app

TIMEOUT_SECONDS = 5

stats = app.control.inspect(timeout=TIMEOUT_SECONDS, limit=None).stats() or {}
print(json.dumps({node.split("@")[0]: sum(worker["total"].values()) for node, worker in stats.items()}))
