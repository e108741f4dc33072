"""Who asks, and what they may see: operators act for any seller, sellers for themselves."""

from dataclasses import dataclass

from paydaemon.core.errors import ErrorType, Refusal


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request is made by. `seller_id` is None for an operator; `key_id` names the key, not its secret,
    and may be logged. `uid` is the user at the other end of the Unix socket, where that is how it came.
    """

    key_id: str
    seller_id: str | None
    uid: int | None = None

    @property
    def is_operator(self) -> bool:
        """Whether this principal may act for any seller."""
        return self.seller_id is None

    def may_see(self, seller_id: str | None) -> bool:
        """Whether something that belongs to `seller_id` (None: to nobody but the operator) may be shown."""
        return self.is_operator or (seller_id is not None and seller_id == self.seller_id)

    def require_operator(self) -> None:
        """Raises `Refusal` unless this is an operator."""
        if not self.is_operator:
            raise Refusal(ErrorType.PERMISSION, "operator_only", "this needs an operator's key")

    def require_own(self, seller_id: str | None) -> str | None:
        """The seller whose things are asked for; None where that is left open.

        Raises `Refusal` where it is another one: a seller asks for its own, and anything else is a mistake to
        tell.
        """
        if seller_id is not None and not self.may_see(seller_id):
            raise Refusal(ErrorType.PERMISSION, "other_seller", "this key is another seller's", "seller_id")
        return seller_id


LOCAL_OPERATOR = Principal("unix-socket", None)
"""Whoever can open the Unix socket is the service's own user or root, and needs no key."""


PUBLIC = Principal("public", "")
"""Whoever has no key, where the operator lets them in. No seller has an empty id, so nothing is theirs."""


@dataclass(frozen=True, slots=True)
class DeskSession:
    """Somebody logged in at the desk by a key. Only the SHA-256 of the session's secret is kept.

    `address` and `agent` are where they came from and what their browser calls itself, to tell one session
    from another by; neither is believed.
    """

    id: str
    digest: bytes
    key_id: str
    created_at_ms: int
    seen_at_ms: int
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Seller:
    """A tenant: owns invoices and keys.

    `frame_ancestors` are the origins of pages that may show its checkout pages inside of them; None where
    that is left to the configuration.
    """

    id: str
    name: str
    created_at_ms: int
    disabled: bool = False
    frame_ancestors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as it is stored: only the SHA-256 of the secret. `seller_id` is None for an operator's."""

    id: str
    digest: bytes
    seller_id: str | None
    created_at_ms: int
    revoked_at_ms: int | None = None
