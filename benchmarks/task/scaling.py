#!/usr/bin/env python3
"""Holds a model of latency and bandwidth against what benchmarks/scaling measured, and says what it foretells.

  for n in 1 2 4 8; do mpirun -n $n scaling --batch 512; done > steps.jsonl
  for n in 2 4 8; do mpirun -n $n scaling --sums; done > sums.jsonl
  python3 scaling.py steps.jsonl sums.jsonl

A sum of n numbers over R ranks costs a rank a * log2(R) + g * 2 (R - 1) / R * n CPU-seconds, a and g fitted to the
sums of two ranks; a step costs c, or c + h where gradients are gathered, of one and of two ranks. Foretold are the
steps of more ranks. On a network each long sum waits 2 log2(R) latencies and 2 (R - 1) / R * 4 n / bandwidth besides.
"""
import json
import math
import sys


def read(path):
    with open(path) as lines:
        return [json.loads(line) for line in lines if line.startswith("{")]


def share(ranks):
    return 2 * (ranks - 1) / ranks


def main():
    steps = {s["ranks"]: s for s in read(sys.argv[1])}
    sums = [s for s in read(sys.argv[2]) if s["ranks"] == 2]
    latency = min(s["sum"] for s in sums)
    longest = max(sums, key=lambda s: s["numbers"])
    per_number = (longest["sum"] - latency) / (share(2) * longest["numbers"])
    n = steps[1]["parameters"]
    alone, gathered = steps[1]["compute"], steps[2]["compute"]
    print(f"a {latency * 1e6:.1f} us, g {per_number * 1e9:.3f} ns a number, {n} parameters, {steps[1]['batch']} cells")
    print("ranks  step  foretold  off  outside the sums  work per core")
    for ranks, s in sorted(steps.items()):
        step = s["compute"] + s["sum"]
        reduction = 0 if ranks == 1 else latency * math.log2(ranks) + per_number * share(ranks) * n
        said = (alone if ranks == 1 else gathered) + reduction
        print(f"{ranks:5d}  {1e3 * step:.1f}  {1e3 * said:.1f}  {100 * (said / step - 1):+.1f} %  "
              f"{100 * s['compute'] / step:.1f} %  {100 * alone / step:.1f} %")
    print("cores a rank, Gb/s: share of the work of one rank at 64, 256, 1,024 ranks")
    for cores in (1, 8, 16):
        for gbit in (100, 25):
            row = []
            for ranks in (64, 256, 1024):
                network = 2 * math.log2(ranks) * 2e-6 + share(ranks) * 4 * n * 8e-9 / gbit
                step = (gathered + per_number * share(ranks) * n) / cores + network
                row.append(f"{100 * alone / cores / step:.0f} %")
            print(f"{cores:3d} {gbit:4d}: ", ", ".join(row))


if __name__ == "__main__":
    main()
