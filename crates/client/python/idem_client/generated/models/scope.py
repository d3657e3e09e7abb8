from enum import StrEnum

class Scope(StrEnum):
    EVENTSREAD = "events:read"
    ORDERSREAD = "orders:read"
    ORDERSWRITE = "orders:write"
    PAYMENTSWRITE = "payments:write"
    PRODUCTSWRITE = "products:write"
    REFUNDSWRITE = "refunds:write"
    USERSREAD = "users:read"

    @classmethod
    def _missing_(cls, value: object) -> "Scope":
        # A later service may know more words: such a one is kept as it is.
        member = str.__new__(cls, str(value))
        member._name_ = member._value_ = str(value)
        return member

    def __str__(self) -> str:
        return str(self.value)
