"""The generated code is what `make protos` writes, and lives beside whatever else a process has loaded."""

import filecmp
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).parents[2]
PROTOS = ROOT / "protos"
GENERATED = ROOT / "plugins/hedera/paydaemon_hedera/proto"


def test_the_generated_code_is_up_to_date(tmp_path: Path) -> None:
    sources = [str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto")]
    own = Path(grpc_tools.__file__).parent / "_proto"
    to = [f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    assert protoc.main(["protoc", f"--proto_path={PROTOS}", f"--proto_path={own}", *to, *sources]) == 0
    fresh = tmp_path / "paydaemon_hedera/proto"
    names = {path.name for path in fresh.iterdir()}
    assert names == {path.name for path in GENERATED.glob("*_pb2.py*")}
    assert filecmp.cmpfiles(fresh, GENERATED, sorted(names), shallow=False)[1:] == ([], [])
