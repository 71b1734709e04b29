"""Publishes calls and does not wait for answers.

stdin: one call a line, `{"way": "send_task" | "apply_async" | "apply_async_tuple", "task", "queue", "args", "kwargs", "options"}`;
`send_task` by name, the others on the calculator's own task objects; `apply_async_tuple` gives the arguments as a tuple,
which is what `delay` does, and still lets the caller choose the task's id.
"""

import json
import sys

from calculator import addition, division, multiplication, subtraction
from drivers.client_app import app

TASKS = {
    task.name: task
    for task in (
        addition.add, addition.fakeadd, subtraction.subtract, subtraction.fakesubtract,
        multiplication.multiply, multiplication.fakemultiply, division.divide, division.fakedivide,
    )
}

for line in sys.stdin:
    call = json.loads(line)
    name, args, kwargs, options = call["task"], call.get("args", []), call.get("kwargs", {}), call.get("options", {})
    if call["way"] == "send_task":
        app.send_task(name, args=args, kwargs=kwargs, queue=call["queue"], **options)
    elif call["way"] == "apply_async_tuple":
        TASKS[name].apply_async(args=tuple(args), kwargs=kwargs, **options)
    else:
        TASKS[name].apply_async(args=args, kwargs=kwargs, **options)
