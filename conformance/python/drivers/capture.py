"""Takes messages out of a queue and shows them to the byte: properties, header table with AMQP types, body.

Usage: capture.py QUEUE COUNT. stdout: a line a message. Header values are shown by repr, so that 1, 1.0 and True differ.
"""

import base64
import json
import struct
import sys

from amqp.basic_message import Message

from drivers.broker_connection import connect

TIMEOUT_SECONDS = 10
# the AMQP type letter is not kept by py-amqp: note the bytes it reads the properties from
load_properties = Message._load_properties


def load_and_note(self, class_id, buf=b"", offset=0):
    self.raw_properties = bytes(buf[offset:])
    return load_properties(self, class_id, buf, offset)


Message._load_properties = load_and_note


def read_types(raw, at):
    """AMQP's type letters of a field table that begins at `at`: {name: letter}, a table or array as [letter, inside]."""
    end = at + 4 + struct.unpack_from(">I", raw, at)[0]
    at += 4
    types = {}
    while at < end:
        length = raw[at]
        name = raw[at + 1 : at + 1 + length].decode()
        types[name], at = read_type(raw, at + 1 + length)
    return types


FIXED = {"t": 1, "b": 1, "B": 1, "s": 2, "u": 2, "I": 4, "i": 4, "l": 8, "L": 8, "f": 4, "d": 8, "D": 5, "T": 8, "V": 0}


def read_type(raw, at):
    letter = chr(raw[at])
    at += 1
    if letter in FIXED:
        return letter, at + FIXED[letter]
    length = struct.unpack_from(">I", raw, at)[0]
    end = at + 4 + length
    if letter == "F":
        return [letter, read_types(raw, at)], end
    if letter == "A":
        inside, at = [], at + 4
        while at < end:
            one, at = read_type(raw, at)
            inside.append(one)
        return [letter, inside], end
    return letter, end


def header_types(raw):
    """Content type and encoding are short strings that precede the table; flag bits say which of them are there."""
    flags, at = struct.unpack_from(">H", raw)[0], 2
    for bit in (15, 14):
        if flags & 1 << bit:
            at += 1 + raw[at]
    return read_types(raw, at) if flags & 1 << 13 else None


def shown(message):
    properties = dict(message.properties)
    headers = properties.pop("application_headers", None)
    return {
        "exchange": message.delivery_info["exchange"],
        "routing_key": message.delivery_info["routing_key"],
        "properties": {name: repr(value) for name, value in properties.items()},
        "headers": [[name, repr(value)] for name, value in (headers or {}).items()],
        "header_types": header_types(message.raw_properties),
        "body": base64.b64encode(message.body if isinstance(message.body, bytes) else message.body.encode()).decode(),
    }


queue, count = sys.argv[1], int(sys.argv[2])
connection = connect()
channel = connection.channel()
taken = []


def on_message(message):
    taken.append(message)
    channel.basic_ack(message.delivery_tag)


channel.basic_qos(0, 1, False)
channel.basic_consume(queue, callback=on_message)
while len(taken) < count:
    connection.drain_events(timeout=TIMEOUT_SECONDS)
connection.close()
for message in taken:
    print(json.dumps(shown(message)))
