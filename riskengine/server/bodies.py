"""Reading a JSON body: strict, not nested too deeply, and only where it says that it is JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from riskengine.canonical import parse_json, sha256
from riskengine.errors import ArtefactError
from riskengine.server.problems import refuse

Shape = TypeVar("Shape", bound=BaseModel)


def too_deep(value: Any, most: int) -> bool:
    """Whether JSON is nested deeper than a number of levels; looked at without recursion."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, list | dict)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, list | dict)
        ]
        if not level:
            return False
    return True


def _writable(value: Any) -> bool:
    """Whether every text can be written as UTF-8 and kept in any database."""
    text = json.dumps(value, ensure_ascii=False)
    return "\\u0000" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


class Body:
    """A body as JSON, with its hash."""

    def __init__(self, data: bytes, value: Any) -> None:
        self.data = data
        self.value = value

    @property
    def sha256(self) -> str:
        """Hash of the body as it came."""
        return sha256(self.data)

    def shaped(self, shape: type[Shape]) -> Shape:
        """Check the body against a declared shape.

        Raises
        ------
        pydantic.ValidationError
            Answered as 422, value by value.
        """
        return shape.model_validate_json(self.data)


async def json_body(request: Request) -> Body:
    """Read the body of a request as strict JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise refuse(415, "wants_json")
    data = await request.body()
    depth: int = request.app.state.settings.limits.depth
    try:
        value = parse_json(data, source="body")
    except ArtefactError as error:
        if isinstance(error.__cause__, RecursionError):
            raise refuse(400, "too_deep", depth=depth) from None
        raise refuse(400, "not_json", reason=str(error)) from None
    if too_deep(value, depth):
        raise refuse(400, "too_deep", depth=depth)
    if b"\\u" in data and not _writable(value):
        raise refuse(400, "not_json", reason="half a surrogate pair, or U+0000")
    return Body(data.removeprefix(b"\xef\xbb\xbf"), value)


JsonBody = Annotated[Body, Depends(json_body)]
