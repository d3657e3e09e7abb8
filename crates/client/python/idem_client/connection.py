"""Makes clients whose calls are repeated."""

import httpx

from .generated import AuthenticatedClient, Client
from .retry import RetryTransport

# Seconds for one attempt. The service ends each request within 10 s, unless it was set up otherwise.
ATTEMPT_TIMEOUT = 20.0


def connect(
    base_url: str, token: str | None = None, transport: httpx.BaseTransport | None = None
) -> AuthenticatedClient | Client:
    """A client of the service, such as `https://shop.example`.

    `token` is an API key (`idem_…`) or the access token of a session; without one, only public calls succeed. `transport`
    replaces the usual `RetryTransport`.
    """
    settings = {
        "base_url": base_url,
        "timeout": httpx.Timeout(ATTEMPT_TIMEOUT),
        "httpx_args": {"transport": transport or RetryTransport()},
    }
    return Client(**settings) if token is None else AuthenticatedClient(token=token, **settings)
