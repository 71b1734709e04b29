"""The worker of queue `addition`."""

from celery import Task

from calculator.create_worker import create_worker


class Add(Task):
    name = "add"

    @staticmethod
    def run(payload):
        first = float(payload["num_1"])
        second = float(payload["num_2"])
        return first + second


class FakeAdd(Task):
    name = "fakeadd"

    @staticmethod
    def run(payload):
        return "add"


app, add, fakeadd = create_worker("addition", Add, FakeAdd)
