"""The description of the API: what may be sent, and what else than the answer may come back."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from sketchshape.web.answers import Said
from sketchshape.web.ask import Ask
from sketchshape.web.problems import MEDIA_TYPE as PROBLEM
from sketchshape.web.turning import Turn

JSON, BYTES = "application/json", "application/octet-stream"
SAID: dict[str, Any] = {"content": {PROBLEM: {"schema": Said.model_json_schema()}}}
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    401: SAID | {"description": "The service has a token, and this request not."},
    403: SAID | {"description": "Asked under a foreign name, or by a page of another site."},
    413: SAID | {"description": "The request is too large."},
    429: SAID | {"description": "This client asks too often; Retry-After says when to come again."},
    503: SAID | {"description": "Too much is at work; Retry-After says when to come again."},
}
ERRORS: dict[int | str, dict[str, Any]] = {
    404: SAID | {"description": "There is no such shape."},
    422: SAID | {"description": "Something in the request is not right."},
}
_FILE: dict[int | str, dict[str, Any]] = ERRORS | {409: SAID | {"description": "The file changed."}}
UNREAD = SAID | {"description": "The JSON or the form is not well formed."}
KIND = SAID | {"description": "That kind of content is not taken."}
_ASK = Ask.model_json_schema()
PICTURE = {"type": "string", "format": "binary", "description": "A file of a drawing."}
BODY = {
    "requestBody": {
        "content": {
            "application/json": {"schema": _ASK},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"picture": PICTURE, **_ASK["properties"]}}
            },
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
            "image/webp": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
TURN = {"requestBody": {"required": True, "content": {JSON: {"schema": Turn.model_json_schema()}}}}


def file_answers(summary: str, kind: str) -> dict[str, Any]:
    """Describe an address that gives a file."""
    return {
        "summary": summary,
        "response_class": Response,
        "responses": {**_FILE, 200: {"content": {kind: {}}}},
    }
