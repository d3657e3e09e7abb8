from enum import StrEnum

class FindingKind(StrEnum):
    AMOUNT_MISMATCH = "amount-mismatch"
    ARCHIVE_FAILED = "archive-failed"
    CONTRADICTION = "contradiction"
    CURRENCY_MISMATCH = "currency-mismatch"
    DISPUTE = "dispute"
    LATE_CAPTURE = "late-capture"
    ORDER_MISMATCH = "order-mismatch"
    OVER_REFUNDED = "over-refunded"
    PARTIAL_CAPTURE = "partial-capture"
    RECONCILIATION = "reconciliation"
    REFUND_FAILED = "refund-failed"
    UNINTELLIGIBLE = "unintelligible"
    UNKNOWN_TRANSACTION = "unknown-transaction"
    UNKNOWN_TYPE = "unknown-type"
    UNREADABLE = "unreadable"
    WEBHOOK_DISABLED = "webhook-disabled"
    WEBHOOK_GAP = "webhook-gap"

    @classmethod
    def _missing_(cls, value: object) -> "FindingKind":
        # A later service may know more words: such a one is kept as it is.
        member = str.__new__(cls, str(value))
        member._name_ = member._value_ = str(value)
        return member

    def __str__(self) -> str:
        return str(self.value)
