"""Lays the document out for people.

The page is made from the finished document, so it can say nothing that the document does not.
"""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paydaemon.core.public import Json
from paydaemon.frontends.openapi.page import (
    Chapter,
    Code,
    Content,
    Entry,
    Example,
    Field,
    Page,
    Shape,
    Stream,
    Told,
    in_line,
    prose,
)

_BOUNDS = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " of them"),
    ("minProperties", "maxProperties", " fields"),
)


def lay_out(document: Json) -> Page:
    """The page that shows a document."""
    return _Layout(document).page()


class _Layout:
    """One document, being laid out."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._components = document["components"]
        self._server = document["servers"][0]["url"]

    def page(self) -> Page:
        info = self._document["info"]
        return Page(
            title=f"{info['title']}: {info['summary']}",
            version=info["version"],
            server=self._server,
            about=prose(info["description"]),
            chapters=tuple(self._chapter(tag) for tag in self._document["tags"]),
            shapes=tuple(self._shape(*item) for item in self._components["schemas"].items()),
            codes=tuple(
                self._code(example["value"]["error"]) for example in self._components["examples"].values()
            ),
            limits=tuple(
                (name, f"{limit['value']:g}", limit["description"])
                for name, limit in self._document["x-limits"].items()
            ),
        )

    def _chapter(self, tag: Mapping[str, Any]) -> Chapter:
        entries = [
            self._entry(method, path, operation)
            for path, methods in self._document["paths"].items()
            for method, operation in methods.items()
            if tag["name"] in operation["tags"]
        ]
        id = "tag-" + tag["name"].lower().replace(" ", "-")
        return Chapter(id, tag["name"], prose(tag["description"]), tuple(entries))

    def _entry(self, method: str, path: str, operation: Mapping[str, Any]) -> Entry:
        told = [self._told(status, self._found(one)) for status, one in operation["responses"].items()]
        return Entry(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            description=prose(operation["description"]),
            needs=operation["x-needs"],
            curl=self._curl(method.upper(), path, operation),
            parameters=tuple(map(self._parameter, operation["parameters"])),
            body=self._body(operation),
            answers=tuple(one for one in told if not one.codes),
            errors=tuple(one for one in told if one.codes),
            stream=self._stream(operation),
        )

    # --- What is sent

    def _parameter(self, parameter: Mapping[str, Any]) -> Field:
        field = self._field(parameter["name"], parameter["schema"], parameter["in"])
        return Field(
            field.name, field.kind, None, field.note, in_line(parameter["description"]), field.rules,
            field.choices, (),
        )  # fmt: skip

    def _body(self, operation: Mapping[str, Any]) -> Content | None:
        if "requestBody" not in operation:
            return None
        return self._content(*next(iter(operation["requestBody"]["content"].items())))

    def _curl(self, method: str, path: str, operation: Mapping[str, Any]) -> str:
        values = {one["name"]: one["example"] for one in operation["parameters"] if one["in"] == "path"}
        lines = [f"curl {shlex.quote(self._server + path.format(**values))}"]
        if not self._document["security"]:
            lines[0] = lines[0].replace("curl ", 'curl --unix-socket "$SOCKET" ', 1)
        if operation.get("security", self._document["security"]):
            lines.append('-H "Authorization: Bearer $KEY"')
        lines += [
            "-H " + shlex.quote(f"{one['name']}: {one['example']}")
            for one in operation["parameters"]
            if one["in"] == "header"
        ]
        if body := self._body(operation):
            lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(_one_line(body))}"]
        elif method != "GET":
            lines.append(f"-X {method}")
        return " \\\n  ".join(lines)

    # --- What is answered

    def _told(self, status: str, response: Mapping[str, Any]) -> Told:
        contents = response.get("content", {})
        content = self._content(*next(reversed(contents.items()))) if contents else None
        codes = [
            name
            for one in contents.values()
            for name, item in one.get("examples", {}).items()
            if "$ref" in item
        ]
        own = not codes or (content is not None and content.link != "Error")
        return Told(
            status,
            in_line(response["description"]),
            content if own else None,
            () if own else tuple(codes),
            tuple(response.get("headers", {})),
        )

    def _stream(self, operation: Mapping[str, Any]) -> Stream | None:
        told = operation.get("x-websocket")
        if told is None:
            return None
        messages = [
            (
                message["description"],
                self._content(
                    "", {"schema": message["payload"], "examples": {name: {"value": message["example"]}}}
                ),
            )
            for name, message in told["messages"].items()
        ]
        return Stream(
            told["summary"], prose(told["description"]), tuple(messages), tuple(told["closeCodes"].items())
        )

    def _content(self, media: str, content: Mapping[str, Any]) -> Content:
        schema = content["schema"]
        if "anyOf" in schema:
            schema = schema["anyOf"][0]
        examples = [
            Example(name, json.dumps(self._found(example)["value"], indent=2, ensure_ascii=False))
            for name, example in content.get("examples", {}).items()
            if "value" in example
        ]
        shown = media if schema.get("type") == "string" else self._kind(schema)
        return Content(shown, _name(schema), tuple(examples), self._fields(schema))

    # --- Shapes

    def _shape(self, name: str, schema: Mapping[str, Any]) -> Shape:
        field = self._field(name, schema, "")
        return Shape(
            name, prose(schema.get("description", "")), field.kind, field.rules, field.choices, field.fields
        )

    def _fields(self, schema: Mapping[str, Any]) -> tuple[Field, ...]:
        schema = self._found(schema)
        required = schema.get("required", ())
        return tuple(
            self._field(name, one, "" if name in required else "optional")
            for name, one in schema.get("properties", {}).items()
        )

    def _field(self, name: str, schema: Mapping[str, Any], note: str) -> Field:
        inner = schema.get("items", schema)
        link = _name(inner)
        return Field(
            name=name,
            kind=self._kind(schema),
            link=link,
            note=note,
            description=in_line(schema.get("description") or self._found(schema).get("description", "")),
            rules=", ".join(_rules(schema)),
            choices=tuple(_choices(inner)),
            fields=() if link else self._fields(inner),
        )

    def _kind(self, schema: Mapping[str, Any]) -> str:
        if name := _name(schema):
            return f"{name} or null" if "anyOf" in schema else name
        if "const" in schema:
            return "string"
        kind = schema.get("type", "anything")
        words = " or ".join(kind) if isinstance(kind, list) else kind
        return (
            f"list of {self._kind(schema['items'])}"
            if words.startswith("array") and "items" in schema
            else words
        )

    def _code(self, error: Mapping[str, str]) -> Code:
        return Code(error["code"], error["type"], error["message"])

    def _found(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference leads to."""
        if "$ref" not in schema:
            return schema
        kind, name = schema["$ref"].split("/")[-2:]
        found = self._components[kind][name]
        assert isinstance(found, Mapping)
        return found


def _name(schema: Mapping[str, Any]) -> str | None:
    """The name of the shape that a schema refers to."""
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            return str(one["$ref"].rpartition("/")[2])
    return None


def _rules(schema: Mapping[str, Any]) -> Iterator[str]:
    """What else is to be kept to, in words."""
    for least, most, what in _BOUNDS:
        match schema.get(least), schema.get(most):
            case None, None:
                pass
            case None, bound:
                yield f"at most {bound}{what}"
            case bound, None:
                yield f"at least {bound}{what}"
            case low, high:
                yield f"{low} to {high}{what}"
    if "default" in schema:
        yield f"{json.dumps(schema['default'])} by default"


def _choices(schema: Mapping[str, Any]) -> Sequence[str]:
    if "const" in schema:
        return [str(schema["const"])]
    return ["null" if one is None else str(one) for one in schema.get("enum", ())]


def _one_line(body: Content) -> str:
    return json.dumps(json.loads(body.examples[0].text), ensure_ascii=False)
