"""Who calls: an API key, or a session, whose tokens are renewed."""

import threading
from collections.abc import Generator

import httpx

from .generated.models.refresh import Refresh
from .generated.models.tokens import Tokens
from .problem import has_problem

Flow = Generator[httpx.Request, httpx.Response, None]


class Session:
    """The tokens of a login, for `connect`.

    Clients and threads may share it: when the service refuses the access token, one refresh serves all calls that wait. Its
    `repr` shows no token.
    """

    def __init__(self, tokens: Tokens):
        self._tokens = tokens
        # Held until the new tokens are stored, so that a refresh token is spent once.
        self._lock = threading.Lock()

    @property
    def tokens(self) -> Tokens:
        """The present tokens, to be stored."""
        return self._tokens


class KeyAuth(httpx.Auth):
    """Shows an API key, which is never renewed."""

    def __init__(self, key: str):
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Flow:
        yield _with_token(request, self._key)


class SessionAuth(httpx.Auth):
    """Shows the access token of a session.

    When the service refuses it, the session is renewed and the request sent once more, under the same `Idempotency-Key`. A
    session that cannot be renewed ends the call with the answer of the refresh.
    """

    def __init__(self, session: Session, base_url: str):
        self._session = session
        self._refresh_url = f"{base_url.rstrip('/')}/v1/auth/refresh"

    def sync_auth_flow(self, request: httpx.Request) -> Flow:
        session = self._session
        used = session.tokens.access_token
        response = yield _with_token(request, used)
        if response.status_code != 401 or not has_problem(response, "unauthorized"):
            return
        with session._lock:
            # Another call may have renewed the tokens while this one waited.
            if session.tokens.access_token == used:
                response = yield self._build_refresh(request)
                if not response.is_success:
                    return
                response.read()
                session._tokens = Tokens.from_dict(response.json())
        yield _with_token(request, session.tokens.access_token)

    def _build_refresh(self, request: httpx.Request) -> httpx.Request:
        body = Refresh(refresh_token=self._session.tokens.refresh_token).to_dict()
        # With the time limits of the request that needs it.
        return httpx.Request("POST", self._refresh_url, json=body, extensions=dict(request.extensions))


def _with_token(request: httpx.Request, token: str) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
