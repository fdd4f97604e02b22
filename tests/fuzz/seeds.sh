#!/usr/bin/env bash
# Makes seed inputs of every harness:   bash tests/fuzz/seeds.sh FOLDER
# From the reference files of tests/reference/io and small texts of the forms that readers take.
set -euo pipefail
out=$1
io=$(cd "$(dirname "$0")/../reference/io" && pwd)
for harness in h5ad tenx delimited annotation gene_sets gene_embeddings points positions safetensors matrix_market model; do
  mkdir -p "$out/$harness"
done
cp "$io"/*.h5ad "$out/h5ad/"
cp "$io"/*.h5 "$out/tenx/"
find "$io" -name 'matrix.mtx' -exec cp {} "$out/matrix_market/" \;
printf '%%%%MatrixMarket matrix coordinate real general\n4 3 2\n1 1 2.5\n4 3 1\n' > "$out/matrix_market/real"
printf ',A,B\nc1,1,2\nc2,0,3\n' > "$out/delimited/comma"
printf 'A\tB\nc1\t1\t2\n"c,2"\t0\t1e1\n' > "$out/delimited/r_tab"
printf '\xef\xbb\xbf;A;"B;C"\r\nc1;1;2\r\n' > "$out/delimited/bom_semicolon"
printf 'cell,type,n,ok,x\na,T,1,True,0.5\nb,,NA,False,nan\n' > "$out/annotation/columns"
printf 'SET\tnote\tA\tB\r\nSET\t\tB\t\t\n' > "$out/gene_sets/two"
printf 'gene,x1,x2\nA,1,2\nB,-1e-3,nan\n' > "$out/gene_embeddings/two"
printf 'samples;x;y\n0;1,5;2\n1;2;3\n' > "$out/points/decimal_comma"
printf '1,2\n3,4\n' > "$out/points/plain"
printf 'AAAC-1,1,0,16,200,100\nAAAG-1,0,1,17,400,300\n' > "$out/positions/visium"
printf ',x,y,slice\n0,1,2,1\n1,3,4,2\n' > "$out/positions/slices"
python3 - "$out" << 'PY'
import json, struct, sys
def file(name, meta, tensors):
    header, data = {"__metadata__": meta}, b""
    for key, (rows, cols) in tensors.items():
        header[key] = {"dtype": "F32", "shape": [rows, cols], "data_offsets": [len(data), len(data) + 4 * rows * cols]}
        data += struct.pack(f"<{rows * cols}f", *([0.5] * (rows * cols)))
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data
small = file("t", {"a": "b"}, {"w": (2, 3), "b": (1, 3)})
open(sys.argv[1] + "/safetensors/small", "wb").write(small)
for byte, kind in enumerate(("generation", "spatial", "trajectory")):
    open(f"{sys.argv[1]}/model/{kind}", "wb").write(bytes([byte]) + small)
PY
# Models that programs trained, where there are any: MODELS is a list of --checkpoint folders.
byte=0
for folder in ${MODELS:-}; do
  { printf "\\$(printf %o $byte)"; cat "$folder/model.safetensors"; } > "$out/model/trained_$byte"
  byte=$((byte + 1))
done
