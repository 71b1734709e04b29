"""Every way a message can be wrong, as functions from a random source to a message.

A kind's `outcome`: "refused" (rejected without a word), "refused and told" (rejected, and the caller gets a FAILURE), or
"settled" for damage that is random and may leave a message that is still good: rejected, or run and answered.

Damage to the frame or to the encoding of the header table never reaches a worker: RabbitMQ decodes both on publishing
and closes the publisher's connection.
"""

import datetime
import decimal
import json
import pickle
import zlib
from dataclasses import dataclass, field
from typing import Any, Callable

REFUSED, TOLD, SETTLED = "refused", "refused and told", "settled"
JSON = {"content_type": "application/json", "content_encoding": "utf-8"}
GOOD_ARGS = [{"num_1": 7, "num_2": 2}]
GOOD_BODY = json.dumps([GOOD_ARGS, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
KNOWN_TASK = "add"
DEEP = 100_000


@dataclass(frozen=True)
class Message:
    body: bytes
    headers: dict[str, Any]
    properties: dict[str, Any] = field(default_factory=lambda: dict(JSON))


@dataclass(frozen=True)
class Kind:
    name: str
    outcome: str
    make: Callable[..., Message]


def task_headers(task_id, **changes):
    headers = {
        "lang": "py", "task": KNOWN_TASK, "id": task_id, "shadow": None, "eta": None, "expires": None, "group": None,
        "group_index": None, "retries": 0, "timelimit": [None, None], "root_id": task_id, "parent_id": None,
        "argsrepr": repr(GOOD_ARGS), "kwargsrepr": "{}", "origin": "gen1@conformance", "ignore_result": False,
        "replaced_task_nesting": 0, "stamped_headers": None, "stamps": {},
    }
    headers.update(changes)
    return headers


def v2(body=GOOD_BODY, properties=None, **changes):
    """A maker of protocol 2 messages that are good but for what is given here."""

    def make(_random, task_id):
        raw = body if isinstance(body, bytes) else body.encode()
        return Message(raw, task_headers(task_id, **changes), {**JSON, **(properties or {})})

    return make


def v1(body):
    """A maker of messages without task headers; `{id}` in the body becomes the task's id."""
    return lambda _random, task_id: Message(body.replace("{id}", task_id).encode(), {})


def without_header(name):
    def make(_random, task_id):
        headers = task_headers(task_id)
        del headers[name]
        return Message(GOOD_BODY.encode(), headers)

    return make


def without_properties(*names):
    def make(_random, task_id):
        return Message(GOOD_BODY.encode(), task_headers(task_id), {k: v for k, v in JSON.items() if k not in names})

    return make


def random_bytes(random, task_id):
    return Message(random.randbytes(random.randint(1, 200)), task_headers(task_id))


def random_bytes_without_headers(random, _task_id):
    return Message(random.randbytes(random.randint(1, 200)), {}, {})


def flipped_bits(random, task_id):
    body = bytearray(GOOD_BODY.encode())
    for _ in range(random.randint(1, 3)):
        body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return Message(bytes(body), task_headers(task_id))


def truncated(random, task_id):
    body = GOOD_BODY.encode()
    return Message(body[: random.randrange(len(body))], task_headers(task_id))


# no NaN: RabbitMQ cannot read it as a double and ends the connection of its publisher
WRONG_VALUES = (
    True, -1, 2**40, -1.5, "", "nonsense", "\u0000", "x" * 5000, b"\xff\xfe", [], [1, [2, [3]]], {},
    {"__proto__": {"polluted": True}}, {"constructor": 1}, [None] * 50, datetime.datetime(2024, 5, 6), decimal.Decimal("1.5"),
)
# `ignore_result` is left alone: a run that was asked to keep its result to itself could not be counted
DAMAGED_HEADERS = tuple(name for name in task_headers("") if name != "ignore_result") + ("compression", "__proto__")


def damaged_headers(random, task_id):
    chosen = random.sample(DAMAGED_HEADERS, random.randint(1, 4))
    return Message(GOOD_BODY.encode(), task_headers(task_id, **{name: random.choice(WRONG_VALUES) for name in chosen}))


KINDS = (
    # SPEC 7.3, in its order
    Kind("no task anywhere", REFUSED, v1('{"foo": 1}')),
    Kind("protocol 1, undecodable", REFUSED, v1("{not json")),
    Kind("protocol 2, undecodable", REFUSED, v2("{not json")),
    Kind("corrupt compression", REFUSED, v2(b"not zlib", compression="application/x-gzip")),
    Kind("truncated compression", REFUSED, v2(zlib.compress(GOOD_BODY.encode())[:-6], compression="application/x-gzip")),
    Kind("unknown compression", REFUSED, v2(compression="application/nope")),
    Kind("unknown typed JSON", REFUSED, v2('[[{"__type__": "nope", "__value__": 1}], {}, {}]')),
    Kind("malformed typed JSON", REFUSED, v2('[[{"__type__": "datetime", "__value__": "yesterday"}], {}, {}]')),
    Kind("pickle", REFUSED, v2(
        pickle.dumps((GOOD_ARGS, {}, {})),
        {"content_type": "application/x-python-serialize", "content_encoding": "binary"},
    )),
    Kind("yaml", REFUSED, v2("- - 1\n- {}\n- {}\n", {"content_type": "application/x-yaml"})),
    Kind("unknown content type", REFUSED, v2(properties={"content_type": "application/x-nope"})),
    Kind("text/plain", REFUSED, v2(properties={"content_type": "text/plain"})),
    Kind("eta is no date", REFUSED, v2(eta="not a date")),
    Kind("eta is a number", REFUSED, v2(eta=12)),
    Kind("expires is no date", REFUSED, v2(expires="nope")),
    Kind("kwargs are a list", TOLD, v2(json.dumps([GOOD_ARGS, [1], {}]))),
    Kind("kwargs are a string", TOLD, v2(json.dumps([GOOD_ARGS, "kwargs", {}]))),
    Kind("no id", REFUSED, without_header("id")),
    Kind("body of one element", REFUSED, v2("[[1, 2]]")),
    Kind("body of four elements", REFUSED, v2("[[], {}, {}, {}]")),
    Kind("body is a string", REFUSED, v2('"abc"')),
    Kind("body is null", REFUSED, v2("null")),
    Kind("no content type", REFUSED, without_properties("content_type", "content_encoding")),
    # SPEC 7.2
    Kind("unknown task", TOLD, v2(task="no.such.task")),
    Kind("task named like a property of every object", TOLD, v2(task="constructor")),
    # beyond the list
    Kind("empty body", REFUSED, v2(b"")),
    Kind("invalid UTF-8", REFUSED, v2(b'[["\xff\xfe"], {}, {}]')),
    Kind("byte order mark", REFUSED, v2(b"\xef\xbb\xbf" + GOOD_BODY.encode())),
    Kind("text after the value", REFUSED, v2(GOOD_BODY + " 1")),
    Kind("args are no list", REFUSED, v2('[7, {}, {}]')),
    Kind("protocol 1, no id", REFUSED, v1('{"task": "add", "args": [], "kwargs": {}}')),
    Kind("protocol 1, a list", REFUSED, v1("[1, 2, 3]")),
    Kind("random bytes", REFUSED, random_bytes),
    Kind("random bytes, no headers", REFUSED, random_bytes_without_headers),
    Kind("truncated body", REFUSED, truncated),
    Kind("flipped bits", SETTLED, flipped_bits),
    Kind("damaged headers", SETTLED, damaged_headers),
)

# too large for a thousand of each to say more than a few
LARGE_KINDS = (
    Kind("nesting without end", REFUSED, v2("[" * DEEP)),
    Kind("deep nesting", REFUSED, v2(f"[[{'[' * DEEP}{']' * DEEP}], {{}}, {{}}]")),
    Kind("decompression bomb", REFUSED, v2(zlib.compress(b"[" + b" " * 300_000_000, 9), compression="application/x-gzip")),
)
