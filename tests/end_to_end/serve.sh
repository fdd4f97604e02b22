#!/usr/bin/env bash
# serve_cells under fire: serve.sh FOLDER MAKE_TRANSFER CHECK_SERVED, the folder of the programs. Answers are those of
# the programs and of the library; what is refused; load, slow and dying clients; the end; the page, where Chromium is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$1
make_transfer=$2
checker=$3
if ! command -v python3 > /dev/null; then
  echo "skipped: python3 is not there"
  exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$make_transfer" .
export OMP_NUM_THREADS=1 TMPDIR=$folder
"$programs/generate_cells" --data reference.h5ad --autoencoder-epochs 3 --flow-epochs 3 --checkpoint model \
  --out trained.h5ad --quiet
"$programs/transfer_labels" --from model --data new.h5ad --rounds 1 --training-steps 10 --checkpoint mapped \
  --out labelled.h5ad --quiet
python3 "$here/serve.py" "$programs" "$checker"
bash "$here/serve_page.sh" "$programs/serve_cells" model
