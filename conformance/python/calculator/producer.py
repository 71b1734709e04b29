"""The producer: `GET /create_tasks/<count>` publishes one call of each operation, `count` times."""

import random

from flask import Flask

from calculator import addition, division, multiplication, subtraction

flask_app = Flask(__name__)

operations = (
    (addition.add, addition.fakeadd),
    (subtraction.subtract, subtraction.fakesubtract),
    (multiplication.multiply, multiplication.fakemultiply),
    (division.divide, division.fakedivide),
)


@flask_app.route("/create_tasks/<int:count>")
def create_tasks(count):
    for _ in range(count):
        payload = {"num_1": random.randint(1, 100), "num_2": random.randint(0, 100)}
        for tasks in operations:
            random.choice(tasks).apply_async(args=[payload])
    return f"Done {count}"
