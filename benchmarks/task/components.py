"""Tables of a comparison of components, as `components` writes its rows: mean (standard deviation) over seeds.

usage: components.py ROWS.tsv [ROWS.tsv ...]
"""
import statistics
import sys
from collections import defaultdict

KEYS = ('cells', 'sampler', 'evaluations', 'guidance', 'way', 'stages')
METRICS = {
    'a': ['train_seconds', 'held_back_log_prob', 'reconstruction_r', 'w2', 'mmd', 'nearest_neighbor', 'coverage', 'density', 'auc',
          'mean_r', 'correlation', 'zeros', 'label_accuracy'],
    'b': ['w2', 'mmd', 'nearest_neighbor', 'coverage', 'density', 'label_accuracy', 'train_seconds', 'sample_seconds', 'bend',
          'bend_teacher'],
    'c': ['parameters', 'train_seconds', 'sample_seconds', 'w2', 'mmd', 'nearest_neighbor', 'coverage', 'density', 'auc',
          'correlation', 'label_accuracy'],
    'd': ['w2', 'mmd', 'nearest_neighbor', 'coverage', 'density', 'label_accuracy', 'train_seconds'],
    'e': ['w2', 'nearest_neighbor', 'coverage', 'label_accuracy'],
    'f': ['held_back_log_prob', 'reconstruction_r', 'w2', 'mmd', 'nearest_neighbor', 'coverage', 'density', 'auc', 'correlation',
          'label_accuracy', 'train_seconds'],
    'g': ['forward_ms', 'epoch_seconds', 'train_seconds', 'sample_seconds', 'memory_mb', 'parameters', 'w2', 'mmd',
          'nearest_neighbor', 'coverage', 'density', 'auc', 'correlation', 'zeros', 'label_accuracy'],
}

table = defaultdict(lambda: defaultdict(list))  # (data, part) -> row name -> rows
seeds = defaultdict(set)
for path in sys.argv[1:]:
    for line in open(path):
        row = dict(field.split('=', 1) for field in line.rstrip('\n').split('\t'))
        part, block = row['block'].split(':', 1)
        name = ', '.join([block] + [f'{row[key]}' if key in ('cells', 'sampler', 'way', 'stages') else f'{key} {row[key]}'
                                    for key in KEYS if key in row])
        table[row['data'], part][name].append(row)
        seeds[row['data'], part].add(row['seed'])

for (data, part), rows in sorted(table.items(), key=lambda item: (item[0][1], item[0][0])):
    shown = [m for m in METRICS[part] if any(m in row for some in rows.values() for row in some)]
    print(f'\n{data}, part {part}, seeds {", ".join(sorted(seeds[data, part]))}; mmd times 1000\n')
    print('| row | ' + ' | '.join(shown) + ' |')
    print('|---' * (len(shown) + 1) + '|')
    for name, some in rows.items():
        cells = []
        for metric in shown:
            values = [float(row[metric]) * (1000 if metric == 'mmd' else 1) for row in some if metric in row]
            if not values:
                cells.append('')
            elif len(values) == 1:
                cells.append(f'{values[0]:.4g}')
            else:
                cells.append(f'{statistics.mean(values):.4g} ({statistics.stdev(values):.2g})')
        print(f'| {name} | ' + ' | '.join(cells) + ' |')
