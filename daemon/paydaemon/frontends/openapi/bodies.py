"""The shapes of bodies: the very models that read them, as JSON Schema."""

from collections.abc import Iterable, Mapping
from typing import Any

from paydaemon.frontends.models import Body
from paydaemon.frontends.openapi.schema import Schema, nullable

_TEMPLATE = "#/components/schemas/{model}"


def bodies(models: Iterable[type[Body]]) -> Mapping[str, Schema]:
    """The schema of each model, and of those that it is made of, by their names among the components."""
    found: dict[str, Schema] = {}
    for model in models:
        schema = model.model_json_schema(ref_template=_TEMPLATE)
        found.update(schema.pop("$defs", {}))
        found[model.__name__] = schema
    return {name: _tidy(schema) for name, schema in found.items()}


def _tidy(value: Any) -> Any:
    """Without what pydantic says for itself: titles, defaults of None, and two lines where one does."""
    match value:
        case {"anyOf": [one, {"type": "null"}], **rest}:
            rest.pop("title", None), rest.pop("default", None)
            return {**nullable(_tidy(one)), **rest}
        case dict():
            return {
                key: {name: _tidy(one) for name, one in item.items()} if key == "properties" else _tidy(item)
                for key, item in value.items()
                if key != "title" or not isinstance(item, str)
            }
        case list():
            return [_tidy(item) for item in value]
        case _:
            return value
