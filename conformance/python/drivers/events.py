"""Calls tasks and watches them as a monitor does, with Celery's own event receiver and state.

stdin: one call a line, as for `drivers.call`. stdout: for each call, in the same order, the events that came of it and what
the state makes of them; then a line for each worker that was heard of. It listens before it calls, and ends when every task
has an end and every worker has sent a heartbeat.
"""

import json
import sys

from celery.events.receiver import EventReceiver
from celery.states import READY_STATES

from drivers.client_app import app, call

TIMEOUT_SECONDS = 30

calls = [json.loads(line) for line in sys.stdin if line.strip()]
state = app.events.State()
ids = []
events = []


def call_all():
    for line in calls:
        ids.append(call(line["task"], line["queue"], line.get("args"), line.get("kwargs")).id)


def is_over():
    tasks = [state.tasks.get(each) for each in ids]
    beating = {event["hostname"] for event in events if event["type"] == "worker-heartbeat"}
    return beating and beating >= set(state.workers) and all(task and task.state in READY_STATES for task in tasks)


class Monitor(EventReceiver):
    def on_consume_ready(self, *args, **kwargs):
        super().on_consume_ready(*args, **kwargs)
        call_all()


def on_event(event):
    events.append(event)
    state.event(event)
    monitor.should_stop = is_over()


def types_of(uuid):
    return [event["type"] for event in events if event.get("uuid") == uuid]


with app.connection_for_read() as connection:
    monitor = Monitor(connection, handlers={"*": on_event}, app=app)
    monitor.capture(limit=None, timeout=TIMEOUT_SECONDS, wakeup=False)

for uuid in ids:
    task = state.tasks[uuid]
    line = {name: getattr(task, name) for name in ("name", "state", "args", "kwargs", "result", "exception", "retries")}
    line |= {"events": types_of(uuid), "worker": task.worker.hostname, "isFromRoot": task.root_id == uuid}
    print(json.dumps(line | {"runtime": type(task.runtime).__name__}), flush=True)
for worker in state.workers.values():
    line = {name: getattr(worker, name) for name in ("hostname", "alive", "freq", "sw_ident", "processed", "active")}
    print(json.dumps(line), flush=True)
