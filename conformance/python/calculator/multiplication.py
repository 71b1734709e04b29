"""The worker of queue `multiplication`."""

from celery import Task

from calculator.create_worker import create_worker


class Multiply(Task):
    name = "multiply"

    @staticmethod
    def run(payload):
        first = float(payload["num_1"])
        second = float(payload["num_2"])
        return first * second


class FakeMultiply(Task):
    name = "fakemultiply"

    @staticmethod
    def run(payload):
        return "multiply"


app, multiply, fakemultiply = create_worker("multiplication", Multiply, FakeMultiply)
