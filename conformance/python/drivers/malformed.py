"""Publishes malformed messages to a worker's queue and accounts for each of them.

Usage: malformed.py QUEUE COUNT LARGE_COUNT. The queue must dead-letter into the queue `QUEUE.dead`.

After the messages of a kind comes a good call, whose answer must be 9.0. stdout: a line a kind,
`{"kind", "outcome", "sent", "dead", "failures", "answers", "twice", "lost", "good", "goodSeconds"}`, and a last line
`{"left": n}`, what is still in the queue.
"""

import json
import random
import sys
import time
import uuid
from collections import Counter

import amqp
from kombu import Queue

from drivers.broker_connection import connect
from drivers.client_app import call
from drivers.malformed_kinds import GOOD_ARGS, KINDS, KNOWN_TASK, LARGE_KINDS

SETTLE_SECONDS = 60
GOOD_SECONDS = 10

queue, count, large_count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dead_queue = f"{queue}.dead"
source = random.Random(11)

connection = connect()
channel = connection.channel()
reply_queue = channel.queue_declare(exclusive=True).queue


def publish(kind):
    """Send one message of the kind; its correlation id comes back with the dead letter or the reply."""
    task_id = str(uuid.UUID(int=source.getrandbits(128), version=4))
    made = kind.make(source, task_id)
    channel.basic_publish(
        amqp.Message(
            made.body,
            application_headers=made.headers,
            correlation_id=task_id,
            reply_to=reply_queue,
            delivery_mode=2,
            **made.properties,
        ),
        routing_key=queue,
    )
    return task_id


dead, replies = Counter(), {}


def on_dead(message):
    dead[message.properties["correlation_id"]] += 1


def on_reply(message):
    replies.setdefault(message.properties["correlation_id"], []).append(json.loads(message.body)["status"])


channel.basic_consume(dead_queue, callback=on_dead, no_ack=True)
channel.basic_consume(reply_queue, callback=on_reply, no_ack=True)


def drain_until(condition, seconds):
    """Take what comes until the condition holds; true if it came to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        try:
            connection.drain_events(timeout=min(left, 1))
        except TimeoutError:
            continue
    return True


def good_call():
    """One good call through Celery itself: its answer, and how long it took."""
    started = time.monotonic()
    result = call(KNOWN_TASK, Queue(queue, no_declare=True), args=GOOD_ARGS)
    try:
        value = repr(result.get(timeout=GOOD_SECONDS))
    except Exception as error:  # reported, and compared by the spec
        value = repr(error)
    return value, time.monotonic() - started


def is_accounted(kind, task_id):
    """Settled, and told where a reply is due; a dead letter and its reply take different ways and may cross."""
    if kind.outcome == "refused and told":
        return task_id in dead and task_id in replies
    return task_id in dead or task_id in replies


def account(kind, amount):
    ids = [publish(kind) for _ in range(amount)]
    pending = set(ids)

    def all_settled():
        pending.difference_update([task_id for task_id in pending if is_accounted(kind, task_id)])
        return not pending

    drain_until(all_settled, SETTLE_SECONDS)
    good, good_seconds = good_call()
    # whatever the worker would send once too often was sent before the good task's answer: take it in
    drain_until(lambda: False, 0.05)
    statuses = Counter(status for task_id in ids for status in replies.get(task_id, []))
    return {
        "kind": kind.name,
        "outcome": kind.outcome,
        "sent": len(ids),
        "dead": sum(dead[task_id] for task_id in ids),
        "failures": statuses["FAILURE"],
        "answers": statuses["SUCCESS"],
        "twice": sum(dead[i] > 1 or len(replies.get(i, [])) > 1 for i in ids),
        "lost": len(pending),
        "good": good,
        "goodSeconds": good_seconds,
    }


for kind in KINDS:
    print(json.dumps(account(kind, count)), flush=True)
for kind in LARGE_KINDS:
    print(json.dumps(account(kind, large_count)), flush=True)
print(json.dumps({"left": channel.queue_declare(queue, passive=True).message_count}), flush=True)
connection.close()
