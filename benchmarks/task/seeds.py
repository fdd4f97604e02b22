"""Scores of a program's report over seeds: mean and standard deviation, a row for the model and each baseline, in Markdown.

usage: seeds.py PROGRAM FOLDER [--seeds 0 1 2] [--threads 2] [--csv DATASET TASK SPLIT] [arguments of the program]

Serves model_trajectory, translate_omics, impute_spatial, augment_cells, transfer_labels, and generate_cells with
--corrected or --interpolate. Reports stay in FOLDER; runs whose report is there are not made again. --csv prints lines
of benchmarks/results instead; metrics of a classifier have its name as their task.
"""
import argparse, csv, hashlib, json, statistics, subprocess, sys
from pathlib import Path

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument('program')
parser.add_argument('folder', type=Path)
parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
parser.add_argument('--threads', type=int, default=2)
parser.add_argument('--csv', nargs=3, metavar=('DATASET', 'TASK', 'SPLIT'))
options, more = parser.parse_known_args()
options.folder.mkdir(parents=True, exist_ok=True)
CLASSIFIERS = {'logistic': 'logistic regression', 'forest': 'random forest'}
NAMES = {'F1 rare': 'F1 of rare labels', 'F1 all': 'mean F1'}
scores, role = {}, {}  # method -> metric -> values of the seeds; method -> model, baseline or ceiling
for seed in options.seeds:
    name = hashlib.sha1(' '.join(more).encode()).hexdigest()[:10]
    report = options.folder / f'{Path(options.program).name}_{name}_{seed}.json'
    if not report.exists():
        subprocess.run([options.program, '--seed', str(seed), '--threads', str(options.threads), '--report', str(report), '--out',
                        str(options.folder / 'predicted.h5ad'), *more], check=True, stdout=subprocess.DEVNULL)
    content = json.loads(report.read_text())
    table = next(content[name] for name in ('scores', 'batch_correction') if name in content)
    for row in table['rows']:
        role[row['method']] = row['role']
        for metric, value in zip((m['name'] for m in table['metrics']), row['values']):
            if isinstance(value, (int, float)):
                scores.setdefault(row['method'], {}).setdefault(metric, []).append(value)
metrics = list(dict.fromkeys(m for of in scores.values() for m in of))
if options.csv:
    out = csv.writer(sys.stdout, lineterminator='\n')
    dataset, task, split = options.csv
    for method, of in scores.items():
        for metric, v in of.items():
            name, _, classifier = metric.partition(', ')
            spread = statistics.stdev(v) if len(v) > 1 else 0
            out.writerow([dataset, CLASSIFIERS.get(classifier, task), split, method, role[method], NAMES.get(name, name),
                          f'{statistics.mean(v):.3f}', f'{spread:.3f}' if spread > 0 else '',
                          ' '.join(map(str, options.seeds))])
    sys.exit()
print('| ' + ' | '.join([' '.join(more[-2:]), *metrics]) + ' |\n' + '|---' * (len(metrics) + 1) + '|')
for method, of in scores.items():
    show = lambda v: f'{statistics.mean(v):.3f} ({statistics.stdev(v) if len(v) > 1 else 0:.3f})'
    print('| ' + ' | '.join([method, *(show(of[m]) if m in of else '' for m in metrics)]) + ' |')
