"""Scores of a program's report over seeds: mean and standard deviation, a row for the model and each floor, in Markdown.

usage: seeds.py PROGRAM FOLDER [--seeds 0 1 2] [--threads 2] [arguments of the program]

Serves model_trajectory, translate_omics, impute_spatial, augment_cells, transfer_labels, and generate_cells with
--corrected or --between. Reports stay in FOLDER; runs whose report is there are not made again.
"""
import argparse, hashlib, json, statistics, subprocess
from pathlib import Path

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument('program')
parser.add_argument('folder', type=Path)
parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
parser.add_argument('--threads', type=int, default=2)
options, more = parser.parse_known_args()
options.folder.mkdir(parents=True, exist_ok=True)
scores = {}  # who -> measure -> values of the seeds
for seed in options.seeds:
    name = hashlib.sha1(' '.join(more).encode()).hexdigest()[:10]
    report = options.folder / f'{Path(options.program).name}_{name}_{seed}.json'
    if not report.exists():
        subprocess.run([options.program, '--seed', str(seed), '--threads', str(options.threads), '--report', str(report), '--out',
                        str(options.folder / 'predicted.h5ad'), *more], check=True, stdout=subprocess.DEVNULL)
    for who, found in json.loads(report.read_text())['scores'].items():
        for measure, value in found.items():
            if isinstance(value, (int, float)):
                scores.setdefault(who, {}).setdefault(measure, []).append(value)
measures = list(dict.fromkeys(m for of in scores.values() for m in of))
print('| ' + ' | '.join([' '.join(more[-2:]), *measures]) + ' |\n' + '|---' * (len(measures) + 1) + '|')
for who, of in scores.items():
    show = lambda v: f'{statistics.mean(v):.3f} ({statistics.stdev(v) if len(v) > 1 else 0:.3f})'
    print('| ' + ' | '.join([who, *(show(of[m]) if m in of else '' for m in measures)]) + ' |')
