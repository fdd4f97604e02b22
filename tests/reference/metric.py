"""Reference numbers for the rooms metric and transport and for kernel/pca and kernel/neighbors.

    python tests/reference/metric.py > tests/reference/metric.txt

Needs numpy, scipy, scikit-learn and POT. Each array is a line "name rows cols" and its numbers.
"""

import numpy as np
import ot
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist, pdist
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, silhouette_samples
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(20240501)


def put(name, array, digits=17):
    array = np.atleast_2d(np.asarray(array, dtype=float))
    print(name, *array.shape)
    for row in array:
        print(*(f"{v:.{digits}g}" for v in row))


def points(rows, cols, shift=0.0):
    """Values with three digits, so that the file stays small; rounded to float as the library reads them."""
    x = np.round(rng.normal(size=(rows, cols)) * np.linspace(2, 0.5, cols) + shift, 3)
    return x.astype(np.float32).astype(float)


def log_normalize(counts):
    total = counts.sum(1, keepdims=True)
    x = np.log1p(np.divide(counts * 1e4, total, out=np.zeros_like(counts), where=total > 0))
    return x.astype(np.float32).astype(float)


# Two clouds.
x, y, z = points(40, 5), points(40, 5, 0.4), points(30, 5, 0.2)
for name, value in (("x", x), ("y", y), ("z", z)):
    put(name, value, 6)

# Neighbors.
d, i = NearestNeighbors(n_neighbors=4).fit(x).kneighbors(z)
put("neighbors_index", i, 6)
put("neighbors_distance", d)
d, i = NearestNeighbors(n_neighbors=3).fit(x).kneighbors()
put("own_neighbors_index", i, 6)
put("own_neighbors_distance", d)

# Transport.
squared = cdist(x, y, "sqeuclidean")
rows, cols = linear_sum_assignment(squared.astype(np.float32))
put("assignment_column", cols, 6)
put("wasserstein2", np.sqrt(squared[rows, cols].mean()))
directions = rng.normal(size=(5, 7))
directions /= np.linalg.norm(directions, axis=0)
put("directions", directions.T)
put("sliced_wasserstein", ot.sliced_wasserstein_distance(x, y, projections=directions))
put("sliced_wasserstein_unequal", ot.sliced_wasserstein_distance(x, z, projections=directions))
cost = cdist(x, z, "sqeuclidean").astype(np.float32).astype(float)
weights_x, weights_z = rng.uniform(0.5, 2, 40).round(3), rng.uniform(0.5, 2, 30).round(3)
put("weights_x", weights_x, 6)
put("weights_z", weights_z, 6)
plan = ot.sinkhorn(weights_x / weights_x.sum(), weights_z / weights_z.sum(), cost, 0.1 * cost.mean(), method="sinkhorn_log",
                   numItermax=100000, stopThr=1e-13)
put("sinkhorn_plan", plan, 10)
put("sinkhorn_cost", (plan * cost).sum())

# Kernels and energies.
median = np.median(pdist(np.vstack([x, z])))
put("median_distance", median)


def unbiased(f):
    a, b, c = f(cdist(x, x)), f(cdist(z, z)), f(cdist(x, z))
    n, m = len(x), len(z)
    return ((a.sum() - np.trace(a)) / (n * (n - 1)) + (b.sum() - np.trace(b)) / (m * (m - 1)) - 2 * c.mean())


put("mmd", unbiased(lambda d: np.exp(-((d / median) ** 2))))
put("energy_distance", -unbiased(lambda d: d))

# Two-sample accuracy of the nearest neighbor.
pooled, side = np.vstack([x, y]), np.repeat([0, 1], 40)
nearest = NearestNeighbors(n_neighbors=1).fit(pooled).kneighbors(return_distance=False)[:, 0]
right = side[nearest] == side
put("nearest_neighbor_test", [right.mean(), right[:40].mean(), right[40:].mean()])

# Density and coverage as in https://github.com/clovaai/generative-evaluation-prdc
own = cdist(x, x)
radius = np.partition(own, 5, axis=1)[:, 5]
between = cdist(x, z)
put("density_coverage", [(between < radius[:, None]).sum(0).mean() / 5, (between.min(1) < radius).mean()])

# Silhouette.
labels = rng.integers(0, 3, 40)
labels[7] = 3
put("labels", labels, 6)
put("silhouettes", silhouette_samples(x + 2.0 * np.eye(5)[labels], labels))

# Genes.
a = rng.negative_binomial(0.7, 0.3, (30, 12)) * (rng.uniform(size=(30, 12)) < 0.7)
b = rng.negative_binomial(0.9, 0.35, (25, 12)) * (rng.uniform(size=(25, 12)) < 0.6)
a[:, 4] = 0
a, b = a.astype(float), b.astype(float)
put("counts_a", a, 6)
put("counts_b", b, 6)
put("log_a", log_normalize(a), 9)
put("gene_mean", a.mean(0))
put("gene_variance", a.var(0, ddof=1))
put("gene_zeros", (a == 0).mean(0))
put("mean_correlation", stats.pearsonr(a.mean(0), b.mean(0))[0])
put("variance_correlation", stats.pearsonr(a.var(0, ddof=1), b.var(0, ddof=1))[0])
put("zero_difference", (b == 0).mean() - (a == 0).mean())
put("gene_wasserstein", [stats.wasserstein_distance(a[:, g], b[:, g]) for g in range(12)])
genes = [0, 2, 3, 5, 7, 8, 11]
above = np.triu_indices(len(genes), 1)
put("gene_correlation", stats.pearsonr(np.corrcoef(a[:, genes].T)[above], np.corrcoef(b[:, genes].T)[above])[0])

# PCA.
rates = np.exp(rng.normal(size=(60, 4)) @ rng.normal(size=(4, 30)) * 0.7 - 0.3)
counts = rng.poisson(rates).astype(float)
counts[11] = 0
put("pca_counts", counts, 6)
logged = log_normalize(counts)
centred = logged - logged.mean(0)
u, s, v = np.linalg.svd(centred, full_matrices=False)
v *= np.sign(v[np.arange(len(v)), np.abs(v).argmax(1)])[:, None]
put("pca_mean", logged.mean(0))
put("pca_components", v[:6])
put("pca_variance", s[:6] ** 2 / 59)
put("pca_scores", (centred @ v[:6].T), 10)

# Kolmogorov and Smirnov.
p, q = rng.normal(size=30).round(3), rng.normal(0.5, 1.3, size=22).round(3)
put("ks_x", p, 6)
put("ks_y", q, 6)
put("ks_unequal", stats.ks_2samp(p, q, method="exact"))
put("ks_equal", stats.ks_2samp(p[:22], q, method="exact"))
put("ks_limit", [[d, stats.kstwobign.sf(d * np.sqrt(5000 * 4000 / 9000))] for d in (0.01, 0.02, 0.03, 0.045)])

# ROC.
negatives, positives = rng.integers(0, 9, 25), rng.integers(2, 12, 18)
put("negatives", negatives, 6)
put("positives", positives, 6)
put("roc_auc", roc_auc_score(np.repeat([0, 1], [25, 18]), np.concatenate([negatives, positives])))

# Logistic regression.
w = points(90, 4)
classes = (w[:, 0] + rng.normal(size=90) > 0.5).astype(int) + 2 * (w[:, 1] - w[:, 2] + 0.5 * rng.normal(size=90) > 1)
classes[classes == 3] = 2
put("logistic_x", w, 6)
put("logistic_labels", classes, 6)
fit = LogisticRegression(C=1.0, tol=1e-12, max_iter=100000).fit(w, classes)
put("logistic_weights", np.column_stack([fit.coef_, fit.intercept_]))
fit = LogisticRegression(C=0.3, tol=1e-12, max_iter=100000).fit(w, classes > 0)
put("logistic_binary", np.column_stack([fit.coef_, fit.intercept_]))
scaler = StandardScaler().fit(w)
fit = LogisticRegression(C=1.0, tol=1e-12, max_iter=100000).fit(scaler.transform(w), classes)
put("logistic_standardised", fit.predict_proba(scaler.transform(w)), 10)

# Random forest: means over many trees, where the two implementations must meet whatever their random numbers are.
f = points(120, 9)
kinds = (f[:, 0] + 0.5 * f[:, 1] ** 2 + 0.6 * rng.normal(size=120) > 0.8).astype(int) + (f[:, 2] > 1.2)
fresh = points(50, 9)
put("forest_x", f, 6)
put("forest_labels", kinds, 6)
put("forest_fresh", fresh, 6)
forest = RandomForestClassifier(8000, max_depth=5, random_state=0, n_jobs=2).fit(f.astype(np.float32), kinds)
put("forest_probabilities", forest.predict_proba(fresh.astype(np.float32)), 6)
