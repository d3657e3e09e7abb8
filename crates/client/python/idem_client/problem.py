"""Refusals of the service (RFC 9457) as an exception."""

import httpx

from .generated.models.problem import Problem


class ProblemError(Exception):
    """A request that the service refused. Its text never repeats what was sent.

    Attributes:
        status: HTTP status.
        slug: The last part of the kind, such as `out-of-stock`; `about:blank` for an answer of something in between.
        problem: The problem with its faults; None for an answer of something in between, such as a proxy.
        retry_after: Seconds that the service asks to wait; None if it asks for none.
    """

    def __init__(self, response: httpx.Response):
        self.status = response.status_code
        self.problem = _read_problem(response)
        self.slug = str(self.problem.type_).rsplit("/", 1)[-1] if self.problem else "about:blank"
        wait = response.headers.get("Retry-After", "")
        self.retry_after = int(wait) if wait.isdecimal() else None
        described = f"{self.problem.title} ({self.status}): {self.problem.detail}" if self.problem else None
        super().__init__(described or f"HTTP status {self.status}")


def _read_problem(response: httpx.Response) -> Problem | None:
    try:
        return Problem.from_dict(response.json())
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def has_problem(response: httpx.Response, slug: str) -> bool:
    """Whether the body is the problem of this kind."""
    response.read()
    try:
        return response.json()["type"] == f"/problems/{slug}"
    except (KeyError, TypeError, ValueError):
        return False


def check(response: httpx.Response) -> httpx.Response:
    """The response, if it is a success."""
    if not response.is_success:
        raise ProblemError(response)
    return response
