"""The codes of errors: the one list of what exists, and which of them an operation can answer.

A code says what is wrong, for programs, and stays as it is. Its type says whose turn it is and decides the
status, but where HTTP itself has a status for it. Codes may be added.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paydaemon.core.errors import ErrorType
from paydaemon.frontends import errors
from paydaemon.frontends.openapi.operation import Needs, Operation
from paydaemon.frontends.openapi.schema import Schema

REQUEST_ID = "req_4f1d0c9a7be2583660cf91d2"

INVALID = ErrorType.INVALID_REQUEST
PERMISSION = ErrorType.PERMISSION
UNAVAILABLE = ErrorType.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Code:
    """One code, with a message and a `param` as it may come with."""

    type: ErrorType
    message: str
    param: str | None = None

    def status(self, name: str) -> int:
        """The HTTP status it comes with."""
        return _PROTOCOL.get(name, errors.STATUS[self.type])

    def example(self, name: str) -> Schema:
        """An error with this code."""
        return errors.envelope(self.type, name, self.message, self.param, REQUEST_ID)


_PROTOCOL: Mapping[str, int] = {code: status for status, (_, code, _) in errors.HTTP.items()}

CODES: Mapping[str, Code] = {
    # The body, or a field of it
    "invalid_json": Code(INVALID, "the body is not JSON: Expecting value: line 1, column 1"),
    "invalid_utf8": Code(INVALID, "the body is not UTF-8 at byte 11"),
    "invalid_text": Code(INVALID, "must not hold U+0000", "note"),
    "not_an_object": Code(INVALID, "the body must be a JSON object"),
    "duplicate_key": Code(INVALID, "is given twice", "amount"),
    "not_a_number": Code(INVALID, "must not be NaN: that is not JSON", "metadata.weight"),
    "number_out_of_range": Code(INVALID, "is an integer beyond 2^53; write it as a string", "metadata.order"),
    "too_deep": Code(INVALID, "the body must not be nested deeper than 32 levels"),
    "unexpected_body": Code(INVALID, "this request takes no body"),
    "missing": Code(INVALID, "is required", "amount"),
    "unknown_field": Code(INVALID, "is not a field of this request", "amonut"),
    "wrong_type": Code(INVALID, "must be a whole number", "expires_in_s"),
    "not_a_string": Code(INVALID, 'must be a decimal string such as "12.50", not a number', "amount"),
    "invalid_value": Code(INVALID, "must be an email address", "buyer.email"),
    "out_of_range": Code(INVALID, "must be at least 60", "expires_in_s"),
    "too_short": Code(INVALID, "must not be empty", "chains"),
    "too_long": Code(INVALID, "must be at most 1000 long", "note"),
    "not_a_decimal": Code(INVALID, 'must be a plain decimal such as "12.50"', "amount"),
    "not_positive": Code(INVALID, "must be more than zero", "amount"),
    "too_many_decimals": Code(INVALID, "must have at most 2 decimals", "amount"),
    "unknown_currency": Code(INVALID, "'EURO' is no ISO 4217 code and no asset here", "currency"),
    "ambiguous_currency": Code(INVALID, "'USDC' names several assets; use the on-chain id", "currency"),
    "unknown_chain": Code(INVALID, "there is no chain 'dogecoin' here", "chains.0"),
    "unknown_seller": Code(INVALID, "there is no seller 'shpo'", "seller_id"),
    "unknown_invoice": Code(INVALID, "there is no invoice 'inv_x'", "invoice_id"),
    "no_such_option": Code(INVALID, "that invoice has no option in BTC", "invoice_id"),
    "not_an_origin": Code(
        INVALID,
        'must be an origin such as "https://shop.example", without a path, or "*"',
        "frame_ancestors.0",
    ),
    "not_a_url": Code(INVALID, 'must be a URL such as "https://shop.example/thanks"', "return_url"),
    "not_an_id": Code(INVALID, "must be 1 to 64 of a-z, 0-9, - and _", "id"),
    # Signed transactions
    "invalid_transaction": Code(INVALID, "is no transaction", "transaction"),
    "unsupported_transaction": Code(
        INVALID, "is fileCreate; only cryptoTransfer and contractCall are relayed", "type"
    ),
    "transaction_expired": Code(INVALID, "could be handed over until 2026-01-31T12:02:00Z", "transaction"),
    "transaction_too_early": Code(INVALID, "begins at 2026-01-31T12:10:00.000Z", "transaction"),
    "invalid_signature": Code(INVALID, "is not signed by 0.0.1002", "transaction"),
    "wrong_payee": Code(INVALID, "must credit 0.0.1001, or pay an open invoice", "transfers"),
    "wrong_memo": Code(INVALID, "must be 'm4tq7zsv', not 'coffee'", "memo"),
    "wrong_amount": Code(
        INVALID, "must credit 0.0.1001 with exactly 5000 of HBAR in its smallest unit, not 4999", "transfers"
    ),
    "wrong_asset": Code(
        INVALID,
        "must credit 0.0.1001 with exactly 5000 of HBAR in its smallest unit, and in no other asset",
        "transfers",
    ),
    "not_a_transfer": Code(
        INVALID,
        "must be a transfer and nothing else, since what a contract does is not known beforehand",
        "type",
    ),
    "wrong_payer": Code(INVALID, "is the account that is to be paid", "payer"),
    "nothing_asked": Code(INVALID, "that invoice asks for nothing here", "invoice_id"),
    # Parameters
    "unknown_parameter": Code(INVALID, "is not a parameter of this request", "colour"),
    "duplicate_parameter": Code(INVALID, "is given twice", "limit"),
    "unknown_cursor": Code(INVALID, "'inv_x' is no next_cursor of this list", "cursor"),
    "beyond_the_journal": Code(INVALID, "is beyond the newest event, 1042: read again from 0", "after"),
    # Keys
    "missing_key": Code(
        ErrorType.AUTHENTICATION, 'send your API key as "Authorization: Bearer <key>"', "Authorization"
    ),
    "invalid_key": Code(ErrorType.AUTHENTICATION, "this API key is not valid", "Authorization"),
    "operator_only": Code(PERMISSION, "this needs an operator's key"),
    "other_seller": Code(PERMISSION, "this key is another seller's", "seller_id"),
    "seller_disabled": Code(PERMISSION, "this seller is disabled", "seller_id"),
    "foreign_origin": Code(PERMISSION, "this page may not connect here", "Origin"),
    # What is there, and what is not
    "invoice_not_found": Code(ErrorType.NOT_FOUND, "there is no invoice with the id 'inv_x'", "id"),
    "payment_not_found": Code(ErrorType.NOT_FOUND, "there is no payment with the id 'pay_x'", "id"),
    "seller_not_found": Code(ErrorType.NOT_FOUND, "there is no seller with the id 'shpo'", "id"),
    "key_not_found": Code(ErrorType.NOT_FOUND, "there is no key with the id 'key_x'", "id"),
    "webhook_not_found": Code(ErrorType.NOT_FOUND, "there is no webhook with the id 'we_x'", "id"),
    "target_not_found": Code(ErrorType.NOT_FOUND, "there is no target with the id 'we_x'", "target"),
    "delivery_not_found": Code(ErrorType.NOT_FOUND, "there is no delivery with the id 'dlv_x'", "id"),
    "event_not_found": Code(ErrorType.NOT_FOUND, "there is no event with the id 'evt_x_1'", "id"),
    "chain_not_found": Code(ErrorType.NOT_FOUND, "there is no chain with the id 'x'", "chain"),
    "chain_does_not_relay": Code(ErrorType.NOT_FOUND, "chain bitcoin does not pass transactions on", "chain"),
    "chain_does_not_prepare": Code(ErrorType.NOT_FOUND, "chain lightning draws up no payments", "chain"),
    "relay_not_found": Code(ErrorType.NOT_FOUND, "there is no relay with the id 'x'", "transaction_id"),
    "transaction_differs": Code(
        ErrorType.CONFLICT, "another transaction was handed in before as 0.0.2@1.2", "transaction"
    ),
    "relayed_otherwise": Code(
        ErrorType.CONFLICT, "this transaction was handed in before, and not for that invoice", "invoice_id"
    ),
    "payment_under_way": Code(
        ErrorType.CONFLICT,
        "transaction 0.0.2@1.2 is under way to that invoice, which asks for no more beside it",
        "transaction",
    ),
    "idempotency_key_reused": Code(
        ErrorType.CONFLICT, "this Idempotency-Key was used before with other parameters", "Idempotency-Key"
    ),
    "payment_matched": Code(ErrorType.CONFLICT, "this payment belongs to inv_x already", "id"),
    "too_many_webhooks": Code(ErrorType.CONFLICT, "there may be 16 webhooks, and there are as many"),
    "too_many_secrets": Code(
        ErrorType.CONFLICT, "3 old secrets are good still, the first until 2026-02-01T12:00:00.000Z"
    ),
    "already_delivered": Code(ErrorType.CONFLICT, "this was taken already", "id"),
    "seller_exists": Code(ErrorType.CONFLICT, "there is a seller 'cafe' already", "id"),
    # Not now
    "too_many_requests": Code(ErrorType.RATE_LIMITED, "too many requests; wait a little"),
    "nothing_to_offer": Code(UNAVAILABLE, "chain bitcoin is stale: the node does not answer"),
    "no_rate": Code(UNAVAILABLE, "BTC/EUR: 1 of 2 sources needed: kraken 61000.00; bitstamp: 340 s old"),
    "chain_unavailable": Code(UNAVAILABLE, "chain bitcoin gave no destination"),
    "too_many_relays": Code(UNAVAILABLE, "too many transactions wait for their outcome already"),
    "no_webhooks": Code(UNAVAILABLE, "no notifier for webhooks is configured here"),
    "notifier_unavailable": Code(UNAVAILABLE, "the notifier webhook is not there"),
    "notifier_failed": Code(UNAVAILABLE, "the notifier webhook could not check this"),
    "too_many_tests": Code(UNAVAILABLE, "too many webhooks are being tested already"),
    "too_many_sockets": Code(UNAVAILABLE, "too many websockets without a key are open"),
    "too_many_streams": Code(UNAVAILABLE, "too many streams without a key are open"),
    "too_many_exports": Code(UNAVAILABLE, "too many exports are being written; try again soon"),
    "destination_taken": Code(UNAVAILABLE, "every destination drawn up had been issued or paid before"),
    "store_unavailable": Code(
        UNAVAILABLE, "nothing can be recorded now; try again, with the same Idempotency-Key if there was one"
    ),
    "timeout": Code(UNAVAILABLE, "this took longer than 30 s; whether it was done is not known"),
    # HTTP itself
    **{code: Code(type, message) for type, code, message in errors.HTTP.values()},
    "unsupported_media_type": Code(INVALID, "must be application/json", "Content-Type"),
}
"""Every code."""

EVERY = (
    "bad_request", "headers_too_large", "not_implemented", "http_version", "too_many_requests", "internal",
    "timeout",
)  # fmt: skip
"""What any request can be answered, whatever it asks for."""

JSON_BODY = (
    "invalid_json", "invalid_utf8", "invalid_text", "not_an_object", "duplicate_key", "not_a_number",
    "number_out_of_range", "too_deep", "missing", "unknown_field", "wrong_type", "invalid_value",
    "unsupported_media_type",
)  # fmt: skip
"""What can be wrong with any body."""

READ_BODY = ("request_timeout", "body_too_large")
"""What can be wrong before a body is looked at, also where there should be none."""


def of(operation: Operation) -> dict[int, list[str]]:
    """Every code that an operation can answer, by its status."""
    found: dict[int, list[str]] = {}
    for name in dict.fromkeys(_of(operation)):
        found.setdefault(CODES[name].status(name), []).append(name)
    return dict(sorted(found.items()))


def _of(operation: Operation) -> Iterator[str]:
    yield from operation.refusals
    if any(parameter.where == "path" for parameter in operation.parameters):
        yield "no_such_path"
    if operation.needs is not Needs.NOTHING:
        yield from ("missing_key", "invalid_key", "store_unavailable", "unknown_parameter")
    if operation.needs is Needs.OPERATOR:
        yield "operator_only"
    yield from _of_parameters(operation)
    if operation.body is not None:
        yield from JSON_BODY
    elif operation.takes_body:
        yield "unexpected_body"
    if operation.takes_body:
        yield from READ_BODY
    yield from EVERY


def _of_parameters(operation: Operation) -> Iterator[str]:
    asked = [parameter for parameter in operation.parameters if parameter.where == "query"]
    if asked:
        yield from ("duplicate_parameter", "invalid_value")
    if any(parameter.schema.get("type") == "integer" for parameter in asked):
        yield "out_of_range"
