"""Numbers of scanpy and scikit-misc for tests/data: python data.py > data.txt  (scanpy 1.11, scikit-misc 0.5)"""
import anndata
import numpy as np
import scanpy
from scipy import sparse
from skmisc.loess import loess

MASK = (1 << 64) - 1


def mixed(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def made_counts(cells, genes):
    """The twin of tests/data/made_counts.hpp."""
    out = np.zeros((cells, genes))
    gene = [mixed(g + 1) for g in range(genes)]
    for b in range(cells):
        for g in range(genes):
            noise = mixed((b + 1) * 1000003 + g)
            scale = ((gene[g] % 16 + 16) << (gene[g] // 16 % 9)) * (8 + b % 9)
            if g % 7 == 0 and b % 5 == g % 5:
                scale *= 6
            if g % 11 == 0 and b % 3 == g % 3:
                scale *= 3
            out[b, g] = (scale * ((noise % 65536) * (noise // 65536 % 65536) // 65536)) >> 24
    return out


def show(name, values):
    print(name, 1, len(values))
    print(*(f"{v:.9g}" for v in values))


table = anndata.AnnData(sparse.csr_matrix(made_counts(240, 1500), dtype=np.float32))
table.obs["batch"] = [str(b % 3) for b in range(table.n_obs)]

show("cell_counts", np.asarray(table.X.sum(axis=1)).ravel()[::20])
show("gene_cells", np.asarray((table.X > 0).sum(axis=0)).ravel()[::100])

for name, target in (("cp10k", 1e4), ("median", None)):
    normal = scanpy.pp.normalize_total(table, target_sum=target, copy=True)
    show(f"normal_{name}", normal.X[::40].toarray().max(axis=1))
    scanpy.pp.log1p(normal)
    show(f"log_{name}", np.asarray(normal.X.sum(axis=1)).ravel()[::40])

for name, key in (("one", None), ("three", "batch")):
    found = scanpy.pp.highly_variable_genes(table, flavor="seurat_v3", n_top_genes=400, batch_key=key, inplace=False)
    show(f"score_{name}", found["variances_norm"].to_numpy()[::25])
    show(f"picked_{name}", np.flatnonzero(found["highly_variable"].to_numpy()))
    if key:
        # The picked genes of a lower rank than 300, away from ties at the edge.
        show(f"rank_{name}", found["highly_variable_rank"].to_numpy()[np.flatnonzero(found["highly_variable"])][::10])

x = np.array([(i * i % 53) / 10 for i in range(60)])
y = np.sin(x) + x / 4 + np.array([(i * 7 % 11) / 20 for i in range(60)])
for span in (0.3, 0.75):
    model = loess(x, y, span=span, degree=2)
    model.fit()
    show(f"loess_{span}", model.outputs.fitted_values)
