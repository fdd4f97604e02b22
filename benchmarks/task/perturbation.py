"""Leaves out the perturbed cells of each group in turn, predicts them, and sets the prediction beside the floors.

    python3 perturbation.py PREDICT_PERTURBATION FILE.h5ad FOLDER [--seeds 0 1 2] [--groups A B ...] [--workers 2]
                            [--threads 1] [more arguments of predict_perturbation]

FOLDER takes one report a group, seed and set of arguments; a run that was stopped goes on where it ended. Two workers of one thread each
take less time than one of two threads: each holds out a group of its own. Tables go to standard output,
in Markdown: means over the seeds, of the model with their standard deviation."""

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import statistics
import subprocess
import sys


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                allow_abbrev=False)
    p.add_argument("program")
    p.add_argument("data")
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    p.add_argument("--groups", nargs="+", required=True)
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--threads", type=int, default=1)
    a, more = p.parse_known_args()
    a.folder.mkdir(parents=True, exist_ok=True)

    def report_of(group, seed):
        tag = hashlib.sha1("\n".join([pathlib.Path(a.data).name, group, *more]).encode()).hexdigest()[:8]
        return a.folder / (re.sub(r"\W+", "_", group) + f"_{seed}_{tag}.json")

    def run(group, seed):
        report = report_of(group, seed)
        if not report.exists():
            out = report.with_suffix(".h5ad")
            subprocess.run([a.program, "--data", a.data, "--holdout", group, "--seed", str(seed), "--threads",
                            str(a.threads), "--out", str(out), "--report", str(report), *more], check=True,
                           stdout=sys.stderr)
            out.unlink()

    with concurrent.futures.ThreadPoolExecutor(a.workers) as pool:
        for done in [pool.submit(run, group, seed) for seed in a.seeds for group in a.groups]:
            done.result()

    def shown(who, seeds):
        spread = f" ({statistics.stdev(seeds):.3f})" if len(seeds) > 1 and who == "latentcell" else ""
        return f"{statistics.mean(seeds):.3f}{spread}"

    scores = {}  # group -> who -> measure -> values of the seeds
    for seed in a.seeds:
        for group in a.groups:
            conditions = {}  # who, measure -> values of the group's conditions, of which the mean counts
            for judged in json.loads(report_of(group, seed).read_text())["judged"]:
                for who, found in judged["scores"].items():
                    for measure, value in found.items():
                        conditions.setdefault((who, measure), []).append(float("nan") if value is None else value)
            for (who, measure), values in conditions.items():
                scores.setdefault(group, {}).setdefault(who, {}).setdefault(measure, []).append(
                    statistics.mean(values))
    whos = list(next(iter(scores.values())))
    simple = [w for w in whos if "shift" in w or w == "no change"]
    measures = [m for m in scores[next(iter(scores))][whos[0]] if m != "changed_genes"]
    for measure in measures:
        print(f"\n{measure}\n\n| held out | " + " | ".join(whos) + " |\n" + "|---" * (1 + len(whos)) + "|")
        for group, of in scores.items():
            print(f"| {group} | " + " | ".join(shown(w, of[w][measure]) for w in whos) + " |")
        cells = []
        for who in whos:
            seeds = [statistics.mean(of[who][measure][k] for of in scores.values()) for k in range(len(a.seeds))]
            cells.append(shown(who, seeds))
        print("| mean | " + " | ".join(cells) + " |")
        pick = min if measure in ("energy", "mmd") else max
        best = [pick(statistics.mean(of[w][measure]) for w in simple) for of in scores.values()]
        print(f"\nBest simple floor of each group, mean: {statistics.mean(best):.3f}")


if __name__ == "__main__":
    main()
