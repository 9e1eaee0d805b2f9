"""Attention over a batch laid side by side: a token sees the common prefix and its own row up to itself."""

import torch
from torch.nn.functional import pad
from transformers import AttentionInterface

NAME = "shared_prefix"


class Packing:
    """Which rows share one sequence, as cuts and masks for the attention of every layer."""

    def __init__(self, batch, dtype, device):
        self.shared = batch.shared
        self.lengths = batch.lengths
        longest = max(batch.lengths)
        before = torch.zeros(longest, batch.shared, dtype=dtype)
        self.prefix_mask = causal(batch.shared, dtype).to(device)
        self.row_mask = torch.cat([before, causal(longest, dtype)], dim=1).to(device)

    def rows(self, states):
        """(1, heads, tokens, width) -> (rows, heads, longest, width): each row's own tokens, filled up behind."""
        longest = self.row_mask.shape[0]
        parts = states[0, :, self.shared :].split(self.lengths, dim=1)
        return torch.stack([pad(part, (0, 0, 0, longest - part.shape[1])) for part in parts])

    def join(self, prefix, rows):
        """The way back: the prefix, and the rows without what filled them up."""
        parts = [row[:, :length] for row, length in zip(rows, self.lengths, strict=True)]
        return torch.cat([prefix[0], *parts], dim=1)[None]


def causal(length, dtype):
    """Zero where a token may look, the least number elsewhere."""
    return torch.full((length, length), torch.finfo(dtype).min, dtype=dtype).triu(1)


def weighted(query, key, value, mask, scaling):
    """Plain attention. Not torch's fused one: in bfloat16 on processors that costs more than all else of a layer."""
    scores = query @ key.transpose(-1, -2) * scaling + mask
    return torch.softmax(scores, dim=-1, dtype=torch.float32).to(value.dtype) @ value


def attention(module, query, key, value, _mask, scaling=None, dropout=0.0, packing=None, **_others):
    """Exactly the attention of separate rows, without the blocks that a full mask would compute and throw away."""
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    shared = packing.shared
    first_key, first_value = key[:, :, :shared], value[:, :, :shared]
    prefix = weighted(query[:, :, :shared], first_key, first_value, packing.prefix_mask, scaling)
    count = len(packing.lengths)
    keys = torch.cat([first_key.expand(count, -1, -1, -1), packing.rows(key)], dim=2)
    values = torch.cat([first_value.expand(count, -1, -1, -1), packing.rows(value)], dim=2)
    rows = weighted(packing.rows(query), keys, values, packing.row_mask, scaling)
    return packing.join(prefix, rows).transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, attention)
