from enum import StrEnum

class DisputeStatus(StrEnum):
    LOST = "LOST"
    OPEN = "OPEN"
    WON = "WON"

    @classmethod
    def _missing_(cls, value: object) -> "DisputeStatus":
        # A later service may know more words: such a one is kept as it is.
        member = str.__new__(cls, str(value))
        member._name_ = member._value_ = str(value)
        return member

    def __str__(self) -> str:
        return str(self.value)
