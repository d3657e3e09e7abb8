from enum import StrEnum

class NoticeDisposition(StrEnum):
    APPLIED = "APPLIED"
    FLAGGED = "FLAGGED"
    OVERDUE = "OVERDUE"
    PARKED = "PARKED"
    UNCHANGED = "UNCHANGED"
    WAITING = "WAITING"

    @classmethod
    def _missing_(cls, value: object) -> "NoticeDisposition":
        # A later service may know more words: such a one is kept as it is.
        member = str.__new__(cls, str(value))
        member._name_ = member._value_ = str(value)
        return member

    def __str__(self) -> str:
        return str(self.value)
