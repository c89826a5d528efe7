"""The options of a service that others than this machine reach."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sketchshape.errors import UsageError

TOKEN = "SKETCHSHAPE_TOKEN"  # in the environment
RATE = 50.0  # requests per second: a page that is drawn on asks for twenty searches, and for new pictures
SHORT = 16  # letters


def add_strangers(parser: argparse.ArgumentParser) -> None:
    """Add the options for a service that others than this machine reach."""
    lock = parser.add_mutually_exclusive_group()
    lock.add_argument(
        "--token",
        metavar="TOKEN",
        help=f"nobody is let in without it (also {TOKEN}, which other users of this machine do not see)",
    )
    lock.add_argument(
        "--token-file", type=Path, metavar="FILE", help="the same, the token being the first line of a file"
    )
    lock.add_argument(
        "--no-token", action="store_true", help="let in everybody who can reach the service's address"
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        metavar="N",
        help=f"requests per second of one client, ten times as many at once; 0: no end (default: {RATE} for "
        "other machines)",
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a proxy, or a network of them, whose X-Forwarded-For says who asks; may be repeated",
    )
    parser.add_argument(
        "--metrics",
        type=_metrics,
        metavar="[HOST:]PORT",
        help="counts for Prometheus at an address of its own (host: 127.0.0.1); without it /metrics is there "
        "only where nobody but this machine reaches the service",
    )


def read_token(arguments: argparse.Namespace) -> str:
    """Give the token that was asked for, in whatever way; empty for none.

    Raises:
        UsageError: it is empty, or its file cannot be read.
    """
    if arguments.no_token:
        return ""
    if arguments.token is not None:
        given, source = str(arguments.token), "--token"
    elif arguments.token_file is not None:
        try:
            lines = arguments.token_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"--token-file {arguments.token_file}: {reason}") from None
        given, source = (lines or [""])[0], f"--token-file {arguments.token_file}"
    else:
        given, source = os.environ.get(TOKEN, ""), TOKEN
    if not given.strip() and source != TOKEN:
        raise UsageError(f"{source} is empty; give a token, or --no-token")
    return given.strip()


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of requests per second, 0 or more")
    return rate


def _metrics(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]") or "127.0.0.1", to_port(port)


def to_port(text: str) -> int:
    """Read a port."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)
