# Sourced by tests/run.sh and examples/run.sh: installs what is missing, on machines with apt.

# need_packages PACKAGE...: a package counts as there when it is installed.
need_packages() {
  command -v apt-get > /dev/null || return 0
  local package missing=()
  for package in "$@"; do
    dpkg -s "$package" 2> /dev/null | grep -q '^Status: .* installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo > /dev/null; then
      echo "These packages are missing; install them as root: apt-get install ${missing[*]}" >&2
      echo "or: conda install -c conda-forge cxx-compiler cmake ninja eigen hdf5 zlib nlohmann_json cli11 gnuplot" >&2
      echo "or: brew install cmake ninja eigen hdf5 nlohmann-json cli11 gnuplot libomp" >&2
      exit 1
    fi
    root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  "${root[@]}" apt-get -qq update
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "${missing[@]}" > /dev/null
}

# The compiler that CXX names, or g++.
need_compiler() {
  case "${CXX:-g++}" in
    *clang*) need_packages clang libomp-dev ;;
    *) need_packages g++ ;;
  esac
}

need_libraries() {
  need_packages cmake make ninja-build libeigen3-dev libhdf5-dev zlib1g-dev nlohmann-json3-dev libcli11-dev
}

# What serve_cells needs besides, without which it is left out.
need_server() {
  need_packages libcpp-httplib-dev pkg-config
}

# configure SOURCE BUILD ARGUMENTS...: with ninja and ccache where they are.
configure() {
  local source=$1 build=$2 options=()
  shift 2
  if command -v ninja > /dev/null && [ ! -f "$build/Makefile" ]; then options+=(-G Ninja); fi
  if command -v ccache > /dev/null; then options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake -S "$source" -B "$build" "${options[@]}" "$@"
}
