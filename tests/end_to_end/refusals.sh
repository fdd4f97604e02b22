#!/usr/bin/env bash
# Wrong input ends the main job with a non-zero exit, one clear sentence and nothing written: refusals.sh GENERATE_CELLS.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
generate_cells=$1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo "this is not an HDF5 file" > text.h5ad
: > empty.h5ad
program=$generate_cells
source "$here/refuses.sh"

refuses missing.h5ad --data missing.h5ad --label cell_type
refuses text.h5ad --data text.h5ad --label cell_type
refuses empty.h5ad --data empty.h5ad --label cell_type
refuses no_such_column --label no_such_column
refuses no_such_type --types no_such_type
refuses missing --from missing
refuses unknown-option --unknown-option
refuses holdout --holdout 1.5
refuses epochs --flow-epochs -3
refuses threads --threads 0
refuses no_such_type --interpolate type_1,no_such_type
refuses excludes --interpolate type_1,type_2 --types type_1
refuses "needs --batch" --corrected corrected.h5ad
refuses no_such_batch --batch batch --corrected corrected.h5ad --to-batch no_such_batch
refuses "no_such_folder does not exist" --batch batch --corrected no_such_folder/corrected.h5ad
refuses no_such.gmt --gene-sets no_such.gmt
printf 'A\tx\tno\tsuch\tgenes\n' > other.gmt
refuses "other.gmt" --gene-sets other.gmt
exit "$failed"
