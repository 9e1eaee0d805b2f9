"""The plain half of the training job: rows, layout, schedule. Needs no trainer."""

import json

import pytest
from understudy_train.recipe import Recipe
from understudy_train.rows import Row, RowError, common_prefix, lay_out, read

JOB = {
    "seed": 7,
    "targets": "qv",
    "rank": 8,
    "alpha": 16,
    "rate": 2e-3,
    "batch": 8,
    "epochs": 2,
    "threads": 1,
    "device": "cpu",
    "endOfTurn": "<|im_end|>",
}


def letters(text):
    return [ord(letter) for letter in text]


def write(path, **fields):
    row = {"prompt": "ab", "answer": "c", "promptIds": letters("ab"), "answerIds": [*letters("c"), 2], **fields}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")


def test_rows_are_read_with_the_end_of_turn_behind_the_answer(tmp_path):
    write(tmp_path / "rows.jsonl")
    assert read(str(tmp_path / "rows.jsonl"), letters, 2) == [Row([97, 98], [99, 2])]


def test_a_row_that_the_engine_reads_differently_is_refused_by_line(tmp_path):
    file = tmp_path / "rows.jsonl"
    write(file, promptIds=[1, 2])
    with pytest.raises(RowError, match=r"rows.jsonl:1: .*prompt"):
        read(str(file), letters, 2)


def test_the_common_prefix_leaves_each_prompt_a_token_of_its_own():
    assert common_prefix([[1, 2, 3], [1, 2, 4]]) == 2
    assert common_prefix([[1, 2], [1, 2, 3]]) == 1
    assert common_prefix([[5], [6]]) == 0


def test_rows_lie_side_by_side_behind_their_prefix():
    batch = lay_out([Row([1, 2, 3], [8, 9]), Row([1, 2, 4, 5], [7])])
    assert batch.ids == [1, 2, 3, 8, 9, 4, 5, 7]
    assert batch.positions == [0, 1, 2, 3, 4, 2, 3, 4]
    assert (batch.shared, batch.lengths) == (2, [3, 3])
    assert batch.predicting == [2, 3, 6]
    assert batch.targets == [8, 9, 7]


def test_a_seed_repeats_its_order_and_every_row_is_seen_each_epoch():
    recipe = Recipe.from_json(JOB)
    batches = recipe.batches(16)
    assert batches == Recipe.from_json(JOB).batches(16)
    assert sorted(batches[0] + batches[1]) == list(range(16))
    assert batches != Recipe.from_json({**JOB, "seed": 8}).batches(16)


def test_the_rate_warms_up_and_ends_at_a_twentieth():
    recipe = Recipe.from_json(JOB)
    rates = [recipe.rate_at(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(2e-3 / 5)
    assert max(rates) == pytest.approx(2e-3, rel=0.02)
    assert rates[-1] == pytest.approx(1e-4)
