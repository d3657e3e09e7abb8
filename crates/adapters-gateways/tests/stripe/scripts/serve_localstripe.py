"""Serves localstripe on a free port of the loopback address, until standard input ends.

Its own command listens on every address and keeps its state in /tmp; this does neither. The first line of the
output is the port.
"""

import os
import socket
import sys
import threading

from aiohttp import web
from localstripe import resources
from localstripe.server import app

resources.Store.dump_to_disk = lambda self: None


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
threading.Thread(target=end_with_the_test, daemon=True).start()
web.run_app(app, sock=listener, print=None)
