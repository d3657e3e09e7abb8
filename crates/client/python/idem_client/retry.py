"""What is sent again, when, and how often."""

import random
import time
import uuid

import httpx

from .problem import has_problem

READS = ("GET", "HEAD", "OPTIONS")
# A refresh token that is shown again later than 10 s after it was spent ends the session as stolen.
REFRESH_TOTAL = 8.0


class RetryTransport(httpx.BaseTransport):
    """Repeats what may succeed later without being done twice.

    That is a request without a complete answer, 409 `idempotency-in-progress`, 429 and 503, and nothing else. Each attempt
    of a write has the same `Idempotency-Key`: the caller's, or one that is made here, once per call.

    Args:
        inner: Sends one attempt.
        attempts_max: Attempts of one call, the first included.
        total: Seconds after which no further attempt begins.
        pause_first: Seconds before the second attempt, which double with each.
        pause_max: The longest pause in seconds: when `Retry-After` asks for a longer one, the call ends with that answer.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport | None = None,
        *,
        attempts_max: int = 6,
        total: float = 60.0,
        pause_first: float = 0.2,
        pause_max: float = 30.0,
    ):
        self._inner = inner or httpx.HTTPTransport()
        self._attempts_max = attempts_max
        self._total = total
        self._pause_first = pause_first
        self._pause_max = pause_max

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        total = self._total
        if request.url.path.endswith("/v1/auth/refresh"):
            total = min(total, REFRESH_TOTAL)
            # Half of it, so that the last attempt arrives in time, too.
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), REFRESH_TOTAL / 2)
        if request.method not in READS and "Idempotency-Key" not in request.headers:
            request.headers["Idempotency-Key"] = str(uuid.uuid4())
        started = time.monotonic()
        for attempt in range(1, self._attempts_max + 1):
            response, error = self._send_once(request)
            pause = self._pause_after(attempt, response)
            if pause is None or time.monotonic() - started + pause >= total:
                break
            time.sleep(pause)
        if error is not None:
            raise error
        return response

    def _send_once(self, request: httpx.Request) -> tuple[httpx.Response | None, httpx.TransportError | None]:
        try:
            response = self._inner.handle_request(request)
            # An answer that breaks off is no answer: the write may be done, and its retry gets the whole one.
            response.read()
            return response, None
        except httpx.TransportError as error:
            return None, error

    def _pause_after(self, attempt: int, response: httpx.Response | None) -> float | None:
        """Seconds before the next attempt; None: there is none. No response is one that was lost."""
        if attempt >= self._attempts_max or not (response is None or _is_retryable(response)):
            return None
        wait = response.headers.get("Retry-After", "") if response is not None else ""
        # A date, which only a proxy sends, is not read: the usual pauses hold.
        asked = float(wait) if wait.isdecimal() else 0.0
        if asked > self._pause_max:
            return None
        longest = min(self._pause_first * 2 ** (attempt - 1), self._pause_max)
        # Between a half and the whole: clients that failed together do not come back together, also after a common
        # Retry-After.
        return asked + longest * random.uniform(0.5, 1.0)

    def close(self) -> None:
        self._inner.close()


def _is_retryable(response: httpx.Response) -> bool:
    if response.status_code == 409:
        return has_problem(response, "idempotency-in-progress")
    return response.status_code in (429, 503)
