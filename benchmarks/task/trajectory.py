"""Cells of a held-out time: each inner stretch of time of a file held out in turn, over seeds, beside the baselines.

usage: trajectory.py MODEL_TRAJECTORY FOLDER (--data FILE.h5ad | --embedding FILE.csv) --time COLUMN --holdouts 270-329 330-389 ...
                     [--seeds 0 1 2] [--threads 2] [arguments of model_trajectory]

Every run writes its report into FOLDER; runs whose report is there are not made again, so a stopped table goes on.
Prints the exact 1-Wasserstein distance to the held-out cells, mean over the seeds (standard deviation): the model, each baseline, the
ceiling (one half of the truth against the other), and the share of the way from the best baseline to the ceiling that the model goes.
"""
import argparse, hashlib, json, subprocess
from pathlib import Path

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument('program')
parser.add_argument('folder', type=Path)
parser.add_argument('--data')
parser.add_argument('--embedding')
parser.add_argument('--time', required=True)
parser.add_argument('--holdouts', nargs='+', required=True)
parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
parser.add_argument('--threads', type=int, default=2)
parser.add_argument('--measure', default='w1')
options, more = parser.parse_known_args()
options.folder.mkdir(parents=True, exist_ok=True)
source = ['--data', options.data] if options.data else ['--embedding', options.embedding]
table, role = {}, {}  # method -> stretch -> values of the seeds; method -> model, baseline or ceiling
for held in options.holdouts:
    for seed in options.seeds:
        tag = hashlib.sha1(' '.join([source[1], *more]).encode()).hexdigest()[:8]
        report = options.folder / f'{held}_{seed}_{tag}.json'
        if not report.exists():
            subprocess.run([options.program, *source, '--time', options.time, '--holdout', held, '--seed', str(seed), '--threads',
                            str(options.threads), '--out', str(options.folder / 'predicted.h5ad'), '--report', str(report), *more],
                           check=True, stdout=subprocess.DEVNULL)
        scores = json.loads(report.read_text())['scores']
        column = [metric['name'] for metric in scores['metrics']].index(options.measure)
        for row in scores['rows']:
            role[row['method']] = row['role']
            table.setdefault(row['method'], {}).setdefault(held, []).append(row['values'][column])

show = lambda values: f'{np.mean(values):.3g} ({np.std(values, ddof=1) if len(values) > 1 else 0:.2g})'
print('| ' + ' | '.join([options.measure, *options.holdouts, 'mean']) + ' |')
print('|' + '---|' * (len(options.holdouts) + 2))
for method, of in table.items():
    there = [held for held in options.holdouts if held in of]
    print('| ' + ' | '.join([method, *(show(of[held]) if held in of else '' for held in options.holdouts),
                             f'{np.mean([np.mean(of[held]) for held in there]):.3g}']) + ' |')


def best(kind):
    return [min(np.mean(of[held]) for method, of in table.items() if role[method] == kind and held in of) for held in options.holdouts]


model, baseline, ceiling = best('model'), best('baseline'), best('ceiling')
print('| best baseline | ' + ' | '.join(f'{b:.3g}' for b in baseline) + f' | {np.mean(baseline):.3g} |')
print(f'below the best baseline: {sum(m < b for m, b in zip(model, baseline))} of {len(baseline)}; share of the way to the ceiling, '
      f'of the means: {(np.mean(baseline) - np.mean(model)) / (np.mean(baseline) - np.mean(ceiling)):.2f}')
