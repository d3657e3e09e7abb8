"""The Python client of Idem: generated models and calls, retries, and verification of webhooks.

A call is a function `sync` of a module: `idem_client.generated.api.orders.orders_place`. It takes a client of `connect`,
gives the answer, and raises `ProblemError` when the service refuses the request.
"""

from .connection import connect
from .problem import ProblemError
from .retry import RetryTransport
from .session import Session
from .webhook import WebhookError, verify_webhook

__all__ = ["ProblemError", "RetryTransport", "Session", "WebhookError", "connect", "verify_webhook"]
