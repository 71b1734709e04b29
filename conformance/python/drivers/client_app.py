"""A Celery app that knows no task: all it has is the broker, as a script with only `celery` installed would."""

import os

from celery import Celery

app = Celery("conformance", broker=os.environ["CELERY_BROKER_URL"], backend="rpc://")


def call(task, queue, args=None, kwargs=None):
    """Send a call by name; return its AsyncResult, which takes its reply whenever that arrives.

    `queue` is a name, or a kombu `Queue` where it must not be declared as Celery would.

    Without that, Celery 5.2's `get` waits up to a second for each reply that came while another was waited for.
    """
    result = app.send_task(task, args=args, kwargs=kwargs, queue=queue)
    app.backend.add_pending_result(result)
    return result
