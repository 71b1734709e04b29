"""Calls tasks by name.

stdin: one call a line, `{"task": name, "queue": name, "args": [...], "kwargs": {...}}`; Python reads the JSON, so `3.0`,
`Infinity` and 2**70 are what they are in Python. stdout: one outcome a line, in the same order.
"""

import json
import sys

from drivers.client_app import call
from drivers.outcome import outcome_of

TIMEOUT_SECONDS = 20

calls = [json.loads(line) for line in sys.stdin if line.strip()]
results = [call(line["task"], line["queue"], line.get("args"), line.get("kwargs")) for line in calls]
for result in results:
    print(json.dumps(outcome_of(result, TIMEOUT_SECONDS)), flush=True)
