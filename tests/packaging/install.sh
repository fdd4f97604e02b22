#!/usr/bin/env bash
# The headers install without a build, and are found, used and run by a project that knows nothing else. Instances are
# installed on demand, for any machine. (fetch_content.sh installs and links some.)
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# install_from name options: configures the library, top level as its users do, and says what that gives
configure() {
  cmake -S "$source_dir" -B "$folder/$1" -DCMAKE_CXX_COMPILER="$cxx" -DLATENTCELL_TESTS=OFF -DLATENTCELL_EXAMPLES=OFF \
    -DLATENTCELL_BENCHMARKS=OFF -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "${@:2}" > "$folder/log" 2>&1 ||
    { cat "$folder/log"; exit 1; }
}
configure headers
cmake --install "$folder/headers" --prefix "$folder/prefix" > "$folder/log" || { cat "$folder/log"; exit 1; }

common=(-DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_CXX_FLAGS="$sanitize")
cmake -S "$source_dir/tests/packaging/consumer" -B "$folder/build" "${common[@]}" -DPARTS="$io_component;$mpi_component" > "$folder/log" 2>&1 ||
  { cat "$folder/log"; exit 1; }
cmake --build "$folder/build"
"$folder/build/consumer"

# Components that are not there and a wrong version are refused, in words.
refused() {
  if cmake -S "$source_dir/tests/packaging/consumer" -B "$folder/refused" "${common[@]}" "$@" > "$folder/log" 2>&1; then
    echo "FAILED: accepted $*"
    exit 1
  fi
}
says() { tr -s '\n ' '  ' < "$folder/log" | grep -qF "$1" || { cat "$folder/log"; exit 1; }; }
refused -DPARTS=instances
says "latentcell has no component instances here: it was installed without LATENTCELL_INSTALL_INSTANCES=ON."
if [ -z "$mpi_component" ]; then
  refused -DPARTS=mpi
  says "latentcell has no component mpi here: mpi needs MPI"
fi
refused -DPARTS=cellar
says "latentcell has no component cellar here"
refused -DVERSION=99

# Of one build, the instances for its own programs may be native and those to install are not: code and exported flags.
configure native -DLATENTCELL_NATIVE=ON -DLATENTCELL_INSTALL_INSTANCES=ON
commands=$folder/native/compile_commands.json
if ! grep -q 'latentcell_portable_instances.dir' "$commands" ||
  grep 'latentcell_portable_instances.dir' "$commands" | grep -e '-march'; then
  echo "FAILED: installed instances are compiled with -march"
  exit 1
fi
if [[ $instances_flags == *-march=native* ]] && ! grep 'latentcell_instances.dir' "$commands" | grep -qe '-march=native'; then
  echo "FAILED: the instances of the build are not native"
  exit 1
fi
# The only flag that an exported target may carry is for compilers without OpenMP; latentcell::native has its own.
if grep -rh -A4 'instances PROPERTIES' "$folder/native/CMakeFiles/Export" | grep -i 'march\|native'; then
  echo "FAILED: users of installed instances get -march=native"
  exit 1
fi
