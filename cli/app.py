"""The `ctxzip` command, and the one place where errors become a line, a hint and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from ctxzip import __version__
from ctxzip.cli.command import Grouped
from ctxzip.cli.compress import compress, plan
from ctxzip.cli.count import check, count
from ctxzip.cli.doctor import doctor
from ctxzip.cli.house import cache, config, methods
from ctxzip.cli.models import models
from ctxzip.cli.restore import restore
from ctxzip.errors import CtxzipError

INTERRUPTED = 130

app = typer.Typer(
    name="ctxzip",
    help="Make prompts and contexts shorter without losing what matters.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"ctxzip {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Make prompts and contexts shorter without losing what matters."""


for command in (compress, plan, count, check, restore, methods, doctor):
    app.command(cls=Grouped)(command)
app.add_typer(cache, name="cache")
app.add_typer(models, name="models")
app.add_typer(config, name="config")


def main() -> None:
    """Run the command line and leave with its exit code.

    The process ends without taking down models and interpreter piece by piece, which would take a tenth of a run.
    """
    code = exit_code(lambda: app(prog_name="ctxzip", standalone_mode=False))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def exit_code(action: Callable[[], object]) -> int:
    """Run `action` and return the exit code that its outcome stands for, after saying what went wrong."""
    try:
        code = action()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _fail("interrupted", "", INTERRUPTED)
    except CtxzipError as error:
        _traceback_if_asked()
        return _fail(error.message, error.hint, error.exit_code)
    except Exception as error:
        return _unexpected(error)
    if code == INTERRUPTED:  # which is all that Typer leaves of a KeyboardInterrupt
        return _fail("interrupted", "", INTERRUPTED)
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception) -> int:
    """Say what the command-line parser refused, or that the fault is ours."""
    if type(error).__name__ == "Abort":
        return _fail("interrupted", "", INTERRUPTED)
    if type(error).__name__ == "Exit":
        return int(getattr(error, "exit_code", 0))
    if hasattr(error, "format_message"):
        message = str(error.format_message())
        if not message:
            return 2
        context = getattr(error, "ctx", None)
        where = context.command_path if context else "ctxzip"
        return _fail(" ".join(message.split()).rstrip("."), f"{where} --help shows what it takes", 2)
    _traceback_if_asked()
    return _fail(
        f"{type(error).__name__}: {error}".splitlines()[0],
        "this is a fault in ctxzip; run again with --debug and report what it prints",
        2,
    )


def _traceback_if_asked() -> None:
    if "--debug" in sys.argv:
        import traceback

        traceback.print_exc()


def _fail(message: str, hint: str, code: int) -> int:
    typer.echo(f"error: {message}", err=True)
    if hint:
        typer.echo(f"hint: {hint}", err=True)
    return code
