from enum import StrEnum

class ProblemType(StrEnum):
    ACCOUNT_ERASED = "/problems/account-erased"
    BODY_TOO_LARGE = "/problems/body-too-large"
    CAPTURE_EXCEEDS_AUTHORIZED = "/problems/capture-exceeds-authorized"
    CARD_DATA_REFUSED = "/problems/card-data-refused"
    DEADLINE_EXCEEDED = "/problems/deadline-exceeded"
    EMAIL_TAKEN = "/problems/email-taken"
    EVENTS_EXPIRED = "/problems/events-expired"
    FORBIDDEN = "/problems/forbidden"
    GATEWAY_UNAVAILABLE = "/problems/gateway-unavailable"
    IDEMPOTENCY_IN_PROGRESS = "/problems/idempotency-in-progress"
    IDEMPOTENCY_KEY_INVALID = "/problems/idempotency-key-invalid"
    IDEMPOTENCY_KEY_MISSING = "/problems/idempotency-key-missing"
    IDEMPOTENCY_KEY_REUSED = "/problems/idempotency-key-reused"
    INSUFFICIENT_SCOPE = "/problems/insufficient-scope"
    INTERNAL_ERROR = "/problems/internal-error"
    INVALID_CREDENTIALS = "/problems/invalid-credentials"
    INVALID_REQUEST = "/problems/invalid-request"
    INVALID_RESET_TOKEN = "/problems/invalid-reset-token"
    INVALID_SIGNATURE = "/problems/invalid-signature"
    LAST_OPERATOR = "/problems/last-operator"
    MALFORMED_JSON = "/problems/malformed-json"
    METHOD_NOT_ALLOWED = "/problems/method-not-allowed"
    MIXED_CURRENCIES = "/problems/mixed-currencies"
    NOT_FOUND = "/problems/not-found"
    OLD_SECRET_SIGNS = "/problems/old-secret-signs"
    OPEN_ORDERS = "/problems/open-orders"
    ORDER_NOT_EDITABLE = "/problems/order-not-editable"
    ORDER_NOT_PAYABLE = "/problems/order-not-payable"
    OUT_OF_STOCK = "/problems/out-of-stock"
    OVERLOADED = "/problems/overloaded"
    PAYMENT_NOT_CAPTURABLE = "/problems/payment-not-capturable"
    PAYMENT_NOT_REFUNDABLE = "/problems/payment-not-refundable"
    PAYMENT_NOT_VOIDABLE = "/problems/payment-not-voidable"
    PRECONDITION_FAILED = "/problems/precondition-failed"
    PRECONDITION_REQUIRED = "/problems/precondition-required"
    PRICE_CHANGED = "/problems/price-changed"
    REFRESH_TOKEN_INVALID = "/problems/refresh-token-invalid"
    REFRESH_TOKEN_REUSED = "/problems/refresh-token-reused"
    REFUND_EXCEEDS_CAPTURED = "/problems/refund-exceeds-captured"
    RETURN_EXCEEDS_ORDERED = "/problems/return-exceeds-ordered"
    STOCK_NOT_TRACKED = "/problems/stock-not-tracked"
    TOO_MANY_REQUESTS = "/problems/too-many-requests"
    TOO_MANY_WEBHOOK_ENDPOINTS = "/problems/too-many-webhook-endpoints"
    TRANSITION_NOT_ALLOWED = "/problems/transition-not-allowed"
    UNAUTHORIZED = "/problems/unauthorized"
    UNAVAILABLE = "/problems/unavailable"
    UNKNOWN_PRODUCT = "/problems/unknown-product"
    UNSUPPORTED_MEDIA_TYPE = "/problems/unsupported-media-type"
    USERNAME_TAKEN = "/problems/username-taken"
    WEBHOOK_ENDPOINT_DISABLED = "/problems/webhook-endpoint-disabled"
    WRONG_PASSWORD = "/problems/wrong-password"

    @classmethod
    def _missing_(cls, value: object) -> "ProblemType":
        # A later service may know more words: such a one is kept as it is.
        member = str.__new__(cls, str(value))
        member._name_ = member._value_ = str(value)
        return member

    def __str__(self) -> str:
        return str(self.value)
