"""Writes ../vectors.json with the official library, so that signatures and forms are compared with it.

    python3 -m venv /tmp/stripe-vectors && /tmp/stripe-vectors/bin/pip install stripe==16.1.0
    /tmp/stripe-vectors/bin/python crates/adapters-gateways/tests/stripe/scripts/make_vectors.py

The secrets are made up for this file. The tests read only the JSON.
"""

import json
import pathlib
import time
from unittest import mock

import stripe
import stripe._version
from stripe._encode import _api_encode

NOW = 1790000000
SECRET = "whsec_made_up_for_the_vectors"
OTHER = "whsec_another_one_made_up"
BODY = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded","note":"€ ü 茶"}'


def header(secret=SECRET, at=NOW, body=BODY):
    return stripe.WebhookSignature.generate_signature_header(body, secret, at)


def signature(**given):
    return header(**given).split("v1=")[1]


def is_accepted(given, body, secret):
    try:
        with mock.patch.object(time, "time", lambda: float(NOW)):
            stripe.WebhookSignature.verify_header(body, given, secret, tolerance=300)
        return True
    except (stripe.SignatureVerificationError, IndexError, ValueError):
        return False


def signatures():
    good, other = signature(), signature(secret=OTHER)
    cases = [
        ("good", header(), BODY),
        ("two signatures, the second is good", f"t={NOW},v1={other},v1={good}", BODY),
        ("two signatures, the first is good", f"t={NOW},v1={good},v1={other}", BODY),
        ("v0 beside v1", f"t={NOW},v0={other},v1={good}", BODY),
        ("only v0", f"t={NOW},v0={good}", BODY),
        ("unknown fields", f"x=1,t={NOW},v2=abc,v1={good}", BODY),
        ("another secret", header(secret=OTHER), BODY),
        ("another body", header(), BODY + " "),
        ("another time in the header", f"t={NOW + 1},v1={good}", BODY),
        ("no time", f"v1={good}", BODY),
        ("no signature", f"t={NOW}", BODY),
        ("half a signature", f"t={NOW},v1={good[:32]}", BODY),
        ("no header text", "", BODY),
        ("300 s old", header(at=NOW - 300), BODY),
        ("301 s old", header(at=NOW - 301), BODY),
        ("empty body", header(body=""), ""),
    ]
    return [
        {"name": name, "header": text, "body": body, "accepted": is_accepted(text, body, SECRET)}
        for name, text, body in cases
    ]


def forms():
    metadata = {"transaction_id": "transaction1", "order_number": "order1"}
    charge = {
        "amount": 1998,
        "currency": "cny",
        "confirm": True,
        "capture_method": "automatic",
        "metadata": metadata,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "use_stripe_sdk": True,
        "payment_method_data": {"type": "card", "card": {"token": "tok_visa"}},
        "expand": ["latest_charge"],
    }
    refund = {"payment_intent": "pi_1", "amount": 500, "metadata": {"refund_id": "r1", **metadata}}
    text = lambda value: str(value).lower() if isinstance(value, bool) else str(value)
    encode = lambda given: [[name, text(value)] for name, value in _api_encode(given)]
    return {"charge": encode(charge), "refund": encode(refund)}


vectors = {
    "library": f"stripe {stripe._version.VERSION}",
    "api_version": stripe._api_version._ApiVersion.CURRENT,
    "now": NOW,
    "secret": SECRET,
    "signatures": signatures(),
    "forms": forms(),
}
target = pathlib.Path(__file__).parent.parent / "vectors.json"
target.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")
