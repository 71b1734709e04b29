"""Tells which messages Celery makes of a signature when a task that has it as callback or next step has ended.

Nothing is sent. stdin: a line a case, `{"signature": ..., "chain": [...] | null}`; stdout: a line a case,
`{"calls": [{"headers": ..., "priority": ..., "body": [args, kwargs, embed], "route": ...}], "children": [...]}`. The task
has ended with 5, its id is `parent`, that of its root `root`.
"""

import json
import sys

from celery import Celery

app = Celery("canvas", broker="memory://", backend="rpc://")
calls, children = [], []


def keep(producer, name, message, exchange=None, routing_key=None, queue=None, priority=0, **options):
    args, kwargs, embed = message.body
    route = {"exchange": exchange, "routing_key": routing_key, "queue": getattr(queue, "name", queue)}
    headers = {**message.headers, **(options.get("headers") or {})}
    calls.append({"headers": headers, "priority": priority, "body": [list(args), kwargs, embed], "route": route})


class Parent:
    """The task that has ended, as far as sending asks for it."""

    class request:
        id, root_id, delivery_info, stamped_headers, stamps = "parent", "root", {}, None, None

    @staticmethod
    def add_trail(result):
        children.append(result.as_tuple())
        return result


app.amqp.__dict__["send_task_message"] = keep
app.backend.on_task_call = lambda *args, **kwargs: None
type(app).current_worker_task = Parent

for line in sys.stdin:
    if not line.strip():
        continue
    case = json.loads(line)
    calls.clear()
    children.clear()
    options = {} if case["chain"] is None else {"chain": case["chain"]}
    app.signature(case["signature"]).apply_async((5,), parent_id="parent", root_id="root", **options)
    print(json.dumps({"calls": calls, "children": children}), flush=True)
