#!/usr/bin/env bash
# Builds every example and runs them on simulated cells, into out/: the main job, which trains both stages, generates
# cells, judges them and draws them; and, where no arguments are given, the other applications: a perturbation, a
# trajectory, proteins from RNA, a slice of tissue, rare labels, and labels of a new data set. Installs the Debian packages that are missing.
#   bash examples/run.sh [arguments of generate_cells, such as --data cells.h5ad --label cell_type]
# Environment: CXX (g++), LATENTCELL_BUILD (the folder, build-examples/).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# Threads that wait must not spin: the machine may be busy.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
source "$root/tests/packages.sh"
need_compiler
need_libraries
need_packages gnuplot-nox

build=${LATENTCELL_BUILD:-$root/build-examples}
configure "$root" "$build" -DLATENTCELL_TESTS=OFF -DLATENTCELL_BENCHMARKS=OFF -DLATENTCELL_INSTALL=OFF
cmake --build "$build" --parallel "$(nproc)"

out=$root/out
mkdir -p "$out"
"$build/examples/generate_cells" --out "$out/generated.h5ad" --report "$out/report.json" --plots "$out/plots" "$@"
if [ $# -eq 0 ]; then
  echo
  "$build/examples/predict_perturbation" --out "$out/predicted.h5ad" --report "$out/perturbation.json" \
    --plots "$out/plots/perturbation"
  echo
  "$build/examples/model_trajectory" --out "$out/moved.h5ad" --report "$out/trajectory.json" --plots "$out/plots/trajectory"
  echo
  "$build/examples/translate_omics" --out "$out/translated.h5ad" --report "$out/translation.json" \
    --plots "$out/plots/translation"
  echo
  "$build/examples/impute_spatial" --out "$out/imputed.h5ad" --report "$out/spatial.json" --plots "$out/plots/spatial"
  echo
  "$build/examples/augment_cells" --out "$out/augmented.h5ad" --report "$out/augmentation.json" --plots "$out/plots/augmentation"
  echo
  "$build/examples/transfer_labels" --out "$out/labelled.h5ad" --report "$out/transfer.json" --plots "$out/plots/transfer"
fi

echo
echo "Pictures:"
find "$out/plots" -type f \( -name '*.png' -o -name '*.svg' \) | sort | sed 's/^/  /'
echo "Cells and reports: $(cd "$out" && ls *.h5ad *.json | tr '\n' ' ')in $out"
