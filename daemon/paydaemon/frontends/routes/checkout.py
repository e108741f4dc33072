"""``/i/{id}``: the page that a payer sees. Plain HTML that refreshes itself; no script, nothing from outside.

Whoever has the link may see the page, so it shows an allowlist of what a payer needs and nothing of the
seller's own: no note, no metadata, no buyer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from quart import Blueprint, Response

from paydaemon.core.errors import Refusal
from paydaemon.core.invoice import Flag, Option, Status
from paydaemon.core.money import format_minor
from paydaemon.core.payment import Payment, PaymentState, confirmations
from paydaemon.core.status import remaining_minor, tally
from paydaemon.core.times import rfc3339
from paydaemon.engine.api import Api
from paydaemon.engine.invoices import InvoiceView
from paydaemon.frontends import pages

REFRESH_S = 5

HEADINGS = {
    Status.NEW: "Waiting for your payment",
    Status.PROCESSING: "Payment seen, waiting for confirmations",
    Status.SETTLED: "Paid",
    Status.EXPIRED: "Expired",
    Status.INVALID: "Invalid",
}
PAYMENTS_SHOWN = 20
"""How many payments of each option the page lists: whoever sends dust does not make it a page of dust."""

CLOSED = "Not to be paid at present"
"""Instead of the heading of a new invoice with no way to pay that is open."""

_GOES_ON = (Status.NEW, Status.PROCESSING)


def blueprint(api: Api) -> Blueprint:
    """The page, and its style sheet."""
    routes = Blueprint("checkout", __name__)
    templates, style = pages.templates("checkout"), pages.style_sheet("checkout")

    @routes.get("/i/<id>")
    async def invoice(id: str) -> Response:
        try:
            shown = _page(await api.checkout(id), api.watches)
        except Refusal:
            return pages.html(templates.get_template("missing.html").render(), 404)
        return pages.html(templates.get_template("invoice.html").render(page=shown))

    @routes.get("/assets/checkout.css")
    async def css() -> Response:
        return pages.css(style)

    return routes


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pay, as the page shows it. Amounts are decimal strings of whole units.

    It is not `open` where nobody here would see the payment. Of `paid_times` payments the newest are listed.
    """

    open: bool
    chain: str
    symbol: str
    due: str
    remaining: str | None
    address: str
    memo: str | None
    uri: str
    payments: tuple[str, ...]
    paid_times: int


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page shows."""

    heading: str
    amount: str
    currency: str
    expires_at: str
    remarks: tuple[str, ...]
    ways: tuple[Way, ...]
    payable: bool
    return_url: str | None
    refresh_s: int | None


def _page(view: InvoiceView, is_watched: Callable[[str], bool]) -> Page:
    invoice = view.invoice
    status = invoice.standing.status
    ways = tuple(_way(view, option, is_watched) for option in invoice.options)
    closed = status is Status.NEW and not any(way.open for way in ways)
    return Page(
        heading=CLOSED if closed else HEADINGS[status],
        amount=format_minor(invoice.amount_minor, invoice.currency.decimals),
        currency=invoice.currency.code,
        expires_at=rfc3339(invoice.expires_at_ms),
        remarks=tuple(_remarks(invoice.standing.flags)),
        ways=ways,
        payable=status is Status.NEW,
        return_url=invoice.return_url,
        refresh_s=REFRESH_S if status in _GOES_ON else None,
    )


def _remarks(flags: frozenset[Flag]) -> list[str]:
    told = {
        Flag.PARTIAL: "Part of the amount has arrived; the rest is still to be paid.",
        Flag.OVER: "More than the amount has arrived. Ask the seller about the difference.",
        Flag.LATE: "A payment came after the time was up. The seller has been told.",
    }
    return [text for flag, text in told.items() if flag in flags]


def _way(view: InvoiceView, option: Option, is_watched: Callable[[str], bool]) -> Way:
    asset = option.asset
    remaining = remaining_minor(view.invoice, option, tally(view.invoice, view.payments))
    mine = [
        payment
        for payment in view.payments
        if payment.counts and view.invoice.option(payment.asset) is option
    ]
    return Way(
        open=is_watched(asset.chain),
        chain=asset.chain,
        symbol=asset.symbol,
        due=format_minor(option.due_minor, asset.decimals),
        remaining=format_minor(remaining, asset.decimals) if 0 < remaining < option.due_minor else None,
        address=option.destination.address,
        memo=option.destination.memo,
        uri=option.destination.uri,
        payments=tuple(_progress(view, payment) for payment in mine[-PAYMENTS_SHOWN:]),
        paid_times=len(mine),
    )


def _progress(view: InvoiceView, payment: Payment) -> str:
    amount = f"{format_minor(payment.amount_minor, payment.asset.decimals)} {payment.asset.symbol}"
    if payment.state is PaymentState.CONFIRMED:
        return f"{amount}: confirmed"
    depth = confirmations(payment, view.tips.get(payment.chain))
    return f"{amount}: {depth} of {payment.confirmations_required} confirmations"
