"""The worker of queue `subtraction`."""

from celery import Task

from calculator.create_worker import create_worker


class Subtract(Task):
    name = "subtract"

    @staticmethod
    def run(payload):
        first = float(payload["num_1"])
        second = float(payload["num_2"])
        return first - second


class FakeSubtract(Task):
    name = "fakesubtract"

    @staticmethod
    def run(payload):
        return "subtract"


app, subtract, fakesubtract = create_worker("subtraction", Subtract, FakeSubtract)
