"""``python -m understudy_train JOB``: JOB is a JSON file that the gateway writes (recipe, base, rows, out)."""

import json
import sys
import time

from understudy_train import progress
from understudy_train.recipe import LEAST_ROWS, Recipe
from understudy_train.rows import RowError


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    recipe = Recipe.from_json(job)
    with open(job["rows"], encoding="utf-8") as file:
        rows = sum(1 for _ in file)
    if rows < LEAST_ROWS:
        progress.tell("refused", message=f"{job['rows']}: {rows} rows, at least {LEAST_ROWS} are needed")
        return 2
    progress.end_with_parent()
    began = time.monotonic()
    # imported late: a refusal needs no trainer, and loading it takes seconds
    from understudy_train.job import train

    try:
        train(job, recipe)
    except RowError as refusal:
        progress.tell("refused", message=str(refusal))
        return 2
    progress.tell("done", seconds=round(time.monotonic() - began, 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
