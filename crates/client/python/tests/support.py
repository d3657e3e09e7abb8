"""What the tests share."""

import os

import httpx

from idem_client import Session, connect
from idem_client.generated.api.authentication import authentication_login
from idem_client.generated.models import Credentials

BASE_URL = os.environ["IDEM_BASE_URL"]
LOST = httpx.ReadError("lost")


def log_in() -> Session:
    """A new session of the operator of the environment."""
    login = Credentials(username=os.environ["IDEM_USERNAME"], password=os.environ["IDEM_PASSWORD"])
    return Session(authentication_login.sync(client=connect(BASE_URL), body=login))


class LossyTransport(httpx.HTTPTransport):
    """Loses the answers to the first requests to a path, after the service has given them, and keeps what was asked."""

    def __init__(self, path: str, lost: int):
        super().__init__()
        self._path = path
        self._lost = lost
        self.seen: list[httpx.Headers] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        if request.method == "GET" or request.url.path != self._path:
            return response
        self.seen.append(request.headers.copy())
        if len(self.seen) <= self._lost:
            raise LOST
        return response
