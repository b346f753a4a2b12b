"""`ctxzip methods`, `ctxzip cache` and `ctxzip config`: what there is to choose from, and what is kept and set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ctxzip.cli.command import config_file
from ctxzip.cli.limits import LimitTable
from ctxzip.cli.options import Debug
from ctxzip.cli.settings import OTHER_VARIABLES, flag, kinds, settled, unknown_variables


def methods(debug: Debug = False) -> None:
    """List the methods that --method takes."""
    from ctxzip.compressors import SUMMARIES, names

    typer.echo(f"{'auto':<19} the default: longcodezip for code files, exit for a query, else llmlingua2")
    for name in names():
        typer.echo(f"{name:<19} {SUMMARIES.get(name, 'from an installed plug-in')}")


cache = typer.Typer(help="What ctxzip keeps on disk between runs.", no_args_is_help=True)


@cache.command("clear")
def clear(debug: Debug = False) -> None:
    """Delete everything that was kept on disk, and say how much that was."""
    from ctxzip.models.cache import default_cache

    typer.echo(f"{default_cache().clear() / 1e6:.1f} MB freed")


@cache.command("where")
def where(debug: Debug = False) -> None:
    """Print the directory in which results and converted weights are kept."""
    from ctxzip.models.cache import default_cache

    typer.echo(str(default_cache().root))


config = typer.Typer(help="What the options are set to without being named.", no_args_is_help=True)


@config.command("show")
def show(
    place: Annotated[
        Path, typer.Argument(metavar="[PLACE]", help="The file or directory that the settings are for.")
    ] = Path(),
    file: Annotated[str | None, typer.Option("--config", metavar="FILE", help="Read settings from this file.")] = None,
    isolated: Annotated[bool, typer.Option("--isolated", "--no-config", help="Read no configuration file.")] = False,
    debug: Debug = False,
) -> None:
    """Print every setting as a configuration file would have it, with what set it."""
    found = config_file({"config": file, "isolated": isolated, "files": [str(place)]})
    typer.echo(f"# {found.path or 'no configuration file'}")
    settings = settled({}, found)
    for name in sorted(kinds(), key=lambda name: isinstance(settings[name].value, LimitTable)):
        value, source = settings[name].value, settings[name].source
        typer.echo("\n".join(_lines(flag(name), value, source)))
    for variable in unknown_variables():
        typer.echo(f"note: {variable} means nothing to ctxzip{_nearest(variable)}", err=True)


def _lines(key: str, value: Any, source: str) -> list[str]:
    """Return a setting as lines of TOML, those without a value as a comment."""
    if isinstance(value, LimitTable):
        return ["", f"[{key}]  # {source}", *(f"{_toml(glob)} = {limit}" for glob, limit in value.limits)]
    if value is None:
        return [f"# {key} is not set"]
    return [f"{key} = {_toml(value)}  # {source}"]


def _toml(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _nearest(variable: str) -> str:
    from difflib import get_close_matches

    from ctxzip.cli.settings import variable as variable_of

    close = get_close_matches(variable, [*map(variable_of, kinds()), *OTHER_VARIABLES], n=1)
    return f"; did you mean {close[0]}?" if close else ""
