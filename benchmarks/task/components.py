"""Tables of a comparison of components, as `components` writes its rows: mean (standard deviation) over seeds.

usage: components.py ROWS.tsv [ROWS.tsv ...]
"""
import statistics
import sys
from collections import defaultdict

KEYS = ('cells', 'sampler', 'evaluations', 'guidance', 'way', 'stages')
QUALITY = ['w2', 'mmd', 'nearest_neighbor', 'coverage', 'density', 'auc', 'correlation', 'zeros', 'label_accuracy', 'types_covered']
METRICS = {
    'a': ['train_seconds', 'held_back_log_prob', 'reconstruction_r', *QUALITY],
    'b': ['train_seconds', 'bend', 'bend_teacher'],
    'c': ['parameters', 'train_seconds', 'sample_seconds', *QUALITY],
    'd': ['train_seconds'],
    'e': ['w2', 'nearest_neighbor', 'coverage', 'label_accuracy'],
    'f': ['train_seconds', 'held_back_log_prob', 'reconstruction_r', *QUALITY],
    'g': ['forward_ms', 'epoch_seconds', 'train_seconds', 'sample_seconds', 'memory_mb', 'parameters', *QUALITY],
    'h': ['train_seconds', 'sample_seconds', 'types_covered', 'coverage', 'density', 'w2', 'mmd', 'nearest_neighbor', 'auc', 'label_accuracy'],
}
# Parts that are read along one setting: a table for each of some metrics, a column for each value.
ALONG = {'b': ('evaluations', ['w2', 'nearest_neighbor']), 'd': ('guidance', ['w2', 'nearest_neighbor', 'label_accuracy'])}


def shown(rows, metric):
    values = [float(row[metric]) * (1000 if metric == 'mmd' else 1) for row in rows if metric in row]
    if not values:
        return ''
    return f'{values[0]:.4g}' if len(values) == 1 else f'{statistics.mean(values):.4g} ({statistics.stdev(values):.2g})'


def name_of(row, without=()):
    block = row['block'].split(':', 1)[1]
    parts = [row[k] if k in ('cells', 'sampler', 'way', 'stages') else f'{k} {row[k]}' for k in KEYS if k in row and k not in without]
    return ', '.join([block] + parts)


def grouped(rows, without=()):
    out = defaultdict(list)
    for row in rows:
        out[name_of(row, without)].append(row)
    return out


def print_table(head, lines):
    print('\n| ' + ' | '.join(head) + ' |\n' + '|---' * len(head) + '|')
    for line in lines:
        print('| ' + ' | '.join(line) + ' |')


table = defaultdict(list)  # (data, part) -> rows
for path in sys.argv[1:]:
    for line in open(path):
        row = dict(field.split('=', 1) for field in line.rstrip('\n').split('\t'))
        table[row['data'], row['block'].split(':', 1)[0]].append(row)

for (data, part), rows in sorted(table.items(), key=lambda item: (item[0][1], item[0][0])):
    seeds = sorted({row['seed'] for row in rows})
    print(f'\n## {data}, part {part}, seeds {", ".join(seeds)}; mmd times 1000')
    if part in ALONG:
        along, metrics = ALONG[part]
        columns = sorted({float(row[along]) for row in rows})
        for metric in metrics:
            print_table([f'{metric} at {along}', *(f'{c:g}' for c in columns)],
                        [[name, *(shown([row for row in some if float(row[along]) == c], metric) for c in columns)]
                         for name, some in grouped(rows, [along]).items()])
        rows = [row for row in rows if any(m in row for m in METRICS[part])]
        names = grouped(rows, [along, 'sampler'])
    else:
        names = grouped(rows)
    there = [m for m in METRICS[part] if any(m in row for row in rows)]
    print_table(['row', *there], [[name, *(shown(some, m) for m in there)] for name, some in names.items()])
