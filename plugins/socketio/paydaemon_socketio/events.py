"""Events: what Hedera's example payment server could be asked, and the fields of its answers.

Each event is answered by one of its name with ``_RESPONSE`` behind it. A field is never left out: what is not
known is null, and `error` says why in a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ERROR_EVENT = "PAYMENTSERVERERROR"
"""Told beside the answer to what cannot be meant, and in place of one to what is no event."""


class Event(StrEnum):
    """What can be asked."""

    CRYPTOTRANSFER = "CRYPTOTRANSFER"
    CONTRACTCALL = "CONTRACTCALL"
    CRYPTOGETACCOUNTBALANCE = "CRYPTOGETACCOUNTBALANCE"
    TRANSACTIONGETRECEIPT = "TRANSACTIONGETRECEIPT"
    FILEGETCONTENTS = "FILEGETCONTENTS"

    @property
    def response(self) -> str:
        """The name of its answer."""
        return f"{self}_RESPONSE"


QUESTIONS: Mapping[Event, str] = {
    Event.CRYPTOGETACCOUNTBALANCE: "cryptogetAccountBalance",
    Event.TRANSACTIONGETRECEIPT: "transactionGetReceipt",
    Event.FILEGETCONTENTS: "fileGetContents",
}
"""The kinds of question that events ask, as the network names them (hedera: query.proto)."""

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer's fields. `complaint` is what `ERROR_EVENT` tells beside it."""

    fields: Fields
    complaint: str | None = None
