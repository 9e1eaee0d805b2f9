"""The rows of a job: prompt up to the assistant's header, the answer behind it, and the engine's token ids of both."""

import json
from dataclasses import dataclass


class RowError(ValueError):
    """A row that cannot be trained on; the message begins with file and line."""


@dataclass(frozen=True)
class Row:
    """One example as token ids. ``answer`` ends with the end-of-turn token."""

    prompt: list[int]
    answer: list[int]


def read(path, tokenize, end_of_turn):
    """Reads a file of rows. ``tokenize`` turns text into ids; where they differ from the engine's, the adapter would be
    trained on a text that is never served, so the row is refused."""
    rows = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line)
            prompt, answer = tokenize(row["prompt"]), [*tokenize(row["answer"]), end_of_turn]
            for name, ours in (("prompt", prompt), ("answer", answer)):
                if ours != row[f"{name}Ids"]:
                    raise RowError(f"{path}:{number}: trainer and engine read the {name} as different tokens")
            rows.append(Row(prompt, answer))
    return rows


def common_prefix(prompts):
    """How many first tokens all prompts share. At least one token of each prompt stays its own."""
    shortest = min(map(len, prompts)) - 1
    length = 0
    while length < shortest and all(prompt[length] == prompts[0][length] for prompt in prompts):
        length += 1
    return length


@dataclass(frozen=True)
class Batch:
    """The rows of a batch behind their common prefix, as one sequence: losses are exactly those of separate rows, and a
    long system prompt is computed once.

    ``shared`` tokens belong to all rows; ``lengths`` are the tokens of each row behind them. ``predicting`` are the
    places whose next token belongs to an answer, ``targets`` those tokens.
    """

    ids: list[int]
    positions: list[int]
    shared: int
    lengths: list[int]
    predicting: list[int]
    targets: list[int]


def lay_out(rows):
    """Lays rows side by side behind their common prefix."""
    shared = common_prefix([row.prompt for row in rows])
    ids = list(rows[0].prompt[:shared])
    positions = list(range(shared))
    lengths, predicting, targets = [], [], []
    for row in rows:
        own = row.prompt[shared:] + row.answer
        start = len(ids) + len(row.prompt) - shared - 1
        ids += own
        positions += range(shared, shared + len(own))
        lengths.append(len(own))
        predicting += range(start, start + len(row.answer))
        targets += row.answer
    return Batch(ids, positions, shared, lengths, predicting, targets)
