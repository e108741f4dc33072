"""Who gets which mail, as a whole: its text, its names, and where it belongs among the others.

Message-IDs are made from ids of the journal, so an attempt more is the same mail once more, and what is said
later of an invoice answers the first mail about it, without anybody remembering that one.
"""

from collections.abc import Sequence

from paydaemon.core.times import rfc3339
from paydaemon.hooks.notifier import Notice
from paydaemon_email.addresses import Mailbox, parse_mailbox
from paydaemon_email.config import EmailConfig, ReceiptSettings
from paydaemon_email.message import Envelope, Heading, Party, Thread, sealed
from paydaemon_email.occasions import Json, Occasion
from paydaemon_email.templates import Templates
from paydaemon_email.variables import DIGEST, TEST, of_digest, of_event, of_test

LIST = "paydaemon"
"""What operators' mails are sorted by (RFC 2919), with the sender's domain behind it."""


class Writer:
    """Writes mails; sends none. Raises `BadTemplate`."""

    def __init__(self, config: EmailConfig, templates: Templates) -> None:
        self._templates = templates
        self._locale = config.locale
        self._names = {receipt.seller: receipt.name for receipt in config.receipts}
        self._sender = Party(parse_mailbox(config.sender), config.sender_name)

    def to_operator(self, operator: Mailbox, occasion: Occasion, notice: Notice) -> Envelope:
        """What one event is worth."""
        seller = self._names.get(_seller(notice.body))
        variables = of_event(occasion, notice.body, sender=self._sender.name, seller=seller)
        heading = self._to_list(operator, thread_of(occasion, notice), [notice])
        return sealed(self._templates.render(occasion, [self._locale], variables), heading)

    def digest(self, operator: Mailbox, told: Sequence[tuple[Occasion, Notice]]) -> Envelope:
        """What many are worth together."""
        bodies = [(occasion, notice.body) for occasion, notice in told]
        variables = of_digest(bodies, sender=self._sender.name)
        notices = [notice for _, notice in told]
        heading = self._to_list(operator, Thread(f"{notices[0].event_id}.{len(told)}.{DIGEST}"), notices)
        return sealed(self._templates.render(DIGEST, [self._locale], variables), heading)

    def to_buyer(self, buyer: Mailbox, receipt: ReceiptSettings, notice: Notice) -> Envelope:
        """A receipt, in the name of the seller and, where there are templates for it, in the buyer's
        language.
        """
        who: Json = _invoice(notice.body)["buyer"]
        variables = of_event(Occasion.RECEIPT, notice.body, sender=receipt.name, seller=receipt.name)
        letter = self._templates.render(Occasion.RECEIPT, [who.get("locale") or "", self._locale], variables)
        heading = Heading(
            sender=Party(self._sender.mailbox, receipt.name),
            recipient=Party(buyer, who.get("name") or ""),
            thread=thread_of(Occasion.RECEIPT, notice),
            at_ms=notice.created_at_ms,
            event_ids=(notice.event_id,),
            reply_to=None if receipt.reply_to is None else parse_mailbox(receipt.reply_to),
        )
        return sealed(letter, heading)

    def test(self, recipient: Mailbox, server: str, now_ms: int) -> Envelope:
        """A mail that only shows that mails arrive."""
        variables = of_test(server, rfc3339(now_ms), sender=self._sender.name)
        heading = Heading(self._sender, Party(recipient), Thread(f"{now_ms}.{TEST}"), now_ms, list_id=LIST)
        return sealed(self._templates.render(TEST, [self._locale], variables), heading)

    def _to_list(self, operator: Mailbox, thread: Thread, notices: Sequence[Notice]) -> Heading:
        """`at_ms` is the newest event's: whoever reads mails by their date reads events by theirs."""
        ids = tuple(notice.event_id for notice in notices)
        return Heading(self._sender, Party(operator), thread, notices[-1].created_at_ms, ids, list_id=LIST)


def thread_of(occasion: Occasion, notice: Notice) -> Thread:
    """Where the mail about an event belongs."""
    match occasion:
        case Occasion.RECEIVED | Occasion.RECEIPT:
            return Thread(f"{notice.invoice_id}.{occasion}")
        case Occasion.CONFIRMED | Occasion.LATE | Occasion.REVERSED:
            return Thread(f"{notice.event_id}.{occasion}", f"{notice.invoice_id}.{Occasion.RECEIVED}")
        case Occasion.UNMATCHED | Occasion.STALE | Occasion.RECOVERED | Occasion.STOPPED | Occasion.RESUMED:
            return Thread(f"{notice.event_id}.{occasion}")


def _seller(body: Json) -> str:
    return str(body["data"]["invoice"]["seller_id"]) if "invoice" in body["data"] else ""


def _invoice(body: Json) -> Json:
    invoice: Json = body["data"]["invoice"]
    return invoice
