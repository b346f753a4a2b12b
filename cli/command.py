"""How a function that takes groups of options becomes a command that takes each of their options."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand

from ctxzip.cli.options import Inputs
from ctxzip.cli.settings import ConfigFile, Setting, nearest, place_of, read, settled

PLAIN = "Options"


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Return `function` with each of its groups spread into options, filled from wherever they are set."""
    hints = get_type_hints(function, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    options = [part for hint in groups.values() for part in _options(hint)]
    own = [p.replace(annotation=hints[p.name]) for p in inspect.signature(function).parameters.values()]
    takes = [*[p for p in own if p.name not in groups], *options]

    def run(context: typer.Context, **values: Any) -> None:
        if Inputs in groups.values() and not values["files"] and sys.stdin.isatty():
            typer.echo(context.get_help(), err=True)
            raise typer.Exit(2)
        on_the_line = {name: value for name, value in values.items() if _said(context, name)}
        settings = settled(on_the_line, config_file(values))
        _apply(settings)
        taken = {name: _filled(group, settings, values) for name, group in groups.items()}
        function(**taken, **{p.name: values[p.name] for p in own if p.name not in groups})

    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    run.__signature__ = inspect.Signature([first, *takes])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in [first, *takes]}
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    return run


def _options(group: Any) -> list[inspect.Parameter]:
    """Return the options of a group as parameters, each to be shown under the group's heading."""
    found = []
    hints = get_type_hints(group, include_extras=True)
    for own in fields(group):
        kind, *marks = get_args(hints[own.name])
        mark = next((mark for mark in marks if hasattr(mark, "param_decls")), None)
        if mark is None:
            continue
        mark = copy(mark)
        mark.rich_help_panel = group.PANEL
        found.append(
            inspect.Parameter(
                own.name, inspect.Parameter.KEYWORD_ONLY, default=own.default, annotation=Annotated[kind, mark]
            )
        )
    return found


def _said(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def config_file(values: Mapping[str, Any]) -> ConfigFile:
    """Return the configuration file that the options `values` of a command line lead to."""
    if values.get("isolated"):
        return ConfigFile()
    if values.get("config"):
        return read(Path(values["config"]))
    return nearest(place_of(values.get("files"), values.get("stdin_filename")))


def _filled(group: Any, settings: Mapping[str, Setting], values: Mapping[str, Any]) -> Any:
    """Return a group with the value of every option it has; a table of limits goes beside the option's number."""
    chosen = {own.name: settings[own.name].value for own in fields(group)}
    if "table" in chosen and not isinstance(chosen["max_tokens"], int | None):
        chosen |= {"table": chosen["max_tokens"], "max_tokens": None}
    return group(**chosen)


def _apply(settings: Mapping[str, Setting]) -> None:
    """Let the settings hold that concern the whole process."""
    import os

    from ctxzip.cli.color import choose

    if settings["offline"].value:
        os.environ["CTXZIP_OFFLINE"] = "1"
    choose(settings["color"].value)


class Grouped(TyperCommand):
    """A command whose help shows its options under the headings of their groups."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then one section a group, in the order in which groups are taken."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                heading = getattr(param, "rich_help_panel", None) or PLAIN
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
