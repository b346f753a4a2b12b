"""`ctxzip models`: the weights that are here and known, exporting, checking and fetching them."""

from __future__ import annotations

from typing import Annotated

import typer

from ctxzip.cli.options import Debug

models = typer.Typer(help="Weights: what there is, exporting to ONNX, checking, fetching.", no_args_is_help=True)

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="A checkpoint's directory or a hub id.")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="The directory to make.")]
Directory = Annotated[str, typer.Argument(metavar="DIR", help="An exported model, or `bundled`.")]
HubId = Annotated[str, typer.Argument(metavar="ID", help="A hub id, owner/model.")]
Opset = Annotated[int | None, typer.Option("--opset", metavar="N", help="Version of the ONNX operator set.")]
Int8 = Annotated[bool, typer.Option("--int8", help="Int8 products: the smallest and fastest.")]
Fp16 = Annotated[bool, typer.Option("--fp16", help="Weights kept as fp16: half the size.")]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")]
Fp32 = Annotated[bool, typer.Option("--fp32", help="Everything as it is; the default.")]


@models.command("list")
def list_(json: Json = False, debug: Debug = False) -> None:
    """List weights: bundled, cached on this machine, and published ones that are known to work."""
    from ctxzip.cli import weights

    weights.show(as_json=json)


@models.command("export")
def export(
    source: Source,
    out: Out,
    int8: Int8 = False,
    fp16: Fp16 = False,
    fp32: Fp32 = False,
    opset: Opset = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a checkpoint as a directory that --model takes on machines without torch.

    The same text goes through torch and ONNX Runtime; nothing is written when they decide differently.
    """
    from ctxzip.cli import weights

    weights.export(source, out, {"int8": int8, "fp16": fp16, "fp32": fp32}, opset, quiet=quiet)


@models.command("check")
def check(directory: Directory, json: Json = False, debug: Debug = False) -> None:
    """Check an exported model: its files, that it loads and runs, what goes in and comes out, how fast."""
    from ctxzip.cli import weights

    if not weights.check(directory, as_json=json):
        raise typer.Exit(1)


@models.command("pull")
def pull(hub_id: HubId, debug: Debug = False) -> None:
    """Download a checkpoint into the hub's cache and print where it is; nothing is loaded or run."""
    from ctxzip.models.store import pull as fetched

    typer.echo(str(fetched(hub_id)))
