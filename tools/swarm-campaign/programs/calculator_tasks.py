"""The calculator's tasks by name, with the queue that each is sent to; and random calls of them."""

import random
import uuid

from kombu import Queue

QUEUES = {
    "add": "addition",
    "fakeadd": "addition",
    "subtract": "subtraction",
    "fakesubtract": "subtraction",
    "multiply": "multiplication",
    "fakemultiply": "multiplication",
    "divide": "division",
    "fakedivide": "division",
}

# The user of callers may publish to the queues; workers and the broker's definitions declare them.
TASK_QUEUES = [Queue(name, no_declare=True) for name in sorted(set(QUEUES.values()))]


class Call:
    """One call of a task, however often it is sent."""

    def __init__(self):
        self.id = str(uuid.uuid4())
        self.task = random.choice(list(QUEUES))
        self.args = [{"num_1": _random_operand(), "num_2": _random_operand()}]
        self.attempts = 0

    @property
    def queue(self):
        return QUEUES[self.task]


def _random_operand():
    """Every form that a client may give a number in; zero often enough for divisions by it."""
    integer = random.randint(-1000, 1000)
    fraction = round(random.uniform(-1000, 1000), 3)
    zero = random.choice([0, 0.0, "0", "0.0"])
    return random.choice([integer, fraction, float(integer), str(integer), str(fraction), f"{integer}e-2", zero])
