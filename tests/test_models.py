"""Weights: exporting every kind and family, using what was exported without torch, refusing what is not whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from laws import Cli
from test_exit import JOINED, QUERY

from ctxzip import compress
from ctxzip.compressors import names
from ctxzip.errors import InputError, UsageError
from ctxzip.models import export as exporting
from ctxzip.models import runtimes
from ctxzip.models.cache import Cache
from ctxzip.models.catalog import KNOWN
from ctxzip.models.encoders import open_encoder
from ctxzip.models.export import NoParity, Precision, Recipe, export
from ctxzip.models.manifest import MANIFEST, Kind, Manifest, hashes, sha256, verify
from ctxzip.models.parity import compare, sample
from ctxzip.models.runtimes import GRAPH, open_ahead, open_graph
from ctxzip.models.store import bundled

EVERY_KIND = [("bert", kind) for kind in Kind]
EVERY_FAMILY = [(family, Kind.TOKENS) for family in tiny_models.FAMILIES[1:]]


@pytest.mark.parametrize(("family", "kind"), [*EVERY_KIND, *EVERY_FAMILY])
def test_an_export_gives_what_torch_gives(tmp_path: Path, family: str, kind: Kind) -> None:
    import onnx

    source = tiny_models.of_family(tmp_path / "source", family, kind)
    manifest = export(str(source), tmp_path / "out", Recipe())
    assert (manifest.kind, manifest.family, manifest.precision) == (kind, family, "fp32")
    one, two = (open_encoder(folder, kind, "tiny") for folder in (source, tmp_path / "out"))
    assert one.max_length == two.max_length == 512
    assert (one.pad, one.pooling, one.unit) == (two.pad, two.pooling, two.unit)
    parity = compare(two, kind, one.backend, two.backend)
    assert parity.relative < 1e-4
    assert parity.agreement >= 0.999
    assert parity.decisions > 80
    assert Manifest.read(tmp_path / "out") == manifest
    assert manifest.files == hashes(tmp_path / "out")
    assert set(manifest.files) == {"model.onnx", "model.onnx_data", "tokenizer.json", "config.json"}
    graph = onnx.load(tmp_path / "out" / "model.onnx").graph
    assert ("token_type_ids" in {node.name for node in graph.input}) == (kind is Kind.PAIRS)
    operators = {node.op_type for node in graph.node}
    assert ("MultiHeadAttention" in operators) == (family != "deberta-v2")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One export of each kind, each in another precision, with its source beside it."""
    root = tmp_path_factory.mktemp("exported")
    made = {}
    for kind, precision in zip(Kind, Precision, strict=True):
        source = tiny_models.of_family(root / f"{kind}-source", "bert", kind)
        export(str(source), root / kind, Recipe(precision))
        made[str(kind)] = root / kind
    return made


def weight_bytes(directory: Path) -> int:
    """Return the bytes of the weights in a graph; the nodes of a tiny one weigh as much."""
    import onnx
    from onnx import numpy_helper

    weights = onnx.load(directory / "model.onnx").graph.initializer
    return sum(numpy_helper.to_array(weight).nbytes for weight in weights)


def test_fewer_bits_are_smaller_and_decide_the_same(exported: dict[str, Path], tmp_path: Path) -> None:
    source = exported["token-classifier"].with_name("token-classifier-source")
    plain = weight_bytes(exported["token-classifier"])
    for precision, share in ((Precision.FP16, 0.55), (Precision.INT8, 0.9)):
        said: list[str] = []
        manifest = export(str(source), tmp_path / precision, Recipe(precision), said.append)
        assert weight_bytes(tmp_path / precision) < share * plain
        assert manifest.parity["agreement"] >= precision.agreement
        assert manifest.parity["largest_difference"] > 0
        assert "max |Δ|" in said[-1]
        assert said[-1].startswith(precision)


def test_tables_of_embeddings_become_int8(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from ctxzip.models.onnx_backend import session
    from ctxzip.models.precision import _quantise_tables

    table = np.random.default_rng(3).normal(size=(1200, 8)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["rows"])],
        "lookup",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 8])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    _quantise_tables(model)
    onnx.save(model, tmp_path / "table.onnx")
    ids = np.array([0, 7, 1199])
    rows = session(tmp_path / "table.onnx", 1).run(None, {"ids": ids})[0]
    assert np.abs(rows - table[ids]).max() <= np.abs(table).max() / 254 + 1e-6
    assert all(weight.data_type != TensorProto.FLOAT or weight.dims[1] == 1 for weight in model.graph.initializer)


WITHOUT_TORCH = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "onnx", "safetensors"):
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
from ctxzip import compress
text, query, *models = sys.argv[1:]
for method, model in zip(("llmlingua2", "exit", "recomp"), models):
    result = compress(text, ratio=3, method=method, model=model, query=None if method == "llmlingua2" else query)
    assert result.model == model and 0 < result.tokens_after <= result.limit, result
    print(method, len(result.text))
"""


def test_an_exported_directory_is_a_model_without_torch(exported: dict[str, Path]) -> None:
    paths = [str(exported[kind]) for kind in Kind]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, JOINED, QUERY, *paths], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["llmlingua2", "exit", "recomp"]


@pytest.mark.parametrize(("method", "kind"), [("llmlingua2", Kind.TOKENS), ("exit", Kind.PAIRS)])
def test_an_export_scores_as_its_checkpoint(exported: dict[str, Path], tmp_path: Path, method: str, kind: Kind) -> None:
    source = exported[kind].with_name(f"{kind}-source")
    export(str(source), tmp_path / "out", Recipe())
    query = None if method == "llmlingua2" else QUERY
    scores = [
        [span.score for span in compress(JOINED, ratio=3, method=method, query=query, model=str(model)).spans]
        for model in (source, tmp_path / "out")
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_a_model_of_another_kind_is_refused(exported: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="is a cross-encoder") as caught:
        compress(JOINED, ratio=3, model=str(exported["cross-encoder"]))
    assert "--method exit" in caught.value.hint


def test_an_export_that_decides_otherwise_is_not_written(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(plain: Path, target: Path, precision: Precision, exact: list[str]) -> None:
        import onnx
        from onnx import numpy_helper

        model = onnx.load(plain)
        for weight in model.graph.initializer:
            if weight.data_type == onnx.TensorProto.FLOAT:
                name = weight.name
                weight.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(weight), name))
        onnx.save(model, target)

    monkeypatch.setattr(exporting, "_reduce", spoilt)
    source = exported["token-classifier"].with_name("token-classifier-source")
    with pytest.raises(NoParity) as caught:
        export(str(source), tmp_path / "out", Recipe(Precision.INT8))
    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten_and_what_is_no_encoder_not_exported(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    done = cli("models", "export", str(tmp_path), tmp_path / "full")
    assert (done.code, done.err.splitlines()[0]) == (2, f"error: {tmp_path / 'full'} is already there")
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}))
    done = cli("models", "export", str(tmp_path), tmp_path / "out")
    assert done.code == 2
    assert "no encoder that scores" in done.err
    assert cli("models", "export", "x", "y", "--int8", "--fp16").code == 2
    assert cli("models", "export", "x", "y", "--opset", "3").code == 2


def test_pickled_weights_are_refused_with_a_way_out(cli: Cli, tmp_path: Path) -> None:
    source = tiny_models.of_family(tmp_path / "source", "bert", Kind.TOKENS)
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    (tmp_path / "text.txt").write_text(JOINED)
    used = ["compress", tmp_path / "text.txt", "--model", source]
    for command in (["models", "export", source, tmp_path / "out"], used):
        done = cli(*command)
        assert done.code == 2
        assert "pickle" in done.err
        assert "safetensors" in done.err.splitlines()[-1]


def test_a_changed_file_is_noticed_when_it_is_loaded(exported: dict[str, Path], tmp_path: Path, cli: Cli) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in exported["token-classifier"].iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    done = cli("models", "check", copy)
    assert (done.code, done.out.splitlines()[-1]) == (0, "nothing is wrong"), done
    assert "logits float [batch, length, 2]" in done.out
    config = copy / "config.json"
    config.write_bytes(config.read_bytes().replace(b"bert", b"BERT"))
    done = cli("models", "check", copy, "--json")
    assert done.code == 1
    assert "config.json" in json.loads(done.out)["faults"][0]
    (tmp_path / "text.txt").write_text(JOINED)
    done = cli("compress", tmp_path / "text.txt", "--model", copy)
    assert done.code == 2
    assert "sha256 differs" in done.err
    (copy / MANIFEST).unlink()
    assert cli("models", "check", copy).code == 1
    assert cli("models", "check", tmp_path / "nowhere").code == 1


def test_hashes_are_read_once_until_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").write_bytes(b"one")
    files, cache = {"weights": sha256(tmp_path / "weights")}, Cache(tmp_path / "cache")
    verify(tmp_path, files, cache)
    with monkeypatch.context() as patch:
        patch.setattr("ctxzip.models.manifest.sha256", None)
        verify(tmp_path, files, cache)
    (tmp_path / "weights").write_bytes(b"two")
    with pytest.raises(InputError, match="sha256 differs"):
        verify(tmp_path, files, cache)
    with pytest.raises(InputError, match="lacks"):
        verify(tmp_path, {"other": "0"}, cache)


def test_the_list_names_bundled_and_known_weights(cli: Cli) -> None:
    listed = json.loads(cli("models", "list", "--json").out)
    assert [row["id"] for row in listed["bundled"]] == ["bundled"]
    assert {row["method"] for row in listed["known"]} <= set(names())
    assert all(row["licence"] and row["megabytes"] and row["purpose"] for row in listed["known"])
    plain = cli("models", "list").out
    assert all(known.id in plain for known in KNOWN)


def test_the_bundled_weights_pass_their_own_check(cli: Cli) -> None:
    done = cli("models", "check", "bundled", "--json")
    assert done.code == 0, done
    facts = json.loads(done.out)
    assert set(facts["outputs"]) >= {"keep_logits", "hidden", "relevance"}
    assert facts["tokens_per_second"] > 0
    assert bundled("encoder").is_dir()


def test_pulling_is_refused_offline_and_for_what_is_no_id(cli: Cli) -> None:
    done = cli("models", "pull", "nobody/no-such-model")
    assert done.code == 3
    assert "CTXZIP_OFFLINE" in done.err
    assert cli("models", "pull", "no id").code == 2


def test_the_sample_has_questions_and_several_kinds_of_text() -> None:
    queries, paragraphs = sample()
    assert len(queries) == 4
    assert len(paragraphs) > 10
    assert all(query.endswith("?") for query in queries)


def test_an_impossible_operator_set_is_refused() -> None:
    with pytest.raises(UsageError, match="opset"):
        Recipe(opset=99)


def test_a_model_that_was_opened_ahead_is_handed_over_once(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.onnx", tmp_path / GRAPH
    whole.symlink_to(bundled("encoder") / GRAPH)
    broken.write_bytes(b"no model")
    open_ahead(whole)
    begun = runtimes._begun[whole]
    open_ahead(whole)
    assert runtimes._begun[whole] is begun
    open_ahead(broken)
    first, second = open_graph(whole), open_graph(whole)
    assert begun is not None
    assert first is begun.result()
    assert first is not second
    open_ahead(whole)
    assert runtimes._begun[whole] is None
    assert type(first) is type(second)
    with pytest.raises(InputError, match="not a usable ONNX model"):
        open_graph(broken)
