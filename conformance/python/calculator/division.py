"""The worker of queue `division`."""

from celery import Task

from calculator.create_worker import create_worker


class Divide(Task):
    name = "divide"

    @staticmethod
    def run(payload):
        first = float(payload["num_1"])
        second = float(payload["num_2"])
        return first / second if second != 0 else "ND"


class FakeDivide(Task):
    name = "fakedivide"

    @staticmethod
    def run(payload):
        return "divide"


app, divide, fakedivide = create_worker("division", Divide, FakeDivide)
