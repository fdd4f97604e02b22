"""Writes the small files under tests/reference/io that the tests of the io room read.

    python make_io_fixtures.py          # needs anndata >= 0.10, h5py, numpy, pandas, scipy

One table of 6 cells x 5 genes in every encoding. old.h5ad and ancient.h5ad are laid out by hand as anndata 0.7 and 0.6
wrote them; the 10x files as Cell Ranger 2 and 3 write them.
"""

import gzip
import shutil
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.io
import scipy.sparse as sp

out = Path(__file__).parent / "io"
shutil.rmtree(out, ignore_errors=True)
out.mkdir()

counts = np.array(
    [[1, 0, 0, 2, 0], [0, 3, 0, 0, 0], [0, 0, 0, 0, 0], [4, 0, 5, 0, 6], [0, 0, 0, 7, 0], [8, 9, 0, 0, 1]], dtype=np.int64
)
cells = [f"AAAC-{i}" for i in range(1, 7)]
genes = ["CD3D", "LYZ", "MS4A1", "NKG7", "PPBP"]
cell_types = ["B", "T", None, "B", "NK", "T"]


def table(x):
    a = anndata.AnnData(X=x)
    a.obs_names, a.var_names = cells, genes
    a.obs["cell_type"] = pd.Categorical(cell_types)
    a.obs["day"] = pd.Categorical([2, 4, 4, 2, 6, 6])
    a.obs["dose"] = pd.Categorical([0.5, 1.0, 1.0, 0.5, 1.0, 0.5])
    a.obs["age"] = np.array([30, 40, 50, 60, 70, 80])
    a.obs["score"] = np.array([0.5, np.nan, 1.5, 2.5, -3.5, 4.5], dtype=np.float32)
    a.obs["doublet"] = np.array([False, True, False, False, True, False])
    a.obs["plate"] = pd.array([1, None, 3, 4, 5, 6], dtype="Int64")
    a.obs["treated"] = pd.array([True, False, None, True, False, True], dtype="boolean")
    a.obs["note"] = ["a", "b", "ä", "", "e e", "f"]
    a.var["symbol"] = ["s1", "s2", "s3", "s4", "s5"]
    a.var["hv"] = [True, False, True, False, True]
    a.obsm["X_pca"] = np.arange(12, dtype=np.float32).reshape(6, 2) / 4
    a.obsm["protein"] = pd.DataFrame({"CD3": range(6), "CD19": [5, 4, 3, 2, 1, 0]}, index=cells)
    a.obsm["sparse"] = sp.csr_matrix(np.eye(6, 3, dtype=np.float32))
    a.uns["protein_names"] = np.array(["CD3", "CD19"], dtype=object)
    a.uns["neighbors"] = {"params": {"k": 15, "method": "umap"}}
    a.uns["number"] = 3.5
    return a


def write(a, name):
    a.write_h5ad(out / name, convert_strings_to_categoricals=False)


anndata.settings.allow_write_nullable_strings = True
write(table(sp.csr_matrix(counts.astype(np.float32))), "csr.h5ad")

plain = anndata.AnnData(X=sp.csc_matrix(counts.astype(np.int32)))
plain.obs_names, plain.var_names = cells, genes
plain.obs["name"] = pd.array(["a", None, "c", "d", "e", "f"], dtype="string")
write(plain, "csc.h5ad")

dense = anndata.AnnData(X=counts.astype(np.float64))
dense.obs_names, dense.var_names = cells, ["A", "B", "A", "A-1", "A"]
dense.write_h5ad(out / "dense.h5ad", compression="gzip", convert_strings_to_categoricals=False)

layered = anndata.AnnData(X=np.log1p(counts).astype(np.float32))
layered.obs_names, layered.var_names = cells, genes
layered.layers["counts"] = sp.csr_matrix(counts.astype(np.uint16))
layered.layers["spliced"] = sp.csc_matrix((counts // 2).astype(np.float32))
wide = anndata.AnnData(X=sp.csr_matrix(np.hstack([counts, counts[:, :2]]).astype(np.float32)))
wide.obs_names, wide.var_names = cells, genes + ["ACTB", "GAPDH"]
layered.raw = wide
write(layered, "layers.h5ad")

text = h5py.string_dtype()
with h5py.File(out / "old.h5ad", "w") as f:  # anndata 0.7
    csr = sp.csr_matrix(counts.astype(np.float32))
    x = f.create_group("X")
    x.attrs["h5sparse_format"] = "csr"
    x.attrs["h5sparse_shape"] = csr.shape
    x["data"], x["indices"], x["indptr"] = csr.data, csr.indices, csr.indptr
    for name, index, columns in (("obs", cells, ["cell_type", "age"]), ("var", genes, [])):
        g = f.create_group(name)
        g.attrs["encoding-type"], g.attrs["encoding-version"] = "dataframe", "0.1.0"
        g.attrs["_index"] = "index"
        g.attrs["column-order"] = np.array(columns, dtype=object) if columns else np.array([], dtype=float)
        g.create_dataset("index", data=np.array(index, dtype=object), dtype=text)
    obs = f["obs"]
    obs["cell_type"] = pd.Categorical(cell_types).codes
    obs.create_dataset("__categories/cell_type", data=np.array(["B", "NK", "T"], dtype=object), dtype=text)
    obs["cell_type"].attrs["categories"] = obs["__categories/cell_type"].ref
    obs["age"] = np.array([30, 40, 50, 60, 70, 80])

with h5py.File(out / "ancient.h5ad", "w") as f:  # anndata 0.6
    f["X"] = counts.astype(np.float32)
    obs = np.zeros(6, dtype=[("index", "S6"), ("cell_type", "i1"), ("age", "i8"), ("donor", text)])
    obs["index"], obs["cell_type"], obs["age"] = cells, pd.Categorical(cell_types).codes, np.arange(6)
    obs["donor"] = [f"donor {i}" for i in range(6)]
    f["obs"] = obs
    var = np.zeros(5, dtype=[("index", "S5"), ("mean", "f4")])
    var["index"], var["mean"] = genes, counts.mean(0)
    f["var"] = var
    f["obsm"] = np.zeros(6, dtype=[("X_pca", "f4", (2,))])
    f.create_dataset("uns/cell_type_categories", data=np.array(["B", "NK", "T"], dtype=object), dtype=text)

csc = sp.csc_matrix(counts.T.astype(np.int32))  # features x cells, by cell
ids = [f"ENSG0000{i}" for i in range(1, 6)]
symbols = ["CD3D", "LYZ", "LYZ", "NKG7", "PPBP"]


def fixed(values):
    return np.array(values, dtype="S")


with h5py.File(out / "tenx_v2.h5", "w") as f:
    for genome, scale in (("GRCh38", 1), ("mm10", 2)):
        g = f.create_group(genome)
        g["data"], g["indices"], g["indptr"] = csc.data * scale, csc.indices.astype(np.int64), csc.indptr.astype(np.int64)
        g["shape"] = np.array(csc.shape, dtype=np.int32)
        g["barcodes"], g["genes"], g["gene_names"] = fixed(cells), fixed(ids), fixed(symbols)

types = ["Gene Expression"] * 3 + ["Antibody Capture"] * 2
with h5py.File(out / "tenx_v3.h5", "w") as f:
    g = f.create_group("matrix")
    g["data"], g["indices"], g["indptr"] = csc.data, csc.indices.astype(np.int64), csc.indptr.astype(np.int64)
    g["shape"] = np.array(csc.shape, dtype=np.int32)
    g["barcodes"] = fixed(cells)
    g["features/id"], g["features/name"], g["features/feature_type"] = fixed(ids), fixed(symbols), fixed(types)
    g["features/genome"] = fixed(["GRCh38", "GRCh38", "mm10", "", ""])
    g["features/_all_tag_keys"] = fixed(["genome"])


def folder(name, features, columns, zipped):
    (out / name).mkdir()
    scipy.io.mmwrite(out / name / "matrix.mtx", csc, field="integer")
    (out / name / "barcodes.tsv").write_text("".join(c + "\n" for c in cells))
    (out / name / features).write_text("".join("\t".join(row) + "\n" for row in zip(*columns)))
    for path in list((out / name).iterdir()) if zipped else []:
        with open(str(path) + ".gz", "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as z:
            z.write(path.read_bytes())
        path.unlink()


folder("mtx", "genes.tsv", (ids, symbols), zipped=False)
folder("mtx_gz", "features.tsv", (ids, symbols, types), zipped=True)
