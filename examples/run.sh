#!/usr/bin/env bash
# Builds one of the command-line programs and runs it, into out/.
#   bash examples/run.sh                          generate_cells on simulated cells: trains, generates, evaluates, draws
#   bash examples/run.sh --data cells.h5ad ...    generate_cells with these arguments
#   bash examples/run.sh PROGRAM [arguments]      another program: augment_cells, transfer_labels, predict_perturbation,
#                                                 model_trajectory, translate_omics, impute_spatial, shard_cells
#   bash examples/run.sh serve_cells [arguments]  serves a model at http://127.0.0.1:8080/; without --from one that
#                                                 generate_cells trains on simulated cells first
#   bash examples/run.sh all                      every program on its simulated data
# Installs the Debian packages that are missing; where they are there it needs no root.
# Environment: CXX (g++), LATENTCELL_BUILD (the folder, build-examples/).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# Threads that wait must not spin: the machine may be busy.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
source "$root/tests/packages.sh"

all=(generate_cells augment_cells transfer_labels predict_perturbation model_trajectory translate_omics impute_spatial)
declare -A names=([generate_cells]=generated [augment_cells]=augmented [transfer_labels]=labelled
  [predict_perturbation]=perturbed [model_trajectory]=interpolated [translate_omics]=translated [impute_spatial]=imputed)
programs=(generate_cells)
case "${1:-}" in
  serve_cells)
    programs=(generate_cells serve_cells) && shift
    ;;
  shard_cells) programs=(shard_cells) && shift ;;
  all) programs=("${all[@]}") && shift ;;
  --* | "") ;;
  *)
    if [ -z "${names[$1]:-}" ]; then
      echo "examples/run.sh: there is no program '$1'; there are: all ${all[*]} shard_cells serve_cells" >&2
      exit 2
    fi
    programs=("$1") && shift
    ;;
esac

echo "Builds and runs ${programs[*]}: on two idle cores one to two minutes to build the first time; installing packages comes first."
need_compiler
need_libraries
if [ "${programs[-1]}" = serve_cells ]; then need_server; fi
need_packages gnuplot-nox

build=${LATENTCELL_BUILD:-$root/build-examples}
configure "$root" "$build" -DLATENTCELL_TESTS=OFF -DLATENTCELL_BENCHMARKS=OFF -DLATENTCELL_INSTALL=OFF > /dev/null
cmake --build "$build" --parallel "$(nproc)" --target "${programs[@]}"

out=$root/out
mkdir -p "$out"
if [ "${programs[-1]}" = serve_cells ]; then
  case " $* " in
    *" --from"* | *" --help "* | *" -h "* | *" --version "*) ;;
    *)
      "$build/examples/generate_cells" --checkpoint "$out/model" --out "$out/generated.h5ad"
      set -- --from "$out/model" "$@"
      ;;
  esac
  exec "$build/examples/serve_cells" "$@"
fi
if [ "${programs[0]}" = shard_cells ]; then  # has no simulated cells, and no report
  exec "$build/examples/shard_cells" "$@"
fi
for program in "${programs[@]}"; do
  name=${names[$program]}
  echo
  "$build/examples/$program" --out "$out/$name.h5ad" --report "$out/$name.json" --plots "$out/plots/$program" "$@"
done

echo
echo "Pictures:"
find "$out/plots" -type f \( -name '*.png' -o -name '*.pdf' \) | sort | sed 's/^/  /'
echo "Cells and reports: $(cd "$out" && ls *.h5ad *.json | tr '\n' ' ')in $out"
