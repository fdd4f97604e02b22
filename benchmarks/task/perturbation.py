"""Leaves out the perturbed cells of each group in turn, predicts them, and sets the prediction beside the baselines.

    python3 perturbation.py PREDICT_PERTURBATION FILE.h5ad FOLDER [--seeds 0 1 2] [--groups A B ...] [--workers 2]
                            [--threads 1] [more arguments of predict_perturbation]

FOLDER takes one report a group, seed and set of arguments; a stopped run resumes. Two workers of one thread each
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

    def shown(method, seeds):
        spread = f" ({statistics.stdev(seeds):.3f})" if len(seeds) > 1 and method == "latentcell" else ""
        return f"{statistics.mean(seeds):.3f}{spread}"

    scores = {}  # group -> method -> metric -> values of the seeds
    for seed in a.seeds:
        for group in a.groups:
            conditions = {}  # (method, metric) -> values of the group's conditions, which are averaged
            for evaluated in json.loads(report_of(group, seed).read_text())["evaluated"]:
                names = [metric["name"] for metric in evaluated["scores"]["metrics"]]
                for row in evaluated["scores"]["rows"]:
                    for metric, value in zip(names, row["values"]):
                        conditions.setdefault((row["method"], metric), []).append(
                            float("nan") if value is None else value)
            for (method, metric), values in conditions.items():
                scores.setdefault(group, {}).setdefault(method, {}).setdefault(metric, []).append(
                    statistics.mean(values))
    methods = list(next(iter(scores.values())))
    simple = [m for m in methods if "shift" in m or m == "control cells"]
    metrics = [m for m in scores[next(iter(scores))][methods[0]] if m != "changed_genes"]
    for metric in metrics:
        print(f"\n{metric}\n\n| held out | " + " | ".join(methods) + " |\n" + "|---" * (1 + len(methods)) + "|")
        for group, of in scores.items():
            print(f"| {group} | " + " | ".join(shown(m, of[m][metric]) for m in methods) + " |")
        cells = []
        for method in methods:
            seeds = [statistics.mean(of[method][metric][k] for of in scores.values()) for k in range(len(a.seeds))]
            cells.append(shown(method, seeds))
        print("| mean | " + " | ".join(cells) + " |")
        pick = min if metric in ("energy", "mmd") else max
        best = [pick(statistics.mean(of[m][metric]) for m in simple) for of in scores.values()]
        print(f"\nBest simple baseline of each group, mean: {statistics.mean(best):.3f}")


if __name__ == "__main__":
    main()
