"""Heirs: a transaction that takes another's place and pays the same is the same payment with a higher fee.

So it has the first sight of what it replaces: whoever pays in time and raises the fee after the expiry has
paid in time. One that pays any address of ours more than what it replaces has its own: a payment of almost
nothing, made in time, shall not hold a rate until the rest may be worth paying.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from paydaemon_bitcoin.book import Book, Page
from paydaemon_bitcoin.inquiry import Finding
from paydaemon_bitcoin.observations import Credit


def losses(findings: Iterable[Finding], book: Book) -> Mapping[str, Sequence[Page]]:
    """What is newly lost among the findings, by the transaction that took its place."""
    found = defaultdict(list)
    for finding in findings:
        page, heir = book.page(finding.txid), finding.fate.replaced_by
        if page is not None and heir is not None and book.counts(finding.txid) and not finding.counts:
            found[heir].append(page)
    return found


def inherit(findings: Sequence[Finding], book: Book) -> Sequence[Finding]:
    """The findings, with the first sight of what they replace where they are its heirs."""
    lost = losses(findings, book)
    return [
        _with_first_sight(finding, book.page(finding.txid), lost[finding.txid])
        if finding.txid in lost and finding.counts
        else finding
        for finding in findings
    ]


def _with_first_sight(finding: Finding, known: Page | None, lost: Sequence[Page]) -> Finding:
    own = {*finding.credits, *(known.credits.values() if known else ())}
    if not _paid(own) <= _paid(credit for page in lost for credit in page.credits.values()):
        return finding
    since_ms = max(page.fate.seen_at_ms for page in lost)
    fate = replace(finding.fate, seen_at_ms=min(finding.fate.seen_at_ms, since_ms))
    return replace(finding, fate=fate)


def _paid(to_us: Iterable[Credit]) -> Counter[str]:
    """Satoshi by address."""
    paid: Counter[str] = Counter()
    for credit in to_us:
        paid[credit.address] += credit.amount_minor
    return paid
