"""The worker of queue `conformance.canvas.py`."""

import os

from celery import Celery

app = Celery("canvas", broker=os.environ["CELERY_BROKER_URL"], backend="rpc://")
app.conf.task_default_queue = "conformance.canvas.py"


@app.task(name="canvas.add")
def add(x, y):
    return x + y


@app.task(name="canvas.multiply")
def multiply(x, y):
    return x * y


@app.task(name="canvas.fail")
def fail(*args):
    raise ValueError("bad")


@app.task(name="canvas.echo")
def echo(first, extra=None):
    return [first, extra]


@app.task(name="canvas.note")
def note(failed_id):
    # one argument alone, so that as an errback it is sent and not called in the process
    return f"noted {failed_id}"
