"""What is trained and for how long. Plain Python: the numbers can be tested without a trainer."""

import math
import random
from dataclasses import dataclass

QV = ("q_proj", "v_proj")
ALL = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

LEAST_ROWS = 100


@dataclass(frozen=True)
class Recipe:
    """The recipe of one run. ``rate`` is the peak of the learning rate, ``epochs`` how often each row is seen."""

    seed: int
    targets: tuple[str, ...]
    rank: int
    alpha: int
    rate: float
    batch: int
    epochs: int
    threads: int
    device: str
    end_of_turn: str

    @staticmethod
    def from_json(job):
        """The recipe in a job file; a missing field is an error of the caller."""
        targets = {"qv": QV, "all": ALL}[job["targets"]]
        return Recipe(
            seed=job["seed"],
            targets=targets,
            rank=job["rank"],
            alpha=job["alpha"],
            rate=job["rate"],
            batch=job["batch"],
            epochs=job["epochs"],
            threads=job["threads"],
            device=job["device"],
            end_of_turn=job["endOfTurn"],
        )

    def batches(self, rows):
        """The row numbers, shuffled anew each epoch, in full batches. The same seed gives the same order."""
        shuffle = random.Random(self.seed)
        order = []
        for _ in range(self.epochs):
            epoch = list(range(rows))
            shuffle.shuffle(epoch)
            order += epoch
        return [order[at : at + self.batch] for at in range(0, len(order) - self.batch + 1, self.batch)]

    def rate_at(self, step, steps):
        """The learning rate of a step (from 0): warm-up over 5 % of them, then a cosine down to 5 % of the peak."""
        warm_up = max(1, steps // 20)
        warm = min(1.0, (step + 1) / warm_up)
        cool = max(0.05, 0.5 * (1 + math.cos(math.pi * step / steps)))
        return self.rate * warm * cool
