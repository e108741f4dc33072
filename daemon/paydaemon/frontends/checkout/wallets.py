"""How a wallet is told what to pay: by a link that wallets open, or by an address alone.

Only schemes that wallets are known to open make a link. Of Hedera there is none: no improvement proposal
names one for payments, and wallets that scan take an account's number as plain text and have the memo typed
in. A link that opens nothing is worse than none.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

AMOUNT_PARAMETERS = {"bitcoin": "amount"}
"""By the URI's scheme, where the amount stands in it: BIP-21 for Bitcoin."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What a QR code holds, and the link that opens a wallet, where there is one.

    It `tells_amount` where nothing is left to type in.
    """

    code: str
    link: str | None

    @property
    def tells_amount(self) -> bool:
        """Whether the code holds all that is to be paid."""
        return self.link is not None


def handover(uri: str, address: str, amount: str) -> Handover:
    """How a wallet is asked for `amount`, a decimal string of whole units, whatever amount is in `uri`."""
    scheme, _, rest = uri.partition(":")
    parameter = AMOUNT_PARAMETERS.get(scheme.lower())
    if parameter is None:
        return Handover(address, None)
    path, _, query = rest.partition("?")
    others = [(name, value) for name, value in parse_qsl(query) if name != parameter]
    link = f"{scheme}:{path}?{urlencode([(parameter, amount), *others], quote_via=quote)}"
    return Handover(link, link)
