"""What the calculator must answer, from Python's own arithmetic."""

QUEUES = {"add": "addition", "subtract": "subtraction", "multiply": "multiplication", "divide": "division"}


def expected_result(task, payload):
    if task.startswith("fake"):
        return task[len("fake"):]
    first, second = float(payload["num_1"]), float(payload["num_2"])
    if task == "add":
        return first + second
    if task == "subtract":
        return first - second
    if task == "multiply":
        return first * second
    return first / second if second != 0 else "ND"


def is_right(task, payload, value):
    """Equal, and of the same type: 9 is not 9.0."""
    expected = expected_result(task, payload)
    return type(value) is type(expected) and value == expected
