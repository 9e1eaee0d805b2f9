#!/usr/bin/env python3
"""The matrix of real clients, as src/main/docs/clients.md shows it: who shows the right value, or the right error.

A gateway is started whose upstream is scripted, and each client is driven through every cell. Exits 1 when a cell
fails, and says why.
"""

import argparse
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
import codex  # noqa: E402
import matrix  # noqa: E402
from conftest import Gateway, Scripted, scratch  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="understudy bench clients", description=__doc__.split("\n")[0])
    parser.parse_args()
    folder = scratch()
    running = [Scripted(folder)]
    try:
        running.append(Gateway(folder, running[0].port))
        what = running[1].base_url, running[0].url, "gpt-4o-mini"
        results = matrix.run(*what)
        absent = len(matrix.ROWS) * len(matrix.CELLS) - len(results)
        results += matrix.beside(*what[::2], lambda: codex.run(*what))
    finally:
        for process in reversed(running):
            process.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(matrix.table(results))
    failed = [r for r in results if not r["ok"]]
    print(f"\n{len(results) - len(failed)} cells of {len(results)} pass" + (f", {absent} are missing" * (absent > 0)))
    for cell in failed:
        print(f"{cell['client']}, {cell['cell']}: {cell['got']}")
    sys.exit(1 if failed or absent > 0 else 0)


if __name__ == "__main__":
    main()
