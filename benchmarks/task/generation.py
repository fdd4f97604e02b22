"""Generation of real cells, evaluated on held-out cells: the mean and spread of generate_cells over splits.

usage: generation.py GENERATE_CELLS FILE.h5ad [--seeds 0 1 2] [--label cell_type] [--threads 2] [arguments of generate_cells]
needs: anndata (pip install anndata)

A stratified half of the cells trains, the other half evaluates; the program's own report gives the numbers.
"""
import argparse, json, subprocess, tempfile
from pathlib import Path

import anndata
import numpy as np

METRICS = ['w2', 'mmd', 'nearest_neighbor', 'coverage', 'density', 'auc', 'mean_r', 'correlation', 'zeros', 'label_accuracy']


def halves(labels, seed):
    """A mask of the training half: of every label one half, rounded up."""
    rng = np.random.default_rng(seed)
    train = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = rng.permutation(np.where(labels == label)[0])
        train[rows[:(len(rows) + 1) // 2]] = True
    return train


def run(options, cells, seed, folder):
    train = halves(cells.obs[options.label].astype(str).values, seed)
    cells[train].write_h5ad(folder / 'train.h5ad')
    cells[~train].write_h5ad(folder / 'test.h5ad')
    command = [options.program, '--data', folder / 'train.h5ad', '--test-data', folder / 'test.h5ad', '--label', options.label,
               '--seed', str(seed), '--threads', str(options.threads), '--out', folder / 'generated.h5ad',
               '--report', folder / 'report.json', *options.more]
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / 'report.json').read_text())


parser = argparse.ArgumentParser()
parser.add_argument('program')
parser.add_argument('data')
parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
parser.add_argument('--label', default='cell_type')
parser.add_argument('--threads', type=int, default=2)
options, options.more = parser.parse_known_args()
cells = anndata.read_h5ad(options.data)
reports = []
with tempfile.TemporaryDirectory() as folder:
    for seed in options.seeds:
        reports.append(run(options, cells, seed, Path(folder)))
print(f'{Path(options.data).name}: mean (standard deviation) of seeds {options.seeds}; mmd times 1000')
print(' | '.join(['row', *METRICS]))
names = [metric['name'] for metric in reports[0]['scores']['metrics']]
tables = [{row['method']: dict(zip(names, row['values'])) for row in report['scores']['rows']} for report in reports]
for row in tables[0]:
    values = np.array([[table[row][name] * (1e3 if name == 'mmd' else 1) for name in METRICS] for table in tables], float)
    spread = values.std(0, ddof=1) if len(values) > 1 else values[0] * 0
    print(' | '.join([row, *(f'{m:.4g} ({s:.2g})' for m, s in zip(values.mean(0), spread))]))
for stage in ('autoencoder', 'flow'):
    seconds = [of['wall_seconds'] for report in reports for of in report['stages'] if of['name'] == stage]
    print(f'{stage}: {[round(s) for s in seconds]} s')
