"""Serves the unmodified Flask producer over HTTP, requests `/create_tasks/COUNT` of it once, and checks every task it sent.

Usage: flask_calls.py COUNT. stdout: `{"status": 200, "body": "Done n", "sent": {task: n}, "right": n, "wrong": [...]}`.
"""

import json
import sys
import threading
import urllib.request
from collections import Counter

from celery.result import AsyncResult
from celery.signals import before_task_publish
from werkzeug.serving import WSGIRequestHandler, make_server

from calculator import addition, division, multiplication, producer, subtraction
from drivers.expected import is_right

TIMEOUT_SECONDS = 30
APPS = {
    "addition": addition.app,
    "subtraction": subtraction.app,
    "multiplication": multiplication.app,
    "division": division.app,
}


class QuietHandler(WSGIRequestHandler):
    def log(self, type, message, *args):
        pass


sent = []


@before_task_publish.connect
def note_call(sender=None, headers=None, body=None, routing_key=None, **_):
    sent.append((sender, headers["id"], body[0][0], routing_key))


count = int(sys.argv[1])
server = make_server("127.0.0.1", 0, producer.flask_app, threaded=False, request_handler=QuietHandler)
answer = {}


def request():
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/create_tasks/{count}") as response:
        answer.update(status=response.status, body=response.read().decode())


browser = threading.Thread(target=request)
browser.start()
# the request is served in this thread: rpc:// keeps one reply queue a thread, and the results are read in this one
server.handle_request()
browser.join()
server.server_close()

right, wrong = 0, []
for task, task_id, payload, queue in sent:
    value = AsyncResult(task_id, app=APPS[queue]).get(timeout=TIMEOUT_SECONDS)
    if is_right(task, payload, value):
        right += 1
    else:
        wrong.append({"task": task, "payload": payload, "got": repr(value)})

print(json.dumps({**answer, "sent": Counter(queue for _, _, _, queue in sent), "right": right, "wrong": wrong}))
