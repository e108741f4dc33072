"""Endpoints: targets that sellers, and the operator, make through the API.

What an endpoint's settings mean, its notifier alone knows; it checks them. A secret is told when it is made,
and then only to the notifier that signs with it.
"""

import re
import secrets as randomness
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from paydaemon.core.access import Principal
from paydaemon.core.acts import act
from paydaemon.core.delivery import Delivery, SigningSecret, Target, Wanted, new_delivery
from paydaemon.core.errors import ErrorType, Refusal, conflict, invalid, not_found, unavailable
from paydaemon.core.events import Event, EventType
from paydaemon.core.retrying import revived
from paydaemon.core.times import rfc3339
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries.deliveries import Deliveries
from paydaemon.engine.deliveries.livenotifier import LiveNotifier
from paydaemon.engine.deliveries.steps import feed_page, hurry, is_about, resume
from paydaemon.engine.deliveries.trials import Tested, Trials
from paydaemon.engine.ids import new_id
from paydaemon.store.port import Reader, Store, Transaction

SECRET_BYTES = 32
"""As many as SHA-256 puts out. Standard Webhooks, "Signature scheme": 24 to 64."""
OLD_SECRETS = 3
"""How many that were replaced are signed with at the same time. Another rotation is refused then: to drop the
oldest could drop the very one that the receiver has.
"""
PAGE = 200
EVENT_ID = re.compile(r"evt_[0-9a-z]{1,32}_([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """What is asked for. `settings` are for the notifier; None leaves a field as it is, where that is
    changed.
    """

    settings: Mapping[str, object] | None = None
    types: frozenset[EventType] | None = None
    description: str | None = None
    disabled: bool | None = None
    seller_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint, with the secret that it was given just now."""

    target: Target
    secret: str


class Endpoints:
    """The endpoints of everybody. Methods raise `Refusal`; what somebody may not see is not there."""

    def __init__(self, store: Store, deliveries: Deliveries, clock: Clock) -> None:
        self._store = store
        self._deliveries = deliveries
        self._clock = clock
        self._trials = Trials()

    async def add(self, principal: Principal, asked: EndpointRequest) -> NewSecret:
        """Make one. It hears of what happens from then on."""
        notifier, seller_id = self._notifier(), _owner(principal, asked.seller_id)
        wanted, secret = Wanted(asked.types or frozenset(), seller_id), new_signing_secret()
        target = Target(
            id=new_id("we"),
            notifier=notifier.id,
            name=None,
            wanted=wanted,
            cursor=0,
            created_at_ms=self._clock(),
            settings=notifier.check(asked.settings or {}),
            secrets=(SigningSecret(secret),),
            description=asked.description,
            disabled=bool(asked.disabled),
        )
        most = self._deliveries.limits.endpoints
        made = await self._store.transact(lambda tx: _add(tx, target, principal, most))
        self._deliveries.began(made)
        return NewSecret(made, secret)

    async def page(
        self, principal: Principal, *, seller_id: str | None, cursor: str | None, limit: int
    ) -> Sequence[Target]:
        """Endpoints, those made first at the beginning. An operator may ask for one seller's."""
        owner = principal.require_own(seller_id) or principal.seller_id
        return await self._store.read(lambda reader: _page(reader, owner, cursor, limit))

    async def one(self, principal: Principal, id: str) -> Target:
        """One endpoint."""
        return await self._store.read(lambda reader: find(reader, principal, id))

    async def change(self, principal: Principal, id: str, asked: EndpointRequest) -> Target:
        """Change one; other types hold for what happens from then on. Where it has a new URL, or is enabled,
        all that waits for it is tried at once.
        """
        settings = None if asked.settings is None else self._notifier().check(asked.settings)
        await self.one(principal, id)
        is_repair = settings is not None or asked.disabled is False

        def then(tx: Transaction, target: Target) -> None:
            _tell_of(tx, EventType.ADMIN_WEBHOOK_CHANGED, principal, target, self._clock())
            if is_repair:
                resume(tx, id, self._clock())

        changed = await self._deliveries.change(id, lambda target: _changed(target, asked, settings), then)
        if changed is None:
            raise not_found("webhook", id)
        if is_repair:
            await self._deliveries.resume(id)
        return changed

    async def remove(self, principal: Principal, id: str) -> Target:
        """It is told no more, not even what was on its way; its secrets are forgotten. As it was before."""
        removed = await self._store.transact(lambda tx: _remove(tx, principal, id, self._clock()))
        self._deliveries.ended(id)
        return removed

    async def rotate(self, principal: Principal, id: str) -> NewSecret:
        """Give it a new secret. For some time it is signed with those before it as well."""
        secret, until_ms = new_signing_secret(), self._until_ms()
        target = await self._store.transact(
            lambda tx: _rotate(tx, principal, id, secret, until_ms, self._clock())
        )
        return NewSecret(target, secret)

    async def test(self, principal: Principal, id: str) -> Tested:
        """Send it a notice of nothing, and say what it answered. That is not journaled, and not repeated.

        Where it was taken, what waits for it is tried at once.
        """
        target = await self.one(principal, id)
        notifier = self._deliveries.notifiers.get(target.notifier)
        if notifier is None or not notifier.is_up:
            raise unavailable("notifier_unavailable", f"the notifier {target.notifier} is not there")
        done = await self._trials.run(notifier, target, principal.seller_id, self._clock())
        if done.answer.taken:
            await self._deliveries.resume(id)
        return done

    async def redeliver(self, principal: Principal, id: str, which: str) -> Delivery:
        """Tell it once more of a delivery, or of an event, be it one that its types had left out."""
        page, clock = self._deliveries.limits.events_at_once, self._clock
        done = await self._store.transact(lambda tx: _redeliver(tx, principal, id, which, page, clock()))
        self._deliveries.wake(id, urgent=True)
        return done

    def _notifier(self) -> LiveNotifier:
        for notifier in self._deliveries.notifiers.values():
            if notifier.endpoints:
                return notifier
        raise unavailable("no_webhooks", "no notifier for webhooks is configured here")

    def _until_ms(self) -> int:
        return self._clock() + round(1000 * self._deliveries.limits.old_secret_for_s)


def new_signing_secret() -> str:
    """A fresh secret as Standard Webhooks writes it."""
    return "whsec_" + b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def find(reader: Reader, principal: Principal, id: str) -> Target:
    """An endpoint that is this principal's to see. Raises `Refusal`."""
    target = reader.target(id)
    if (
        target is None
        or not target.is_endpoint
        or target.removed_at_ms is not None
        or not principal.may_see(target.wanted.seller_id)
    ):
        raise not_found("webhook", id)
    return target


def _owner(principal: Principal, seller_id: str | None) -> str | None:
    """Whose it is to be: without a seller it is the operator's own, which hears of everything."""
    if principal.is_operator:
        return seller_id
    if seller_id not in (None, principal.seller_id):
        raise Refusal(ErrorType.PERMISSION, "other_seller", "this key is another seller's", "seller_id")
    return principal.seller_id


def _add(tx: Transaction, target: Target, by: Principal, most: int) -> Target:
    seller_id = target.wanted.seller_id
    if seller_id is not None and tx.seller(seller_id) is None:
        raise invalid("seller_id", f"there is no seller {seller_id!r}", "unknown_seller")
    if len(tx.endpoints(seller_id)) >= most:
        raise conflict("too_many_webhooks", f"there may be {most} webhooks, and there are as many")
    added = replace(target, cursor=tx.last_seq())
    tx.add_target(added)
    _tell_of(tx, EventType.ADMIN_WEBHOOK_ADDED, by, target, target.created_at_ms)
    return added


def _page(reader: Reader, owner: str | None, cursor: str | None, limit: int) -> Sequence[Target]:
    found: list[Target] = []
    while len(found) < limit and (page := reader.targets(after=cursor, limit=PAGE)):
        cursor = page[-1].id
        found += [one for one in page if one.is_endpoint and owner in (None, one.wanted.seller_id)]
    return found[:limit]


def _changed(target: Target, asked: EndpointRequest, settings: Mapping[str, object] | None) -> Target:
    types = target.wanted.types if asked.types is None else asked.types
    return replace(
        target,
        settings=target.settings if settings is None else settings,
        wanted=replace(target.wanted, types=types),
        description=target.description if asked.description is None else asked.description or None,
        disabled=target.disabled if asked.disabled is None else asked.disabled,
    )


def _remove(tx: Transaction, by: Principal, id: str, now_ms: int) -> Target:
    target = find(tx, by, id)
    tx.set_target(replace(target, removed_at_ms=now_ms, secrets=()))
    _tell_of(tx, EventType.ADMIN_WEBHOOK_REMOVED, by, target, now_ms)
    return target


def _rotate(tx: Transaction, by: Principal, id: str, secret: str, until_ms: int, now_ms: int) -> Target:
    target = find(tx, by, id)
    old = [_ending(one, until_ms) for one in target.secrets if one.is_valid(now_ms)]
    if len(old) > OLD_SECRETS:
        first = rfc3339(min(one.until_ms or until_ms for one in old))
        raise conflict(
            "too_many_secrets", f"{OLD_SECRETS} old secrets are good still, the first until {first}"
        )
    rotated = replace(target, secrets=(SigningSecret(secret), *old))
    tx.set_target(rotated)
    _tell_of(tx, EventType.ADMIN_WEBHOOK_ROTATED, by, target, now_ms)
    return rotated


def _ending(secret: SigningSecret, until_ms: int) -> SigningSecret:
    """A secret that another takes the place of; one that was replaced before ends when it was to."""
    return replace(secret, until_ms=until_ms) if secret.until_ms is None else secret


def _tell_of(tx: Transaction, type: EventType, by: Principal, target: Target, now_ms: int) -> None:
    tx.append(act(type, by, webhook_id=target.id, seller_id=target.wanted.seller_id), now_ms)


def _redeliver(tx: Transaction, by: Principal, id: str, which: str, page: int, now_ms: int) -> Delivery:
    target = find(tx, by, id)
    while feed_page(tx, id, page, now_ms):  # or what is made here would be made once more
        pass
    known = tx.delivery(which) or _of_event(tx, target, which, now_ms)
    if known.target_id != id:
        raise not_found("delivery", which)
    tx.revive(revived(known), now_ms)
    hurry(tx, id, now_ms)
    return tx.delivery(known.id) or known


def _of_event(tx: Transaction, target: Target, event_id: str, now_ms: int) -> Delivery:
    """An event's delivery, made now where it had none."""
    match = EVENT_ID.fullmatch(event_id)
    event = None if match is None else tx.event(int(match[1]))
    if event is None or event.id != event_id or not _may_be_told(target, event):
        raise not_found("event", event_id)
    known = tx.delivery_of(target.id, event.seq)
    if known is None:
        known = new_delivery(new_id("dlv"), target.id, event, now_ms)
        tx.add_delivery(known)
    return known


def _may_be_told(target: Target, event: Event) -> bool:
    return target.wanted.seller_id in (None, event.seller_id) and not is_about(event, target.id)
