"""Cells of a held-out time: each inner stretch of time of a file held out in turn, over seeds, beside the floors.

usage: trajectory.py MODEL_TRAJECTORY FOLDER (--data FILE.h5ad | --embedding FILE.csv) --time COLUMN --holdouts 270-329 330-389 ...
                     [--seeds 0 1 2] [--threads 2] [arguments of model_trajectory]

Every run writes its report into FOLDER; runs whose report is there are not made again, so a stopped table goes on.
Prints the exact 1-Wasserstein distance to the held-out cells, mean over the seeds (standard deviation): the model, each floor, one half
of the truth against the other, and the share of the way from the best floor to that half that the model goes.
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
table = {}
for held in options.holdouts:
    for seed in options.seeds:
        tag = hashlib.sha1(' '.join([source[1], *more]).encode()).hexdigest()[:8]
        report = options.folder / f'{held}_{seed}_{tag}.json'
        if not report.exists():
            subprocess.run([options.program, *source, '--time', options.time, '--holdout', held, '--seed', str(seed), '--threads',
                            str(options.threads), '--out', str(options.folder / 'predicted.h5ad'), '--report', str(report), *more],
                           check=True, stdout=subprocess.DEVNULL)
        for who, score in json.loads(report.read_text())['scores'].items():
            table.setdefault(who, {}).setdefault(held, []).append(score[options.measure])

show = lambda values: f'{np.mean(values):.3g} ({np.std(values, ddof=1) if len(values) > 1 else 0:.2g})'
print('| ' + ' | '.join([options.measure, *options.holdouts, 'mean']) + ' |')
print('|' + '---|' * (len(options.holdouts) + 2))
for who, of in table.items():
    there = [held for held in options.holdouts if held in of]
    print('| ' + ' | '.join([who, *(show(of[held]) if held in of else '' for held in options.holdouts),
                             f'{np.mean([np.mean(of[held]) for held in there]):.3g}']) + ' |')
floors = [who for who in table if who not in ('latentcell', 'half of the truth')]
best = [min(np.mean(table[who][held]) for who in floors if held in table[who]) for held in options.holdouts]
model = [np.mean(table['latentcell'][held]) for held in options.holdouts]
half = [np.mean(table['half of the truth'][held]) for held in options.holdouts]
print('| best floor | ' + ' | '.join(f'{b:.3g}' for b in best) + f' | {np.mean(best):.3g} |')
print(f'below the best floor: {sum(m < b for m, b in zip(model, best))} of {len(best)}; '
      f'share of the way to half of the truth, of the means: {(np.mean(best) - np.mean(model)) / (np.mean(best) - np.mean(half)):.2f}')
