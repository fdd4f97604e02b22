"""Checks by hand that anndata opens what write_h5ad wrote, and that it holds what read_h5ad read.

    python h5ad_check.py SOURCE.h5ad WRITTEN.h5ad     # needs anndata, numpy, scipy

Prints one line a part and exits with 1 where a part differs. SOURCE is the file that was read, with counts in X. What the
table does not keep is left out of the comparison: numbers come back as float64, booleans as the labels False and True, a
data frame in obsm as the matrix of its columns, and of uns only lists of strings.
"""

import sys

import anndata
import numpy as np
import pandas as pd
import scipy.sparse as sp

source, written = (anndata.read_h5ad(path) for path in sys.argv[1:3])
bad = []


def check(name, good):
    print("same     " if good else "DIFFERENT", name)
    if not good:
        bad.append(name)


def same_column(a, b):
    if a.dtype == bool or str(a.dtype) == "boolean":
        a = a.map({True: "True", False: "False"})
    if pd.api.types.is_numeric_dtype(a.dtype):
        return np.array_equal(a.astype(float).to_numpy(), b.to_numpy(), equal_nan=True)
    missing = a.isna().to_numpy()
    same = (a.astype(str).to_numpy() == b.astype(str).to_numpy()) | missing
    return same.all() and (b[missing].isna() | (b[missing].astype(str) == "")).all()


check("shape", source.shape == written.shape)
if bad:
    sys.exit(1)
check("X", (sp.csr_matrix(source.X) != sp.csr_matrix(written.X)).nnz == 0)
check("X is CSR float32", written.X.format == "csr" and written.X.dtype == np.float32)
check("obs names", list(source.obs_names) == list(written.obs_names))
check("var names", list(source.var_names) == list(written.var_names))
for part in ("obs", "var"):
    a, b = getattr(source, part), getattr(written, part)
    check(f"{part} columns {list(a.columns)}", list(a.columns) == list(b.columns))
    for column in a.columns:
        if isinstance(a[column].dtype, pd.CategoricalDtype):
            check(f"{part}/{column} is categorical", isinstance(b[column].dtype, pd.CategoricalDtype))
            levels = [str(level) for level in a[column].cat.categories]
            check(f"{part}/{column} levels", levels == list(b[column].cat.categories))
        check(f"{part}/{column}", same_column(a[column], b[column]))
for name, value in source.obsm.items():
    dense = value.toarray() if sp.issparse(value) else np.asarray(value)
    check(f"obsm/{name}", np.array_equal(dense.astype(np.float32), written.obsm[name]))
for name, value in source.uns.items():
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "OUS":
        check(f"uns/{name}", list(value) == list(written.uns[name]))
sys.exit(1 if bad else 0)
