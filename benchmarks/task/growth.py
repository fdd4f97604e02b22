"""How a training step of the NB autoencoder grows with batch, genes, width and cells: the table of benchmarks/README.md.

usage: growth.py BUILD [--threads 2]
BUILD  folder of the program vae
"""
import argparse, json, os, subprocess
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('build', type=Path)
parser.add_argument('--threads', type=int, default=2)
options = parser.parse_args()
os.environ.pop('OMP_WAIT_POLICY', None)
base = dict(genes=20000, hidden=128, batch=128, cells=2048)
rows = [('batch', b, {}) for b in (32, 64, 128, 256, 512, 1024)]
rows += [('genes', g, {}) for g in (1000, 2000, 5000, 10000, 20000, 40000, 60000)]
rows += [('hidden', h, {}) for h in (128, 256, 512, 1024)]
rows += [('cells', c, dict(genes=2000, n=200)) for c in (1000, 10000, 100000, 1000000)]
print('| | cells/s | microseconds a cell | ms a step | model, optimiser, tape (MB) |\n|---|---|---|---|---|')
for name, value, more in rows:
    settings = {**base, 'n': 15, **more, name: value}
    words = [w for key, v in settings.items() for w in (f'--{key}', str(v))]
    out = subprocess.run([options.build / 'vae', 'nb', '--threads', str(options.threads), *words], check=True,
                         capture_output=True, text=True).stdout
    r = json.loads(out)
    where = f'{name} {value:,}' + (f" ({more['genes']:,} genes)" if 'genes' in more else '')
    print(f"| {where} | {r['cells_per_s']:,.0f} | {1e6 / r['cells_per_s']:.0f} | {r['ms']:.2f} | {r['model_mb']:.0f} |", flush=True)
