"""Prepares and inspects queues.

Usage: queue_state.py delete QUEUE... | dead_letter QUEUE | counts QUEUE...
`delete` removes queues; `dead_letter` declares QUEUE, with the dead-letter exchange `QUEUE.dead` and its queue;
`counts` writes `{queue: messages}` to stdout.
"""

import json
import sys

from drivers.broker_connection import connect

command, queues = sys.argv[1], sys.argv[2:]
connection = connect()
channel = connection.channel()
if command == "delete":
    for queue in queues:
        channel.queue_delete(queue)
elif command == "dead_letter":
    for queue in queues:
        dead = f"{queue}.dead"
        channel.exchange_declare(dead, "fanout", durable=True, auto_delete=False)
        channel.queue_declare(dead, durable=True, auto_delete=False)
        channel.queue_bind(dead, dead)
else:
    print(json.dumps({q: channel.queue_declare(q, passive=True).message_count for q in queues}))
connection.close()
