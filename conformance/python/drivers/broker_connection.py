"""A bare AMQP connection to the broker of CELERY_BROKER_URL, below Celery."""

import amqp
from kombu.utils.url import parse_url

from drivers.client_app import app


def connect():
    url = parse_url(app.conf.broker_url)
    connection = amqp.Connection(
        host=f"{url['hostname']}:{url['port'] or 5672}",
        userid=url["userid"] or "guest",
        password=url["password"] or "guest",
        virtual_host=url["virtual_host"] or "/",
    )
    connection.connect()
    return connection
