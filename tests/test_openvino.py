"""OpenVINO in ONNX Runtime's place: the same outputs but for rounding, the same decisions, and only when asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from ctxzip.models.encoders import open_encoder
from ctxzip.models.export import Precision, Recipe, export
from ctxzip.models.manifest import Kind
from ctxzip.models.onnx_backend import OnnxEncoder
from ctxzip.models.openvino_backend import OpenVinoEncoder
from ctxzip.models.parity import compare
from ctxzip.models.runtimes import RUNTIME, open_graph
from ctxzip.models.store import bundled

TEXT = (
    "The harbour was built in 1873 and never closed, not even in the winter of 1901 when the outer wall broke.\n"
    "Ships that arrived after dusk waited outside until the keeper had lit the lamp. Two families lived there.\n"
)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("precision", list(Precision))
def test_every_export_gives_the_same(tmp_path: Path, kind: Kind, precision: Precision) -> None:
    source = tiny_models.of_family(tmp_path / "source", "bert", kind)
    export(str(source), tmp_path / "out", Recipe(precision))
    encoder = open_encoder(tmp_path / "out", kind, "tiny")
    parity = compare(encoder, kind, encoder.backend, OpenVinoEncoder(tmp_path / "out" / "model.onnx", threads=1))
    assert parity.relative < 0.1
    assert parity.agreement >= Precision.INT8.agreement


def test_the_bundled_encoder_ranks_tokens_the_same() -> None:
    path = bundled("encoder") / "model.onnx"
    ids = np.random.default_rng(3).integers(1000, 20_000, (2, 200))
    one, two = (
        backend(path, threads=1).run(["keep_logits", "hidden"], ids, np.ones_like(ids))
        for backend in (OnnxEncoder, OpenVinoEncoder)
    )
    for plain, other in zip(one, two, strict=True):
        assert plain.shape == other.shape
        assert np.corrcoef(plain.ravel(), other.ravel())[0, 1] > 0.98


def test_a_shape_that_is_expected_gives_the_same_whatever_stands_beside() -> None:
    path = bundled("encoder") / "model.onnx"
    ids = np.random.default_rng(4).integers(1000, 20_000, (3, 64))
    mask = np.ones_like(ids)
    mask[0, 50:] = 0
    fixed, free = OpenVinoEncoder(path, threads=1), OpenVinoEncoder(path, threads=1)
    fixed.expect(2, 64)
    pairs = [np.array(pair) for pair in ([0, 1], [2, 0])]
    one, two = (fixed.run(["keep_logits"], ids[pair], mask[pair])[0] for pair in pairs)
    alone = free.run(["keep_logits"], ids[:1, :50], mask[:1, :50])[0]
    assert one[0, :50].tolist() == two[1, :50].tolist()
    assert np.corrcoef(one[0, :50], alone[0])[0, 1] > 0.98
    assert fixed.run(["keep_logits"], ids[:1], mask[:1])[0].shape == (1, 64)


def test_it_runs_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    path = bundled("encoder") / "model.onnx"
    assert isinstance(open_graph(path), OnnxEncoder)
    monkeypatch.setenv(RUNTIME, "openvino")
    assert isinstance(open_graph(path), OpenVinoEncoder)


AT_ONCE = """
import re, sys, threading
from pathlib import Path
import numpy as np
from ctxzip.models.openvino_backend import OpenVinoEncoder

encoder, ready = OpenVinoEncoder(Path(sys.argv[1]), threads=1), threading.Barrier(2)
ids = np.ones((1, 8), dtype=np.int64)

def first():
    encoder._request((("logits",), ()))
    ready.wait()
    encoder.run(["logits"], ids, ids)

re.purge()  # what is compiled while numpy is set up gives the other thread its turn
sys.setswitchinterval(1e-6)
for thread in [threading.Thread(target=first) for _ in range(2)]:
    thread.start()
"""


def test_two_threads_may_begin_at_once(tmp_path: Path) -> None:
    export(str(tiny_models.of_family(tmp_path / "source", "bert", Kind.TOKENS)), tmp_path / "out", Recipe())
    command = [sys.executable, "-c", AT_ONCE, str(tmp_path / "out" / "model.onnx")]
    for _ in range(3):
        subprocess.run(command, check=True, timeout=60)


def test_a_whole_process_runs_with_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ctxzip", "compress", "--ratio", "2", "--json"],
        input=TEXT.encode(),
        env={**os.environ, RUNTIME: "openvino"},
        capture_output=True,
        check=True,
    )
    made = json.loads(done.stdout)
    assert not done.stderr
    assert 0 < made["tokens_after"] <= made["tokens_before"] / 2


def test_an_unknown_runtime_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ctxzip.errors import InputError, UnknownName

    monkeypatch.setenv(RUNTIME, "openvinno")
    with pytest.raises(UnknownName, match="CTXZIP_RUNTIME") as caught:
        open_graph(bundled("encoder") / "model.onnx")
    assert "did you mean openvino?" in caught.value.hint
    monkeypatch.setenv(RUNTIME, "openvino")
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(InputError, match="not a usable ONNX model"):
        open_graph(tmp_path / "model.onnx")
