"""The machine's best matrix products, to hold our steps against: PyTorch's (oneMKL) at one and two threads.

usage: best_product.py        (in a Python with torch)
Prints GFLOP/s for the shapes of benchmarks/kernel/gemm.cpp, as A B, A B^T and A^T B, and how long the three products of
the count decoder of the first row of benchmarks/README.md take at the best.
"""
import time

import torch

SHAPES = [(1024, 768, 256), (1024, 256, 256), (1024, 1024, 256), (1024, 256, 1024), (256, 1024, 1024), (128, 5000, 128),
          (128, 5000, 512), (5000, 512, 128), (128, 512, 5000), (2000, 2000, 2000)]


def seconds(a, b):
    """Best of five runs of the product."""
    out = torch.mm(a, b)
    times = max(3, int(2e10 / (2 * a.shape[0] * a.shape[1] * b.shape[1])))
    best = float('inf')
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(times):
            torch.mm(a, b, out=out)
        best = min(best, (time.perf_counter() - start) / times)
    return best


for threads in (1, 2):
    torch.set_num_threads(threads)
    print(f'{threads} threads: rows, columns, depth: GFLOP/s of A B, A B^T, A^T B')
    for rows, cols, depth in SHAPES:
        a, b = torch.randn(rows, depth), torch.randn(depth, cols)
        at, bt = a.t().contiguous().t(), b.t().contiguous().t()
        rates = [2e-9 * rows * cols * depth / seconds(x, y) for x, y in ((a, b), (a, bt), (at, b))]
        print(rows, cols, depth, *(f'{rate:.0f}' for rate in rates))
    hidden, weight, gradient = torch.randn(128, 128), torch.randn(20000, 128), torch.randn(128, 20000)
    three = seconds(hidden, weight.t()) + seconds(gradient, weight) + seconds(gradient.t(), hidden)
    print(f'three products of a decoder, 128 cells, 20,000 genes over 128: {1e3 * three:.2f} ms')
