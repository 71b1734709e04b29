"""A steady load of Celery calls, with confirms, sent at their rate whatever becomes of those before.

    python3 python-caller.py --rate 20 --records DIR --name python

BROKER_URL_FILE names the file of the broker's URL, or of several with `;` between. When the link to the broker fails, a
new one is made, with a new reply queue; what was not confirmed is sent again under its id, and answers that went to the
old queue are given up after their time. SIGTERM: no new calls, open ones are waited for, at most 30 s; the last line on
standard output counts what happened.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections import deque

from calculator_tasks import Call
from call_records import CallRecords
from celery_link import LINK_ERRORS, CeleryLink

ANSWER_WITHIN_SECONDS = 30
DRAIN_SECONDS = 30
RELINK_AFTER_SECONDS = 1
POLL_SECONDS = 0.05


class Caller:
    def __init__(self, broker_url, records):
        self.skipped = 0
        self._broker_url = broker_url
        self._records = records
        self._link = None
        self._link_due = 0.0
        self._unsent = deque()
        self._open = {}  # by task id: when its answer is due, and its AsyncResult, which must be kept for that

    @property
    def is_idle(self):
        return not self._unsent and not self._open

    def call(self):
        """One more call, unless there is no broker to send it to."""
        if self._link is None:
            self.skipped += 1
        else:
            self._unsent.append(Call())

    def step(self, seconds):
        """Send what is to be sent, then hear answers for about this long."""
        try:
            if self._link is None:
                self._connect(seconds)
            while self._link is not None and self._unsent:
                self._send(self._unsent[0])
                self._unsent.popleft()
                self._link.poll(0)  # confirms may be slow, and answers must not wait for all of them
            if self._link is not None:
                self._link.poll(seconds)
        except LINK_ERRORS as error:
            self._unlink(error)
        self._give_up_late()

    def abandon(self):
        """Note of everything open that nobody waits for it any more."""
        for call in self._unsent:
            if call.attempts > 0:
                self._records.append("unanswered", call.id, reason="the caller was stopped before it was confirmed")
        for task_id in self._open:
            self._records.append("unanswered", task_id, reason="the caller was stopped")

    def _connect(self, seconds):
        if time.monotonic() < self._link_due:
            time.sleep(seconds)
            return
        self._link_due = time.monotonic() + RELINK_AFTER_SECONDS
        self._link = CeleryLink(self._broker_url)

    def _send(self, call):
        call.attempts += 1
        self._records.append("sending", call.id, task=call.task, args=call.args, attempt=call.attempts)
        try:
            result = self._link.send(call, self._on_answer)
        except LINK_ERRORS as error:
            # a nack too: the broker does not say that no queue has it
            self._records.append("unconfirmed", call.id, reason=describe(error))
            raise
        self._records.append("confirmed", call.id)
        # an answer may have been taken while the confirm was awaited
        if not result.on_ready.ready:
            self._open[call.id] = (time.monotonic() + ANSWER_WITHIN_SECONDS, result)

    def _on_answer(self, result):
        self._open.pop(result.id, None)
        if result.state == "SUCCESS":
            self._records.append("answered", result.id, result=result.result)
        else:
            error = result.result
            failure = {"type": type(error).__name__, "message": str(error)}
            self._records.append("answered", result.id, failure=failure)

    def _unlink(self, error):
        print(f"the link to the broker failed: {describe(error)}", file=sys.stderr, flush=True)
        if self._link is not None:
            self._link.close()
            self._link = None

    def _give_up_late(self):
        now = time.monotonic()
        for task_id in [task_id for task_id, (due, _) in self._open.items() if due < now]:
            del self._open[task_id]
            self._records.append("unanswered", task_id, reason=f"no answer within {ANSWER_WITHIN_SECONDS} s")


def describe(error):
    return f"{type(error).__name__}: {error}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=20, help="calls per second")
    parser.add_argument("--records", required=True, help="folder of the records")
    parser.add_argument("--name", default="python", help="name of this caller")
    options = parser.parse_args()
    with open(os.environ["BROKER_URL_FILE"]) as file:
        broker_url = file.read().strip()

    stopping = False

    def stop(_signal, _frame):
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)

    records = CallRecords(options.records, options.name)
    caller = Caller(broker_url, records)
    interval = 1 / options.rate
    due = time.monotonic()
    while not stopping:
        while due <= time.monotonic():
            caller.call()
            due += interval
        caller.step(min(POLL_SECONDS, max(0, due - time.monotonic())))
    deadline = time.monotonic() + DRAIN_SECONDS
    while not caller.is_idle and time.monotonic() < deadline:
        caller.step(POLL_SECONDS)
    caller.abandon()
    print(json.dumps({**records.totals, "skipped": caller.skipped}), flush=True)


main()
