"""Composes tasks and tells what comes of them.

Usage: canvas.py A B C, each `ts` or `py`: which worker runs the first, second and third task of each composition.
stdout: a line a composition, `{"name": ..., "outcomes": [...], "shape": ...}`; ids are replaced by names.
"""

import json
import sys
import uuid

from celery import chain, group

from drivers.client_app import app
from drivers.outcome import outcome_of

TIMEOUT_SECONDS = 20
FIRST, SECOND, THIRD = (f"conformance.canvas.{language}" for language in sys.argv[1:4])
names = {}


def task(name, queue, *args, immutable=False, **options):
    return app.signature(f"canvas.{name}", args=args, immutable=immutable, options={"queue": queue, **options})


def awaited(signature, name):
    """The signature with an id and a reply queue, and its result: callbacks have none of their own with rpc://."""
    task_id = str(uuid.uuid4())
    names[task_id] = name
    result = app.AsyncResult(task_id)
    app.backend.add_pending_result(result)
    return signature.set(task_id=task_id, reply_to=app.backend.oid), result


def line_of(result):
    """A result and its parents, the first of them first."""
    line = []
    while result is not None:
        line.insert(0, result)
        result = result.parent
    return line


def children_of(result):
    """How many calls each child stands for."""
    return [len(child.results) if hasattr(child, "results") else 1 for child in result.children]


def show(name, results, shape=lambda: None):
    """`shape` is asked once the results are there: children come with them."""
    outcomes = [outcome_of(result, TIMEOUT_SECONDS) for result in results]
    text = json.dumps({"name": name, "outcomes": outcomes, "shape": shape()})
    for task_id, known in names.items():
        text = text.replace(task_id, known)
    print(text, flush=True)


add, multiply, third = task("add", FIRST, 2.0, 3.0), task("multiply", SECOND, 4.0), task("add", THIRD, 10.0)

result = chain(add, multiply, third, app=app).apply_async()
show("chain", line_of(result), lambda: [children_of(step) for step in line_of(result)])

result = chain(add, task("multiply", SECOND, 7.0, 6.0, immutable=True), third, app=app).apply_async()
show("chain with an immutable step", line_of(result))

result = chain(task("echo", FIRST, 2**70), task("echo", SECOND, "\u00e9"), task("echo", THIRD, None), app=app).apply_async()
show("chain of values of all kinds", line_of(result)[-1:])

result = chain(task("fail", FIRST), multiply, third, app=app).apply_async()
show("chain whose first step fails", line_of(result))

result = chain(add, task("fail", SECOND), third, app=app).apply_async()
show("chain whose second step fails", line_of(result))

result = chain(add, group([task("multiply", queue, 2.0) for queue in (FIRST, SECOND, THIRD)], app=app), app=app).apply_async()
show("chain that ends in a group", [result.parent, *result.results], lambda: children_of(result.parent))

result = group([task("add", (FIRST, SECOND, THIRD)[n % 3], float(n), 0.5) for n in range(10)], app=app).apply_async()
show("group of ten", result.results)

callback, called = awaited(task("multiply", SECOND, 10.0), "callback")
result = task("add", FIRST, 2.0, 3.0).apply_async(link=callback)
show("callback", [result, called], lambda: children_of(result))

callbacks, called = zip(awaited(task("multiply", SECOND, 10.0), "one"), awaited(task("echo", THIRD, "imm", immutable=True), "two"))
result = task("add", FIRST, 2.0, 3.0).apply_async(link=list(callbacks))
show("two callbacks", [result, *called], lambda: children_of(result))

step, called = awaited(task("add", THIRD, 1.0), "last")
result = task("add", FIRST, 2.0, 3.0).apply_async(link=chain(task("multiply", SECOND, 2.0), step, app=app))
show("callback that is a chain", [result, called], lambda: children_of(result))

errback, called = awaited(task("note", SECOND), "errback")
result = task("fail", FIRST).apply_async(link_error=errback)
names[result.id] = "failed"
show("errback", [result, called])

errback, called = awaited(task("note", THIRD), "errback of the chain")
failing = task("fail", SECOND)
failing.link_error(errback)
result = chain(add, failing, third, app=app).apply_async()
names[result.parent.id] = "failed step"
show("errback of a step", [*line_of(result), called])
