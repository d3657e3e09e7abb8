from enum import StrEnum

class OrderStatus(StrEnum):
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"
    COMPLETED = "COMPLETED"
    DELIVERED = "DELIVERED"
    PAID = "PAID"
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    REFUNDED = "REFUNDED"
    REFUND_PENDING = "REFUND_PENDING"
    SHIPPED = "SHIPPED"

    @classmethod
    def _missing_(cls, value: object) -> "OrderStatus":
        # A later service may know more words: such a one is kept as it is.
        member = str.__new__(cls, str(value))
        member._name_ = member._value_ = str(value)
        return member

    def __str__(self) -> str:
        return str(self.value)
