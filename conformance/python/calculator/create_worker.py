"""One Celery app per operation, with its class-based tasks."""

import os

from celery import Celery


def create_worker(name, *task_classes):
    """Return the app that consumes queue `name`, and its registered tasks in the order given."""
    app = Celery(name, broker=os.environ["CELERY_BROKER_URL"], backend="rpc://")
    # exchange, queue and routing key all take the worker's name
    app.conf.task_default_queue = name
    return app, *(app.register_task(task_class()) for task_class in task_classes)
