"""Makes clients whose calls are repeated."""

import httpx

from .generated import Client
from .retry import RetryTransport
from .session import KeyAuth, Session, SessionAuth

# Seconds for one attempt. The service ends each request within 10 s, unless it was set up otherwise.
ATTEMPT_TIMEOUT = 20.0


def connect(
    base_url: str, credentials: str | Session | None = None, transport: httpx.BaseTransport | None = None
) -> Client:
    """A client of the service, such as `https://shop.example`.

    `credentials` is an API key (`idem_…`) or a session, whose tokens are renewed; without one, only public calls succeed.
    `transport` replaces the usual `RetryTransport`.
    """
    return Client(
        base_url=base_url,
        timeout=httpx.Timeout(ATTEMPT_TIMEOUT),
        # Not as a header: the client shows its headers when it is printed.
        httpx_args={"transport": transport or RetryTransport(), "auth": _choose_auth(credentials, base_url)},
    )


def _choose_auth(credentials: str | Session | None, base_url: str) -> httpx.Auth | None:
    match credentials:
        case None:
            return None
        case str():
            return KeyAuth(credentials)
        case Session():
            return SessionAuth(credentials, base_url)
