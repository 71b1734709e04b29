"""The append-only record of one caller, one JSON line for each event, in `<folder>/callers/<name>.jsonl`."""

import json
import os
import time
from collections import Counter


class RecordError(Exception):
    """An event could not be written. Nothing is to go on then, as it would prove nothing."""


class CallRecords:
    def __init__(self, folder, name):
        callers = os.path.join(folder, "callers")
        os.makedirs(callers, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(os.path.join(callers, f"{name}.jsonl"), flags, 0o644)
        self.totals = Counter()

    def append(self, event, task_id, **fields):
        """Write one event; it is in the file, for whoever reads it, when this returns."""
        record = {"at": int(time.time() * 1000), "event": event, "id": task_id, **fields}
        line = (json.dumps(record) + "\n").encode()
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise RecordError(f"a record cannot be written: {error}") from error
        if written != len(line):
            raise RecordError(f"wrote {written} of {len(line)} bytes of a record")
        self.totals[event] += 1
