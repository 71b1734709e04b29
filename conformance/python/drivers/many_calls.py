"""Makes `count` calls spread over the four queues and checks every answer.

Usage: many_calls.py COUNT. stdout: `{"right": n, "wrong": [...], "seconds": s}`.
"""

import itertools
import json
import random
import sys
import time

from drivers.client_app import call
from drivers.expected import QUEUES, expected_result, is_right

TIMEOUT_SECONDS = 30
# calls under way at a time: enough to keep all workers busy, few enough that replies do not pile up
WINDOW = 1000
WRONG_SHOWN = 5

count = int(sys.argv[1])
chooser = random.Random(7)
started = time.monotonic()
right, wrong = 0, []
verbs = itertools.cycle(QUEUES)


def next_call():
    verb = next(verbs)
    payload = {"num_1": chooser.uniform(-1e6, 1e6), "num_2": chooser.randint(-3, 3)}
    return verb, payload, call(verb, QUEUES[verb], args=[payload])


remaining = count
while remaining:
    window = [next_call() for _ in range(min(WINDOW, remaining))]
    remaining -= len(window)
    for verb, payload, result in window:
        value = result.get(timeout=TIMEOUT_SECONDS)
        if is_right(verb, payload, value):
            right += 1
        else:
            wrong.append({"task": verb, "payload": payload, "got": repr(value), "expected": repr(expected_result(verb, payload))})

print(json.dumps({"right": right, "wrong": wrong[:WRONG_SHOWN], "seconds": time.monotonic() - started}))
