"""Calls every task of the calculator through the broker with arguments good and bad, and compares each answer, value or
exception with its type and text, to what a Python worker would give: the tasks below, run here.

    python3 contract_calls.py

BROKER_URL_FILE names the file of the broker's URL. One line for each answer that differs, then `N passed, N failed`;
exit code 1 when one failed.
"""

import os
import sys

from celery import Celery

from calculator_tasks import QUEUES, TASK_QUEUES

ANSWER_WITHIN_SECONDS = 60


def operands(payload):
    return float(payload["num_1"]), float(payload["num_2"])


def add(payload):
    first, second = operands(payload)
    return first + second


def subtract(payload):
    first, second = operands(payload)
    return first - second


def multiply(payload):
    first, second = operands(payload)
    return first * second


def divide(payload):
    first, second = operands(payload)
    return first / second if second != 0 else "ND"


TASKS = {
    "add": add,
    "fakeadd": lambda payload: "add",
    "subtract": subtract,
    "fakesubtract": lambda payload: "subtract",
    "multiply": multiply,
    "fakemultiply": lambda payload: "multiply",
    "divide": divide,
    "fakedivide": lambda payload: "divide",
}

PAIRS = [
    (7, 2), (1, 3), (0, 0), (-7, 2), (7, -2), (0, -5), (100, 100), (2**53 + 1, 1), (2**70, 3), (10**308, 10),
    (10**309, 1), (1, -(10**400)), (0.1, 0.2), (7.0, 2.0), (-0.0, -0.0), (5e-324, 2), (1e308, 1e308), (1e-200, 1e-200),
    (1e16, 1), (1.7976931348623157e308, -1.0), (7, 0), (7, 0.0), (7, -0.0), (7, "0"), (7, "-0"), (7, "0.0"), (0, "0"),
    (7, False), (True, True), (False, 1), ("7", "2"), ("7.5", 2), ("-7.5", "+2"), (".5", "5."), ("1e3", "1E-2"),
    ("1e400", 1), (" 12 ", "\t3\n"), ("\u00a05\u2003", 1), ("1_000", "1_0.0_1"), ("1__0", 1), ("_1", 1), ("\uff11\uff12", "\u0663.\u0665"),
    ("0.1000000000000000055511151231257827", 1), ("abc", 1), (1, "abc"), ("bad", "worse"), ("abc", 0), ("", 1),
    (" ", 1), ("0x10", 1), ("1,5", 1), ("1 2", 1), ("it's", 1), ('say "hi"', 1), ("a\nb", 1), ("h\u00e9", 1),
    ("\u200b5", 1), (None, 1), (1, None), ([], 1), (1, {}), ([1], {"num_1": 1}),
]  # fmt: skip

PAYLOADS = [
    *({"num_1": first, "num_2": second} for first, second in PAIRS),
    {"num_2": 2},
    {"num_1": 2},
    {"num_1": "abc"},
    {},
    {"num_1": 1, "num_2": 2, "num_3": "x"},
]


def outcome_of(call):
    """What a caller sees: the value with its type, or the exception with its type, arguments and text."""
    try:
        value = call()
    except Exception as error:  # whatever it is, is what is to be compared
        return f"{type(error).__module__}.{type(error).__name__}{error.args!r} {str(error)!r}"
    return f"{type(value).__name__} {value!r}"


def main():
    with open(os.environ["BROKER_URL_FILE"]) as file:
        app = Celery("contract", broker=file.read().strip(), backend="rpc://")
    app.conf.task_queues = TASK_QUEUES
    sent = []
    for name in TASKS:
        for payload in PAYLOADS:
            result = app.send_task(name, args=[payload], queue=QUEUES[name])
            # without this, answers that come before they are asked for would be buffered, and some dropped
            app.backend.add_pending_result(result)
            sent.append((name, payload, result))
    failed = 0
    for name, payload, result in sent:
        expected = outcome_of(lambda: TASKS[name](payload))
        got = outcome_of(lambda: result.get(timeout=ANSWER_WITHIN_SECONDS))
        if got != expected:
            failed += 1
            print(f"{name}({payload!r}): expected {expected}, got {got}")
    print(f"{len(sent) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
