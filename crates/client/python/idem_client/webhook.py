"""Verification of webhooks, by the Standard Webhooks specification."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

# Seconds that the time of a message may be from this machine's clock.
TOLERANCE = 300


class WebhookError(Exception):
    """Why a message is refused: answer with 400, and do nothing.

    `reason` is `secret`, `header`, `time`, `signature` or `body`.
    """

    def __init__(self, reason: str):
        super().__init__(f"the webhook is refused: {reason}")
        self.reason = reason


def verify_webhook(
    secrets: Iterable[str], header: Callable[[str], str | None], body: bytes, now: float | None = None
) -> dict[str, Any]:
    """The message, if it is genuine: one of the secrets signed it.

    Two secrets are needed while one replaces the other. `header` gives the value of a header by its lower-case name, and
    `body` is the body as it arrived, byte for byte.
    """
    keys = [_read_secret(secret) for secret in secrets]
    if not keys:
        raise WebhookError("secret")
    message_id, timestamp, signatures = map(header, ("webhook-id", "webhook-timestamp", "webhook-signature"))
    if message_id is None or timestamp is None or signatures is None:
        raise WebhookError("header")
    # `isdecimal` alone also accepts the digits of other scripts.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 15):
        raise WebhookError("header")
    if abs(int(timestamp) - int(time.time() if now is None else now)) > TOLERANCE:
        raise WebhookError("time")
    signed = f"{message_id}.{timestamp}.".encode() + body
    right = [b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    shown = [part.encode() for part in signatures.split(" ")]
    # `compare_digest` takes the same time wherever the first difference is.
    if not any(hmac.compare_digest(one, other) for one in right for other in shown):
        raise WebhookError("signature")
    try:
        return json.loads(body)
    except ValueError:
        raise WebhookError("body") from None


def _read_secret(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise WebhookError("secret") from None
    if not key:
        raise WebhookError("secret")
    return key
