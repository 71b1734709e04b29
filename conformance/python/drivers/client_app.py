"""A Celery app that knows no task: all it has is the broker, as a script with only `celery` installed would."""

import os

from celery import Celery

app = Celery("conformance", broker=os.environ["CELERY_BROKER_URL"], backend="rpc://")
