"""`ctxzip restore`: the original again, from a result and its sidecar."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ctxzip.cli.options import Debug
from ctxzip.errors import InputError


def restore(
    result: Annotated[str, typer.Argument(metavar="RESULT", help="What compress wrote; - is standard input.")],
    sidecar: Annotated[str, typer.Argument(metavar="SIDECAR", help="What compress --sidecar wrote.")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Which original, where there are several.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, not to standard output.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Give back the original, byte for byte, from a result and the sidecar written with it."""
    from ctxzip.cli import atomic
    from ctxzip.cli.read import read_bytes
    from ctxzip.cli.walk import STDIN
    from ctxzip.sidecar import Sidecar

    try:
        beside = Sidecar.from_json(read_bytes(sidecar).decode())
    except UnicodeDecodeError:
        hint = "restore takes RESULT and SIDECAR, in this order"
        raise InputError(f"{sidecar} is not a sidecar", hint=hint) from None
    data = beside.restore(read_bytes(result), name)
    if output in (None, STDIN):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        atomic.replace(Path(str(output)), data)
