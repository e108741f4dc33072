"""Saying no: a response code, by exception, from wherever the reason is found."""

from paydaemon_hedera.proto import response_code_pb2 as rc


class Refused(Exception):
    """A transaction or a query is not taken. `cost_tinybars` would have been enough, where that is why."""

    def __init__(self, code: rc.ResponseCodeEnum, cost_tinybars: int = 0) -> None:
        super().__init__(rc.ResponseCodeEnum.Name(code))
        self.code = code
        self.cost_tinybars = cost_tinybars


def require(condition: object, code: rc.ResponseCodeEnum) -> None:
    """Go on where `condition` holds. Raises `Refused` with the code where it does not."""
    if not condition:
        raise Refused(code)
