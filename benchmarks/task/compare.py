"""Our programs beside other tools, in turn on the same cores: the table of benchmarks/README.md.

usage: compare.py BUILD --peers FOLDER [--torch PYTHON] [--old-torch PYTHON] [--scvi PYTHON] [--rounds 3] [--only TASK ...]
BUILD    folder of the programs vae and dit
FOLDER   has torch_peer.py and scvi_peer.py: the same models as a user of PyTorch or scvi-tools writes them, each printing
         one line of JSON with cells_per_s or samples_per_s
PYTHON   an interpreter with the package in it; without one that column stays empty

A round runs each task once with each tool, ours first. A rival runs with one and with two threads in the first round, and
with the better number after it. Medians, range in brackets.
"""
import argparse, json, os, statistics, subprocess
from pathlib import Path

DIT = ['--latent', 256, '--tokens', 16, '--width', 256, '--depth', 6, '--batch', 64]
DEEP = ['--genes', 5000, '--hidden', 512, 256, '--latent', 64]
TASKS = {  # name: (ours, PyTorch's, scvi-tools')
    'NB, 20,000 genes': (['vae', 'nb', '--n', 40], ['vae_nb'], []),
    'NB, 2,000 genes': (['vae', 'nb', '--genes', 2000, '--n', 200], ['vae_nb', '--genes', 2000, '--n', 40], None),
    'ZINB, 5,000 genes, 512-256-64': (['vae', 'zinb', *DEEP, '--n', 40], ['vae_zinb', *DEEP], None),
    'DiT training': (['dit', 'train', *DIT, '--n', 10], ['dit_train', *DIT], None),
    'DiT sampling': (['dit', 'sample', *DIT, '--n', 3], ['dit_sample', *DIT, '--n', 5], None),
    'decode 10,000 to 20,000 genes': (['vae', 'decode', '--batch', 10000, '--n', 3], ['decode', '--batch', 10000, '--n', 5], None),
}


def run(command):
    words = [str(word) for word in command]
    # Debian's PyTorch prints warnings too; the last line is the result.
    line = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    return json.loads(line)


def rate(result):
    return result.get('cells_per_s', result.get('samples_per_s'))


class Rival:
    """A peer at its best number of threads."""

    def __init__(self, command):
        self.command, self.threads, self.results = command, None, []

    def go(self):
        tried = [self.threads] if self.threads else [1, 2]
        results = {n: run([*self.command, '--threads', n]) for n in tried}
        self.threads = max(results, key=lambda n: rate(results[n]))
        self.results.append(results[self.threads])


def spread(results):
    if not results:
        return ''
    rates = sorted(map(rate, results))
    digits = lambda x: f'{x:,.0f}' if x >= 100 else f'{x:.1f}'
    return f'{digits(statistics.median(rates))} ({digits(rates[0])}-{digits(rates[-1])})'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build', type=Path)
    parser.add_argument('--peers', type=Path, required=True)
    parser.add_argument('--torch')
    parser.add_argument('--old-torch')
    parser.add_argument('--scvi')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--only', nargs='+', choices=TASKS, default=list(TASKS))
    options = parser.parse_args()
    os.environ.pop('OMP_WAIT_POLICY', None)
    rivals = {'PyTorch': options.torch, "distribution's PyTorch": options.old_torch, 'scvi-tools': options.scvi}
    print('| task | threads | here | ' + ' | '.join(f'{name} | ratio' for name in rivals) + ' | memory here, theirs (MB) |')
    print('|---' * (4 + 2 * len(rivals)) + '|')
    for task in options.only:
        ours_words, torch_words, scvi_words = TASKS[task]
        ours, one = [], []
        peers = {}
        for name, python in rivals.items():
            words = scvi_words if name == 'scvi-tools' else torch_words
            if python and words is not None:
                script = 'scvi_peer.py' if name == 'scvi-tools' else 'torch_peer.py'
                peers[name] = Rival([python, options.peers / script, *words])
        for _ in range(options.rounds):
            ours.append(run([options.build / ours_words[0], *ours_words[1:], '--threads', 2]))
            one.append(run([options.build / ours_words[0], *ours_words[1:], '--threads', 1]))
            for peer in peers.values():
                peer.go()
        middle = statistics.median(map(rate, ours))
        cells = [task, '2', spread(ours)]
        for name in rivals:
            peer = peers.get(name)
            text = f'{spread(peer.results)}, {peer.threads} thr.' if peer else ''
            ratio = f'{middle / statistics.median(map(rate, peer.results)):.2f}' if peer else ''
            cells += [text, ratio]
        memory = [f"{ours[0]['rss_mb']:.0f}" if 'rss_mb' in ours[0] else '',
                  *(f"{peer.results[0]['rss_mb']:.0f}" for peer in peers.values())]
        print('| ' + ' | '.join([*cells, ', '.join(memory)]) + ' |', flush=True)
        alone = statistics.median(map(rate, one))
        print(f'| {task} | 1 | {spread(one)}, two threads {middle / alone:.2f} times |', flush=True)


main()
