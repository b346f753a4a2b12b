"""What the heads are trained on: ordinal keep, contrastive relevance, distilled embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.batches import Batch
from training.config import LossConfig

LATE_TOKENS = 64


@dataclass(slots=True)
class Vectors:
    """Unit vectors of a batch: sentences, passages, questions, and scores by late interaction."""

    sentences: Tensor
    passages: Tensor
    questions: Tensor
    late: Tensor


def pool(tokens: Tensor, owner: Tensor, count: int) -> Tensor:
    """Mean of the tokens of each owner, at unit length; owner -1 is left out."""
    inside = owner >= 0
    sums = tokens.new_zeros(count, tokens.shape[1])
    sums = sums.index_add(0, owner[inside], tokens[inside])
    return F.normalize(sums, dim=-1)


def pool_padded(tokens: Tensor, mask: Tensor) -> Tensor:
    """Masked mean of padded rows, at unit length."""
    return F.normalize((tokens * mask[..., None]).sum(1), dim=-1)


def contrast(scores: Tensor, answers: Tensor) -> Tensor:
    """Softmax of every answer against all that does not answer, mean over the answers."""
    asked = answers.sum(1) > 0
    if not bool(asked.any()):
        return scores.sum() * 0
    scores, answers = scores[asked], answers[asked]
    rest = scores.masked_fill(answers > 0, -torch.inf).logsumexp(1, keepdim=True)
    losses = torch.logaddexp(scores, rest) - scores
    per_question = (losses * answers).sum(1) / answers.sum(1)
    return per_question.mean()


def word_losses(words: Tensor, batch: Batch) -> Tensor:
    """Binary cross-entropy on the soft target of each kind of word label."""
    losses = F.binary_cross_entropy_with_logits(words, batch.targets, reduction="none")
    return (losses * batch.weights).sum(0) / batch.weights.sum(0).clamp_min(1.0)


def late_scores(tokens: Tensor, batch: Batch, asked: Tensor, gates: Tensor) -> Tensor:
    """Weighted mean over the question's tokens of the best match in each sentence."""
    count = len(batch.owner)
    order = torch.argsort(batch.sentence, stable=True)
    order = order[batch.sentence[order] >= 0]
    sizes = torch.bincount(batch.sentence[order], minlength=count)
    starts = sizes.cumsum(0) - sizes
    width = min(int(sizes.max()), LATE_TOKENS)
    places = starts[:, None] + torch.arange(width)[None, :].to(starts.device)
    inside = torch.arange(width).to(starts.device)[None, :] < sizes[:, None]
    found = F.normalize(tokens, dim=-1)[order[places.clamp_max(len(order) - 1)]]
    mask = batch.questions[1].clone()
    mask[:, 0] = 0
    mask[torch.arange(len(mask)), batch.questions[1].sum(1) - 1] = 0
    weights = gates.masked_fill(mask == 0, -torch.inf).softmax(1)
    flat = F.normalize(asked, dim=-1)[mask > 0]
    pairs = flat @ found.reshape(-1, found.shape[-1]).T
    pairs = pairs.view(len(flat), count, width)
    best = pairs.masked_fill(~inside, -1.0).amax(2).float()
    rows = torch.arange(len(mask), device=mask.device)[:, None].expand_as(mask)[mask > 0]
    scores = best.new_zeros(len(mask), count)
    return scores.index_add(0, rows, best * weights[mask > 0][:, None])


def answer_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Whether a sentence answers, and whether any does: of its own group, of the others."""
    own = batch.asked[:, None] == batch.group[None, :]
    wanted = (batch.answers >= 1).float()
    losses = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    judged = own & ((batch.answers == 0) | (batch.answers >= 1))
    each = (losses * judged).sum(1) / judged.sum(1).clamp_min(1)
    best_own = logits.masked_fill(~own, -torch.inf).amax(1).clamp_min(-30.0)
    best_other = logits.masked_fill(own, -torch.inf).amax(1).clamp_min(-30.0)
    whether = (batch.answers > 0).any(1).float()
    some = F.binary_cross_entropy_with_logits(best_own, whether)
    none = F.binary_cross_entropy_with_logits(best_other, torch.zeros_like(best_other))
    return each.mean() + some + 0.5 * none


def relevance_losses(vectors: Vectors, batch: Batch, mixing: nn.Parameter, scale: float) -> dict[str, Tensor]:
    """Contrast over sentences, passages and late interaction, and calibrated answers."""
    cosine = vectors.questions @ vectors.sentences.T
    broad = vectors.questions @ vectors.passages.T
    holds = batch.answers.new_zeros(broad.shape)
    holds.scatter_reduce_(1, batch.owner.expand(len(holds), -1), batch.answers, "amax")
    parts = mixing[0] * cosine + mixing[1] * broad[:, batch.owner] + mixing[2] * vectors.late
    return {
        "sentence": contrast(cosine * scale, batch.answers),
        "passage": contrast(broad * scale, holds),
        "late": contrast(vectors.late * scale, batch.answers),
        "answer": answer_loss(parts + mixing[3], batch),
    }


def embedding_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Distance to the teacher's vectors and between the two matrices of cosines."""
    direct = (1 - (student * teacher).sum(1)).mean()
    pairs = (student @ student.T - teacher @ teacher.T).pow(2).mean()
    return direct + 10 * pairs


def total(losses: dict[str, Tensor], config: LossConfig) -> Tensor:
    """The weighted sum."""
    weighted = [getattr(config, name) * loss for name, loss in losses.items()]
    return torch.stack(weighted).sum()
