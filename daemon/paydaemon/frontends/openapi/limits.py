"""The limits as they are now, each with the sentence that stands below it in `frontends.settings`."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from textwrap import dedent

from paydaemon.core.public import Json
from paydaemon.frontends.settings import Limits


def described(limits: Limits) -> Mapping[str, Json]:
    """The value of each limit, and what it is; its name ends in its unit."""
    told = _sentences()
    return {
        name: {"value": value, "description": told.get(name, "")} for name, value in asdict(limits).items()
    }


def _sentences() -> Mapping[str, str]:
    """Read from the source, as documentation of attributes is nowhere else; without it, nothing is told."""
    try:
        source = ast.parse(dedent(inspect.getsource(Limits)))
    except OSError:
        return {}
    return dict(_documented(source))


def _documented(source: ast.Module) -> Iterator[tuple[str, str]]:
    (kind,) = source.body
    assert isinstance(kind, ast.ClassDef)
    for above, below in zip(kind.body, kind.body[1:], strict=False):
        match above, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                yield name, " ".join(sentence.split())
            case _:
                pass
