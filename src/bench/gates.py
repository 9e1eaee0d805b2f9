#!/usr/bin/env python3
"""How a gate errs: wrong promotions, missed and false demotions, and what the comparators accept and refuse.

Histories are played by chance from a fixed seed, through the rules that serve. Exits 1 when an aim is missed.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "test" / "e2e"))
from measured import run_java


def main():
    argparse.ArgumentParser(prog="understudy bench gates", description=__doc__.split("\n")[0]).parse_args()
    run_java("GatesBench")


if __name__ == "__main__":
    main()
