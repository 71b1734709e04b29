"""What kombu makes of broker URLs.

Each line of standard input is a URL as JSON text. Each line of standard output is a JSON object for the URL of the same line:
`hostname`, `port`, `username`, `password` and `vhost`, or `refused` with kombu's reason.
"""
import json
import sys

from kombu import Connection


def parts(url):
    try:
        info = Connection(url).info()
    except Exception as error:
        return {"refused": str(error)}
    return {
        "hostname": info["hostname"],
        "port": info["port"],
        "username": info["userid"],
        "password": info["password"],
        "vhost": info["virtual_host"],
    }


for line in sys.stdin:
    print(json.dumps(parts(json.loads(line))))
