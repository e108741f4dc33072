"""The notifier. Each operator has a place in the journal of their own, and so have the buyers together.

So an operator whom the server refuses is tried again alone, and nobody gets a mail twice because of another.
What waits for one operator is told in one go: some mails, or a digest where they are many. Of some mails that
were taken before one was not, the ids are remembered, so that the next try begins where this one ended.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import trio

from paydaemon.core.events import EventType
from paydaemon.hooks.notifier import Audience, BadSetting, Notice, NotTold, Target, Told
from paydaemon_email.addresses import Mailbox, parse_mailbox
from paydaemon_email.answers import Broken, Refused, not_told
from paydaemon_email.config import BUYERS, EmailConfig, ReceiptSettings
from paydaemon_email.mailer import Mailer, server_of
from paydaemon_email.message import Envelope
from paydaemon_email.occasions import FOR_BUYERS, FOR_OPERATORS, Json, Occasion, for_buyers, for_operators
from paydaemon_email.templates import BadTemplate, Templates
from paydaemon_email.writing import Writer

MAX_REMEMBERED = 10_000


class EmailNotifier:
    """``[notifiers.<id>]`` of the kind ``email``.

    Raises `ValueError` for templates, and for certificates, that cannot be used.
    """

    def __init__(self, id: str, config: EmailConfig) -> None:
        self.id = id
        self._operators = {name: parse_mailbox(address) for name, address in config.operators.items()}
        self._receipts = {receipt.seller: receipt for receipt in config.receipts}
        self._config = config
        self._mailer = Mailer(config)
        self._writer = Writer(config, _templates(config))
        _look_at_certificates(config)
        self._taken: OrderedDict[str, None] = OrderedDict()

    @property
    def audiences(self) -> Sequence[Audience]:
        """Each operator, and the buyers together."""
        told = [EventType(type) for type, occasion in FOR_OPERATORS.items() if occasion in self._config.tell]
        batch = self._config.limits.digest_events
        operators = [Audience(name, frozenset(told), batch=batch) for name in self._operators if told]
        buyers = [Audience(BUYERS, frozenset({FOR_BUYERS}))] if self._receipts else []
        return (*operators, *buyers)

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """There is nothing that a seller could set."""
        raise BadSetting("notifier", "takes no endpoints: whom it tells is in the configuration")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep connections for a while."""
        task_status.started()
        await self._mailer.run()

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        """Write what these are worth, and hand it over."""
        operator = self._operators.get(target.name or "")
        try:
            if operator is not None:
                return await self._tell_operator(operator, notices)
            if target.name == BUYERS:
                return await self._tell_buyer(notices[0])
        except BadTemplate as bad:
            raise NotTold(str(bad), target_down=False) from bad
        except (Refused, Broken) as trouble:
            told = not_told(trouble, self._config.server_name)
            raise (told if operator is None else _of_one_mailbox(told, len(notices))) from trouble
        raise NotTold(f"{target.id} is no longer configured", for_good=True)

    async def _tell_operator(self, operator: Mailbox, notices: Sequence[Notice]) -> Told:
        fresh = [notice for notice in notices if notice.delivery_id not in self._taken]
        told = [(occasion, notice) for notice in fresh if (occasion := _worth(notice, self._config))]
        if len(told) >= self._config.limits.digest_from:
            return _told(await self._mailer.send(self._writer.digest(operator, told)))
        answer = None
        for occasion, notice in told:
            answer = await self._mailer.send(self._writer.to_operator(operator, occasion, notice))
            self._remember(notice.delivery_id)
        return _told(answer)

    async def _tell_buyer(self, notice: Notice) -> Told:
        data = _data(notice)
        receipt = self._receipts.get(data["invoice"]["seller_id"])
        if receipt is None or for_buyers(notice.type, data) is None:
            return _told(None)
        address = data["invoice"]["buyer"].get("email")
        if not address:
            return Told(detail="the invoice has no address of its buyer")
        return _told(await self._mailer.send(self._to_buyer(address, receipt, notice)))

    def _to_buyer(self, address: str, receipt: ReceiptSettings, notice: Notice) -> Envelope:
        try:
            buyer = parse_mailbox(address)
        except ValueError as error:
            raise NotTold(f"buyer.email: {error}", for_good=True, target_down=False) from error
        return self._writer.to_buyer(buyer, receipt, notice)

    def _remember(self, delivery_id: str) -> None:
        self._taken[delivery_id] = None
        while len(self._taken) > MAX_REMEMBERED:
            self._taken.popitem(last=False)


def _of_one_mailbox(told: NotTold, notices: int) -> NotTold:
    """What a refusal means where the target is one mailbox: what may pass holds up all that is for it.

    What cannot pass is one mail's own. Of several nobody knows whose: they come alone after this.
    """
    told.target_down = not told.for_good
    told.for_good = told.for_good and notices == 1
    return told


def _templates(config: EmailConfig) -> Templates:
    try:
        return Templates(config.templates)
    except OSError as error:
        raise ValueError(f"templates: cannot be read: {error.strerror}") from error


def _look_at_certificates(config: EmailConfig) -> None:
    try:
        server_of(config)
    except Broken as broken:
        raise ValueError(broken.reason) from broken


def _told(answer: str | None) -> Told:
    if answer is None:
        return Told(detail="not worth a mail")
    code, _, said = answer.partition(" ")
    return Told(int(code), said)


def _worth(notice: Notice, config: EmailConfig) -> Occasion | None:
    occasion = for_operators(notice.type, _data(notice))
    return occasion if occasion in config.tell else None


def _data(notice: Notice) -> Json:
    body: Json = notice.body
    data: Json = body["data"]
    return data
