"""A Celery app with its connections to the broker, used from one thread and thrown away when one of them fails."""

import socket
import time

from amqp.exceptions import AMQPError
from celery import Celery
from kombu.exceptions import OperationalError

from calculator_tasks import TASK_QUEUES

CONNECT_TIMEOUT_SECONDS = 5
CONFIRM_TIMEOUT_SECONDS = 10
HEARTBEAT_SECONDS = 10

# RuntimeError: Celery 5.7's result consumer, when it could not connect again by itself
LINK_ERRORS = (AMQPError, OperationalError, OSError, RuntimeError)


class CeleryLink:
    """Sends calls and hears their results. Whatever it raises of LINK_ERRORS, it is of no use afterwards: close it."""

    def __init__(self, broker_url):
        self.app = Celery("campaign", broker=broker_url, backend="rpc://", set_as_current=False)
        self.app.conf.update(
            task_queues=TASK_QUEUES,
            task_publish_retry=False,
            broker_heartbeat=HEARTBEAT_SECONDS,
            broker_connection_timeout=CONNECT_TIMEOUT_SECONDS,
            broker_transport_options={"confirm_publish": True},
        )
        # The consumer of the reply queue declares it, once. Declaring it again before each call, as Celery would, does
        # not return while the broker is away.
        self.app.backend.on_task_call = lambda producer, task_id: None
        self._connection = self.app.connection_for_write()
        self._replies = self.app.backend.result_consumer
        try:
            # one connection after the other of all that the URL names
            self._connection.ensure_connection(timeout=CONNECT_TIMEOUT_SECONDS, interval_start=0.2, interval_step=0.2)
            self._producer = self.app.amqp.Producer(self._connection, auto_declare=False)
            self._replies.start(None)
        except LINK_ERRORS:
            self.close()
            raise
        self._next_heartbeat = time.monotonic()

    def send(self, call, on_answer):
        """Publish a call and wait for the broker's confirm, not for the result: `on_answer` gets its AsyncResult.

        The result returned must be kept until then: an answer to one that is not is dropped.
        """
        result = self.app.send_task(
            call.task,
            args=call.args,
            task_id=call.id,
            queue=call.queue,
            producer=self._producer,
            confirm_timeout=CONFIRM_TIMEOUT_SECONDS,
        )
        result.then(on_answer, weak=True)
        return result

    def poll(self, seconds):
        """Take the answers that come within this time, and keep both connections alive."""
        if time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + 1
            self._beat()
        try:
            self._replies.drain_events(timeout=max(seconds, 0.001))
        except socket.timeout:
            pass

    def _beat(self):
        try:
            # reads the heartbeats of the broker, which nobody else does on a connection that only publishes
            self._connection.drain_events(timeout=0.001)
        except socket.timeout:
            pass
        self._connection.heartbeat_check()
        # Celery has no public way to the connection of its result consumer, and does not beat for it
        self._replies._connection.heartbeat_check()

    def close(self):
        """Let go of the sockets without a word to the broker, which may not be there to hear it."""
        for connection in (self._connection, self._replies._connection):
            if connection is not None:
                connection.collect()
