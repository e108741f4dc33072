"""``/admin/v1``, as `frontends.routes.admin` serves it on the Unix socket."""

from paydaemon.core.public import Json
from paydaemon.frontends.framingmodels import Framing
from paydaemon.frontends.models import MadeBackup, NewSeller
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import Answer, Needs, Operation, Tag, path_id
from paydaemon.frontends.openapi.schema import ref

SELLER = path_id("seller", "cafe")

DAEMON = Operation(
    id="showDaemon",
    method="GET",
    path="/admin/v1/daemon",
    summary="Show the daemon",
    description="Its version and its public URL.",
    answers=(
        Answer("The daemon.", ref("Daemon"), {"public_url": "https://pay.example", "version": "0.1.0"}),
    ),
    needs=Needs.OPERATOR,
)

LIST_SELLERS = Operation(
    id="listSellers",
    method="GET",
    path="/admin/v1/sellers",
    summary="List sellers",
    answers=(Answer("All of them.", ref("Sellers"), samples.page(samples.SELLER)),),
    needs=Needs.OPERATOR,
)

ADD_SELLER = Operation(
    id="addSeller",
    method="POST",
    path="/admin/v1/sellers",
    summary="Add a seller",
    body=NewSeller,
    examples={"cafe": {"id": "cafe", "name": "Café am Eck"}},
    answers=(Answer("Its first key.", ref("NewKey"), samples.NEW_KEY, status=201),),
    refusals=("too_short", "too_long", "not_an_id", "seller_exists"),
    needs=Needs.OPERATOR,
)


def _of_seller(verb: str, words: str, description: str, answer: Answer) -> Operation:
    return Operation(
        id=f"{verb}Seller",
        method="POST",
        path=f"/admin/v1/sellers/{{id}}/{verb}",
        summary=words,
        description=f"{description} Takes no body.",
        parameters=(SELLER,),
        answers=(answer,),
        refusals=("seller_not_found",),
        needs=Needs.OPERATOR,
    )


def _as_it_is_then(seller: Json) -> Answer:
    return Answer("The seller.", ref("Seller"), seller)


ROTATE = _of_seller(
    "rotate",
    "Rotate a seller's keys",
    "Revoke all of a seller's keys and make a new one, in one step.",
    Answer("The new key.", ref("NewKey"), samples.NEW_KEY, status=201),
)

DISABLE = _of_seller(
    "disable",
    "Disable a seller",
    "Refuse new invoices of a seller, to its keys and to operators'. All else stays as it is.",
    _as_it_is_then({**samples.SELLER, "disabled": True}),
)

ENABLE = _of_seller(
    "enable",
    "Enable a seller",
    "Allow a seller new invoices again.",
    _as_it_is_then(samples.SELLER),
)

FRAMES = Operation(
    id="frameSeller",
    method="POST",
    path="/admin/v1/sellers/{id}/frames",
    summary="Say which pages may frame a seller's",
    description="Pages of these origins may show the checkout pages of the seller's invoices inside of them, "
    "in place of those of the configuration.",
    parameters=(SELLER,),
    body=Framing,
    examples={"one": {"frame_ancestors": ["https://shop.example"]}},
    answers=(_as_it_is_then({**samples.SELLER, "frame_ancestors": ["https://shop.example"]}),),
    refusals=("seller_not_found", "not_an_origin", "too_long"),
    needs=Needs.OPERATOR,
)

LIST_KEYS = Operation(
    id="listKeys",
    method="GET",
    path="/admin/v1/keys",
    summary="List keys",
    description="All of them, oldest first, without their secrets.",
    answers=(Answer("All of them.", ref("Keys"), samples.page(samples.KEY)),),
    needs=Needs.OPERATOR,
)

REVOKE = Operation(
    id="revokeKey",
    method="POST",
    path="/admin/v1/keys/{id}/revoke",
    summary="Revoke a key",
    description="It opens nothing from the answer on. Takes no body.",
    parameters=(path_id("key", samples.KEY_ID),),
    answers=(Answer("The key.", ref("Key"), {**samples.KEY, "revoked_at": "2026-02-01T08:30:00.000Z"}),),
    refusals=("key_not_found",),
    needs=Needs.OPERATOR,
)

ADD_OPERATOR = Operation(
    id="addOperator",
    method="POST",
    path="/admin/v1/operators",
    summary="Make an operator's key",
    description="Takes no body.",
    answers=(
        Answer(
            "The key.",
            ref("NewKey"),
            {
                **samples.NEW_KEY,
                "secret": "pd_operator_b7Xo2mK9sVd4tQe1nRy6wLz8cHf3gJp5aUiTqNvBxYk",
                "seller_id": None,
            },
            status=201,
        ),
    ),
    needs=Needs.OPERATOR,
)

NOTE_BACKUP = Operation(
    id="noteBackup",
    method="POST",
    path="/admin/v1/backups",
    summary="Tell the journal of a backup",
    description="`paydaemon backup` makes the backup and does this; the call alone makes none.",
    body=MadeBackup,
    examples={"backup": samples.BACKUP},
    answers=(Answer("What was told.", ref("Backup"), samples.BACKUP, status=201),),
    refusals=("too_short", "too_long", "out_of_range"),
    needs=Needs.OPERATOR,
)

TAG = Tag(
    "Administration",
    "On the Unix socket alone, which only the service's own user and root can open; it needs no key.",
    (
        DAEMON, LIST_SELLERS, ADD_SELLER, ROTATE, DISABLE, ENABLE, FRAMES, LIST_KEYS, REVOKE, ADD_OPERATOR,
        NOTE_BACKUP,
    ),
    administration=True,
)  # fmt: skip
