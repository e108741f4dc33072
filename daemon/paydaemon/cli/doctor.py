"""``paydaemon doctor``: what is wrong, and what to do about it."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from paydaemon.cli.client import print_json
from paydaemon.cli.configuration import config_option
from paydaemon.cli.ending import run
from paydaemon.doctor import Examined, examine
from paydaemon.hooks.diagnosis import Verdict

MARKS = {Verdict.OK: "ok", Verdict.WARNING: "warning", Verdict.PROBLEM: "PROBLEM"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@config_option
def doctor(as_json: bool, config: Path) -> None:
    """Look at everything the daemon needs, whether it runs or not, and say what to do.

    Run it as the daemon's user or as root. Exit status 1 where there is a problem, 0 where there are at most
    warnings. Nothing is changed.
    """
    found: list[Examined] = []
    run(_examine, config, found, as_json)
    worst = [one.finding.verdict for one in found]
    if as_json:
        rows = [{"area": one.area, **asdict(one.finding)} for one in found]
        print_json({"healthy": Verdict.PROBLEM not in worst, "findings": rows})
    else:
        problems, warnings = worst.count(Verdict.PROBLEM), worst.count(Verdict.WARNING)
        click.echo(f"{len(found)} findings, of which {problems} problem(s) and {warnings} warning(s)")
    sys.exit(1 if Verdict.PROBLEM in worst else 0)


async def _examine(config: Path, found: list[Examined], as_json: bool) -> None:
    def tell(one: Examined) -> None:
        found.append(one)
        if not as_json:
            _print(one)

    await examine(config, tell)


def _print(one: Examined) -> None:
    finding = one.finding
    click.echo(f"{MARKS[finding.verdict]:<8} {one.area}: {finding.what}: {finding.said}")
    if finding.advice:
        click.echo(f"         → {finding.advice}")
