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
refuses "needs two labels" --interpolate type_1,type_2,type_3
refuses "two results would be written to it" --report refused.h5ad
refuses "is read and would be written over" --data text.h5ad --batch batch --corrected text.h5ad
refuses "--obs needs the file" --obs cells.csv
refuses excludes --interpolate type_1,type_2 --types type_1
refuses "needs --batch" --corrected corrected.h5ad
refuses no_such_batch --batch batch --corrected corrected.h5ad --to-batch no_such_batch
refuses "no_such_folder does not exist" --batch batch --corrected no_such_folder/corrected.h5ad
refuses no_such.gmt --gene-sets no_such.gmt
refuses "did you mean '--holdout'" --holdouts 0.5
refuses "did you mean '--autoencoder-epochs'" --autoencoder-epoch=3
refuses "--between: use --interpolate" --between a,b
refuses "there is one for each stage: --autoencoder-learning-rate and --flow-learning-rate" --learning-rate 1
refuses "dropout must be in [0, 1), got 1.5" --dropout 1.5
refuses "kl_weight must be at least 0, got -1" --kl-weight -1
refuses "hidden must be at least 1, got 0" --hidden 128,0
refuses "learning_rate must be above 0, got 0" --flow-learning-rate 0
printf 'dropot = 0.1\n' > wrong.toml
refuses "--config: --dropot: there is no such option; did you mean '--dropout'" --config wrong.toml
refuses "no_such.toml" --config no_such.toml
printf 'A\tx\tno\tsuch\tgenes\n' > other.gmt
refuses "other.gmt" --gene-sets other.gmt
refuses "with --shards it is a folder" --shards 100
refuses excludes --interpolate type_1,type_2 --shards 100
exit "$failed"
