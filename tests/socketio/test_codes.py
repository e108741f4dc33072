"""The codes' numbers are the network's own."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from paydaemon_hedera.proto.response_code_pb2 import ResponseCodeEnum
from paydaemon_socketio.codes import number_of

ROOT = Path(__file__).parents[2]
CODES = ROOT / "plugins/socketio/paydaemon_socketio/codes.txt"


def test_every_code_has_its_number() -> None:
    for name, number in ResponseCodeEnum.items():
        assert number_of(name) == number
    assert len(CODES.read_text().splitlines()) == len(ResponseCodeEnum.items())
    assert number_of("NO_SUCH_CODE") is None


def test_the_file_is_as_it_is_made() -> None:
    loader = SourceFileLoader("make_codes", str(ROOT / "tools/make-codes"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    tool = module_from_spec(spec)
    loader.exec_module(tool)
    assert CODES.read_text() == tool.codes()
