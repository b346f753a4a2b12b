"""The training loop: resumable, seeded, logged; the averaged weights are what counts."""

from __future__ import annotations

import copy
import json
import logging
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from training import losses as loss
from training.batches import Batch, Batcher, Padded
from training.config import Config
from training.model import ContextEncoder, Outputs, from_checkpoint
from training.passages import read

LOG = logging.getLogger("training")
HEADS = ("keep", "late", "attention", "answer", "mix")


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a checkpoint, without truncation or padding."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def optimizer(model: ContextEncoder, config: Config) -> torch.optim.AdamW:
    """AdamW with a faster rate for the new heads."""
    split: tuple[list[nn.Parameter], list[nn.Parameter]] = ([], [])
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            split[name.split(".")[0] in HEADS].append(weight)
    rates = (config.train.rate, config.train.head_rate)
    table = [{"params": part, "lr": rate} for part, rate in zip(split, rates, strict=True)]
    return torch.optim.AdamW(table, weight_decay=config.train.weight_decay, fused=True)


def rate_factor(step: int, steps: int, config: Config) -> float:
    """Linear warm-up, then a cosine down to the final share."""
    warm = max(1, int(steps * config.train.warmup))
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    low = config.train.final
    return low + (1 - low) * 0.5 * (1 + math.cos(math.pi * done))


@dataclass
class Trainer:
    """The state of one run."""

    model: ContextEncoder
    teacher: ContextEncoder
    config: Config
    folder: Path
    step: int = 0
    losses: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Set up the averaged copy and the optimizer; pick up a checkpoint if there is one."""
        self.device = next(self.model.parameters()).device
        self.average = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.teacher.requires_grad_(False).eval()
        self.optimizer = optimizer(self.model, self.config)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._resume()

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]

    def save(self) -> None:
        """Write the whole state, at once or not at all."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)

    def run(self, batcher: Batcher) -> None:
        """All steps that are left."""
        steps, began = len(batcher.schedule()), time.monotonic()
        stop = min(steps, self.config.train.stop)
        torch.manual_seed(self.config.seed + self.step)
        for step, batch in batcher.batches(self.step):
            if step >= stop:
                break
            factor = rate_factor(step, steps, self.config)
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * factor
            self.update(batch)
            self.step = step + 1
            if self.step % 20 == 0:
                entry = {"step": self.step, "of": steps, "seconds": time.monotonic() - began}
                LOG.info(json.dumps(entry | {k: round(v, 4) for k, v in self.losses.items()}))
            if self.step % self.config.train.checkpoint_every == 0:
                self.save()
        self.save()

    def update(self, batch: Batch) -> float:
        """One step of all losses."""
        with torch.autocast(self.device.type, torch.bfloat16):
            found = self.measure(batch)
        value = loss.total(found, self.config.loss)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.train.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        keep = min(self.config.train.ema, (10 + self.step) / (20 + self.step))
        mine = [w for w in self.model.parameters() if w.requires_grad]
        names = {n for n, w in self.model.named_parameters() if w.requires_grad}
        averaged: list[Tensor] = [w for n, w in self.average.named_parameters() if n in names]
        torch._foreach_lerp_(averaged, [w.detach() for w in mine], 1 - keep)
        for name, part in found.items():
            new = float(part.detach())
            self.losses[name] = 0.95 * self.losses.get(name, new) + 0.05 * new
        return float(value.detach())

    def measure(self, batch: Batch) -> dict[str, Tensor]:
        """Every loss of a batch."""
        parts = [_flat(self._forward(self.model, chunk), chunk) for chunk in batch.chunks]
        words, _, relevance = (torch.cat(kind) for kind in zip(*parts, strict=True))
        by_kind = loss.word_losses(words, batch)
        found = {"keep": by_kind[0], "deletion": by_kind[1], "rewrite": by_kind[2]}
        asked = self._forward(self.model, batch.questions)
        probes = self._forward(self.model, batch.probes)
        with torch.no_grad():
            wanted = [self._embed(self.teacher, texts) for texts in (batch.questions, batch.probes)]
        pooled = [
            loss.pool_padded(out.hidden, texts[1]) for out, texts in ((asked, batch.questions), (probes, batch.probes))
        ]
        found["embedding"] = loss.embedding_loss(torch.cat(pooled), torch.cat(wanted))
        if len(batch.asked):
            found |= self._relevance(batch, relevance, asked.relevance)
        return found

    def _relevance(self, batch: Batch, tokens: Tensor, asked: Tensor) -> dict[str, Tensor]:
        width = self.model.shape.hidden_size
        late = loss.late_scores(tokens[:, width:-1], batch, asked[..., width:-1], asked[..., -1])
        vectors = loss.Vectors(
            loss.pool(tokens[:, :width], batch.sentence, len(batch.owner)),
            loss.pool(tokens[:, :width], batch.passage, int(batch.passage.max()) + 1),
            loss.pool_padded(asked[..., :width], batch.questions[1]),
            late,
        )
        scale = self.config.loss.scale
        return loss.relevance_losses(vectors, batch, self.model.answer, scale)

    def _embed(self, model: ContextEncoder, texts: Padded) -> Tensor:
        return loss.pool_padded(self._forward(model, texts).hidden, texts[1])

    def _forward(self, model: ContextEncoder, texts: Padded) -> Outputs:
        """One forward with float32 results."""
        out = model(texts[0], texts[1])
        return Outputs(*(part.float() for part in out))


def _flat(out: Outputs, texts: Padded) -> Outputs:
    """The outputs of the tokens that are not padding, one after the other."""
    inside = texts[1] > 0
    return Outputs(*(part[inside] for part in out))


def train(data: Path, base: Path, folder: Path, recipe: list[Config]) -> Trainer:
    """Train all stages from a checkpoint of the base model; start again where a run stopped."""
    torch.manual_seed(recipe[0].seed)
    model = from_checkpoint(base, recipe[0].model).train()
    tokenizer, teacher = open_tokenizer(base), from_checkpoint(base, recipe[0].model)
    before: dict[str, Tensor] | None = None
    for number, config in enumerate(recipe):
        trainer = Trainer(model, teacher, config, folder / f"stage{number}")
        if before is not None and trainer.step == 0:
            trainer.average.load_state_dict(before)
        if trainer.step < config.train.stop:
            groups, _ = read(data, config.data, config.seed)
            trainer.run(Batcher(groups, tokenizer, config))
        before = trainer.average.state_dict()
    return trainer
