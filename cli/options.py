"""The options that commands share, each declared once."""

from __future__ import annotations

from typing import Annotated

import typer

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]...", help="Files to read; - or nothing piped in is standard input.", show_default=False
    ),
]
Ratio = Annotated[str | None, typer.Option("--ratio", "-r", metavar="N", help="Keep one token in N, for example 4.")]
Keep = Annotated[str | None, typer.Option("--keep", metavar="SHARE", help="Keep a share: 25% or 0.25.")]
Tokens = Annotated[str | None, typer.Option("--tokens", "-t", metavar="N", help="Keep at most N tokens.")]
Threshold = Annotated[
    str | None,
    typer.Option("--threshold", metavar="P|auto", help="No budget: keep what scores at least P (0 to 1)."),
]
TopP = Annotated[
    float | None,
    typer.Option("--top-p", metavar="P", help="No budget: keep the fewest pieces that hold this share of all score."),
]
TopK = Annotated[int | None, typer.Option("--top-k", metavar="N", help="No budget: keep the N best pieces.")]
MinRelevance = Annotated[
    float | None,
    typer.Option("--min-relevance", metavar="P", help="Keep nothing that scores less, whatever the budget leaves."),
]
Query = Annotated[
    str | None,
    typer.Option("--query", metavar="TEXT|@FILE", help="Keep what helps to answer this; @FILE reads it from a file."),
]
Adapter = Annotated[str | None, typer.Option("--adapter", metavar="DIR|ID", help="A PEFT adapter to put on the model.")]
GeneratorName = Annotated[
    str | None,
    typer.Option(
        "--generator",
        metavar="URL|DIR|ID|none",
        help="What writes for scope and recomp-abstractive: an OpenAI-compatible URL or a checkpoint.",
    ),
]
GeneratorModel = Annotated[
    str | None, typer.Option("--generator-model", metavar="NAME", help="The model to ask for behind the URL.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither read nor keep results on disk.")]
Method = Annotated[str, typer.Option("--method", "-m", help="How to choose; ctxzip methods lists them.")]
Model = Annotated[
    str | None, typer.Option("--model", metavar="DIR|ID", help="Weights that score: a directory or a hub id.")
]
TokenizerName = Annotated[
    str,
    typer.Option(
        "--tokenizer",
        metavar="NAME",
        help="Whose tokens count: o200k_base, cl100k_base, words, chars, a tokenizer.json or a hub id.",
    ),
]
KeepPattern = Annotated[
    list[str] | None, typer.Option("--keep-pattern", metavar="REGEX", help="Keep every match; may be repeated.")
]
KeepNumbers = Annotated[bool, typer.Option("--keep-numbers", help="Keep everything with a digit in it.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="KIND",
        help="Let KIND be cut: placeholder, code, table, inline-code, link, url, emphasis, quote, negation, all.",
    ),
]
Compat = Annotated[bool, typer.Option("--compat", help="Follow the released implementation where ours differs.")]
BestEffort = Annotated[
    bool, typer.Option("--best-effort", help="If the budget is too small, give the smallest result instead of failing.")
]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="How the input's bytes become text.")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, not to standard output.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")]
Stats = Annotated[bool, typer.Option("--stats", help="Print a table of what happened to standard error.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress on standard error.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")]
MaxTokens = Annotated[
    int | None, typer.Option("--max-tokens", metavar="N", help="The limit that every file has to stay within.")
]
