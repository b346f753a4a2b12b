"""The options, each declared once, in the groups that commands take and help shows.

A command takes whole groups (`ctxzip.cli.command` spreads them). Every option can also be set in a configuration
file and by an environment variable, except those that a group lists as `PER_CALL`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from ctxzip.cli.limits import LimitTable
from ctxzip.options import DEFAULT_TOKENIZER
from ctxzip.protect import KINDS


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the text comes from."""

    PANEL: ClassVar[str] = "Input"
    PER_CALL: ClassVar[tuple[str, ...]] = ("files", "stdin_filename")

    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Files, directories or globs; - or nothing, with text piped in, is standard input.",
            show_default=False,
        ),
    ] = None
    stdin_filename: Annotated[
        str | None,
        typer.Option("--stdin-filename", metavar="NAME", help="Treat standard input like a file of this name."),
    ] = None
    encoding: Annotated[
        str, typer.Option("--encoding", metavar="NAME", help="How the input's bytes become text.", show_default=False)
    ] = "utf-8"
    include: Annotated[
        list[str] | None,
        typer.Option("--include", metavar="GLOB", help="Which files of a directory; may be repeated."),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="GLOB", help="Which files to leave out; may be repeated."),
    ] = None
    force_exclude: Annotated[
        bool, typer.Option("--force-exclude", help="Leave them out even where they are named one by one.")
    ] = False


@dataclass(frozen=True, slots=True)
class Budgeting:
    """How much is kept."""

    PANEL: ClassVar[str] = "Budget (half when none is given)"
    PER_CALL: ClassVar[tuple[str, ...]] = ()

    ratio: Annotated[
        str | None, typer.Option("--ratio", "-r", metavar="N", help="Keep one token in N, for example 4.")
    ] = None
    keep: Annotated[str | None, typer.Option("--keep", metavar="SHARE", help="Keep a share: 25% or 0.25.")] = None
    tokens: Annotated[str | None, typer.Option("--tokens", "-t", metavar="N", help="Keep at most N tokens.")] = None
    threshold: Annotated[
        str | None,
        typer.Option("--threshold", metavar="P|auto", help="No budget: keep what scores at least P (0 to 1)."),
    ] = None
    top_p: Annotated[
        float | None,
        typer.Option("--top-p", metavar="P", help="No budget: keep the fewest pieces that hold this share of score."),
    ] = None
    top_k: Annotated[int | None, typer.Option("--top-k", metavar="N", help="No budget: keep the N best pieces.")] = None
    min_relevance: Annotated[
        float | None,
        typer.Option("--min-relevance", metavar="P", help="Keep nothing that scores less, whatever is left over."),
    ] = None
    best_effort: Annotated[
        bool, typer.Option("--best-effort", help="If the budget is too small, give the smallest result, not an error.")
    ] = False


@dataclass(frozen=True, slots=True)
class Choosing:
    """What is kept, and what decides."""

    PANEL: ClassVar[str] = "What to keep"
    PER_CALL: ClassVar[tuple[str, ...]] = ()

    method: Annotated[
        str,
        typer.Option(
            "--method", "-m", metavar="NAME", help="How to choose; ctxzip methods lists them.", show_default=False
        ),
    ] = "auto"
    query: Annotated[
        str | None,
        typer.Option("--query", metavar="TEXT|@FILE", help="Keep what helps to answer this; @FILE reads a file."),
    ] = None
    model: Annotated[
        str | None, typer.Option("--model", metavar="DIR|ID", help="Weights that score: a directory or a hub id.")
    ] = None
    adapter: Annotated[
        str | None, typer.Option("--adapter", metavar="DIR|ID", help="A PEFT adapter to put on the model.")
    ] = None
    keep_pattern: Annotated[
        list[str] | None, typer.Option("--keep-pattern", metavar="REGEX", help="Keep every match; may be repeated.")
    ] = None
    keep_numbers: Annotated[bool, typer.Option("--keep-numbers", help="Keep everything with a digit in it.")] = False
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="KIND",
            help=f"Let KIND be cut: {', '.join([*sorted(KINDS), 'all'])}.",
        ),
    ] = None
    compat: Annotated[bool, typer.Option("--compat", help="Follow the released implementation where ours differs.")] = (
        False
    )
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor keep results on disk.")] = False


@dataclass(frozen=True, slots=True)
class Writing:
    """What writes, for the methods that do."""

    PANEL: ClassVar[str] = "What to keep"
    PER_CALL: ClassVar[tuple[str, ...]] = ()

    generator: Annotated[
        str | None,
        typer.Option(
            "--generator",
            metavar="URL|DIR|ID|none",
            help="What writes for scope and recomp-abstractive: an OpenAI-compatible URL or a checkpoint.",
        ),
    ] = None
    generator_model: Annotated[
        str | None, typer.Option("--generator-model", metavar="NAME", help="The model to ask for behind the URL.")
    ] = None


@dataclass(frozen=True, slots=True)
class Counting:
    """Whose tokens count."""

    PANEL: ClassVar[str] = "Budget (half when none is given)"
    PER_CALL: ClassVar[tuple[str, ...]] = ()

    tokenizer: Annotated[
        str,
        typer.Option(
            "--tokenizer",
            metavar="NAME",
            help="Whose tokens count: o200k_base (default), cl100k_base, words, chars, a tokenizer.json or a hub id.",
            show_default=False,
        ),
    ] = DEFAULT_TOKENIZER


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tokens a file may take: one number, or what the configuration says for its path."""

    PANEL: ClassVar[str] = "Files one by one"
    PER_CALL: ClassVar[tuple[str, ...]] = ()

    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", metavar="N", min=1, help="The limit every file has to stay within."),
    ] = None
    table: LimitTable | None = None
    """The limits by glob of the configuration file, where nothing stronger was said."""

    @property
    def given(self) -> bool:
        """Tell whether there is a limit for any file at all."""
        return self.max_tokens is not None or self.table is not None

    def of(self, name: str) -> int | None:
        """Return the limit of the file `name`, None when there is none."""
        if self.max_tokens is not None or self.table is None:
            return self.max_tokens
        return self.table.of(name)


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Files that are changed, or would be, each within its own budget."""

    PANEL: ClassVar[str] = "Files one by one"
    PER_CALL: ClassVar[tuple[str, ...]] = ("in_place", "check", "diff", "over_limit")

    in_place: Annotated[
        bool, typer.Option("--in-place", "-i", help="Rewrite the files, each within its own budget.")
    ] = False
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if a file would change.")] = False
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what --in-place would change.")] = False
    over_limit: Annotated[
        bool,
        typer.Option("--over-limit", help="Only files over their max-tokens limit, down to it; leave the others."),
    ] = False
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=1, help="Work on N files at a time.", show_default=False)
    ] = 1

    @property
    def asked(self) -> bool:
        """Tell whether files are to be looked at one by one."""
        return self.in_place or self.check or self.diff


@dataclass(frozen=True, slots=True)
class Result:
    """Where the result goes."""

    PANEL: ClassVar[str] = "Output"
    PER_CALL: ClassVar[tuple[str, ...]] = ("output", "highlight", "sidecar")

    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, not to standard output.")
    ] = None
    highlight: Annotated[
        bool, typer.Option("--highlight", help="Instead of the result show the input, what is dropped dim.")
    ] = False
    sidecar: Annotated[
        str | None, typer.Option("--sidecar", metavar="FILE", help="Write what ctxzip restore needs to undo this.")
    ] = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is told about the result."""

    PANEL: ClassVar[str] = "Output"
    PER_CALL: ClassVar[tuple[str, ...]] = ("json", "html")

    json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page that shows what was kept and why.")
    ] = None
    stats: Annotated[bool, typer.Option("--stats", help="Print a table of what happened to standard error.")] = False


@dataclass(frozen=True, slots=True)
class Talk:
    """What is said along the way, and where settings come from."""

    PANEL: ClassVar[str] = "Messages and settings"
    PER_CALL: ClassVar[tuple[str, ...]] = ("config", "isolated", "debug")

    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress on standard error.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False
    color: Annotated[
        str, typer.Option("--color", metavar="WHEN", help="auto (default), always or never.", show_default=False)
    ] = "auto"
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network, whatever is asked for.")] = False
    config: Annotated[str | None, typer.Option("--config", metavar="FILE", help="Read settings from this file.")] = None
    isolated: Annotated[bool, typer.Option("--isolated", "--no-config", help="Read no configuration file.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")] = False


GROUPS = (Inputs, Budgeting, Choosing, Writing, Counting, Limits, OneByOne, Result, Report, Talk)
"""Every group, in the order in which help shows them."""

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")]
