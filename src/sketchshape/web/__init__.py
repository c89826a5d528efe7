"""The service and its page; needs the extra `serve`."""

from sketchshape.errors import MissingExtraError

try:
    from sketchshape.web.app import create_app
    from sketchshape.web.gate.place import LOCAL
    from sketchshape.web.limits import Limits
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] == "sketchshape":
        raise
    raise MissingExtraError(error.name or "fastapi", "serve") from error

__all__ = ["LOCAL", "Limits", "create_app"]
