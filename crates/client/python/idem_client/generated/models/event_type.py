from enum import StrEnum

class EventType(StrEnum):
    DISPUTE_LOST = "dispute.lost"
    DISPUTE_OPENED = "dispute.opened"
    DISPUTE_WON = "dispute.won"
    FINDING_OPENED = "finding.opened"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_CLOSED = "order.closed"
    ORDER_COMPLETED = "order.completed"
    ORDER_DELIVERED = "order.delivered"
    ORDER_PAID = "order.paid"
    ORDER_PLACED = "order.placed"
    ORDER_PROCESSING = "order.processing"
    ORDER_REFUNDED = "order.refunded"
    ORDER_REFUND_PENDING = "order.refund_pending"
    ORDER_SHIPPED = "order.shipped"
    ORDER_UPDATED = "order.updated"
    PAYMENT_AUTHORIZED = "payment.authorized"
    PAYMENT_CAPTURED = "payment.captured"
    PAYMENT_DISPUTED = "payment.disputed"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_PENDING = "payment.pending"
    PAYMENT_REFUNDED = "payment.refunded"
    PAYMENT_UPDATED = "payment.updated"
    PAYMENT_VOIDED = "payment.voided"
    REFUND_FAILED = "refund.failed"
    REFUND_PENDING = "refund.pending"
    REFUND_SUCCEEDED = "refund.succeeded"
    USER_EMAIL_VERIFIED = "user.email-verified"
    USER_ERASED = "user.erased"
    USER_PASSWORD_RESET_REQUESTED = "user.password-reset-requested"
    USER_REGISTERED = "user.registered"
    USER_SECOND_FACTOR_DISABLED = "user.second-factor-disabled"
    USER_SECOND_FACTOR_ENABLED = "user.second-factor-enabled"
    USER_UPDATED = "user.updated"

    @classmethod
    def _missing_(cls, value: object) -> "EventType":
        # A later service may know more words: such a one is kept as it is.
        member = str.__new__(cls, str(value))
        member._name_ = member._value_ = str(value)
        return member

    def __str__(self) -> str:
        return str(self.value)
