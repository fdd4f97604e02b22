#!/usr/bin/env bash
# The recipes of docs/packaging/ say the library's version and options that it has. conan's reads the version itself.
set -euo pipefail
source "$1"

recipes=$source_dir/docs/packaging
number() { sed -n "s/^#define LATENTCELL_VERSION_$1 //p" "$source_dir/include/latentcell/core/version.hpp"; }
version=$(number MAJOR).$(number MINOR).$(number PATCH)
says() {
  grep -qF "$2" "$1" || { echo "FAILED: $1 does not say: $2"; exit 1; }
}
says "$recipes/vcpkg/latentcell/vcpkg.json" "\"version\": \"$version\""
says "$recipes/conda/recipe.yaml" "version: \"$version\""
says "$source_dir/docs/citation.md" "version = {$version}"

for option in $(grep -rhoE '\bLATENTCELL_[A-Z_]+' "$recipes"/{vcpkg,conda} "$source_dir/docs/install.md" | sort -u); do
  case $option in *_VERSION_*) continue ;; esac
  grep -qE "^(option|set)\($option " "$source_dir/CMakeLists.txt" || { echo "FAILED: there is no option $option"; exit 1; }
done

# What reads them, as far as it is there.
cat > "${TMPDIR:-/tmp}/latentcell_json_$$.cmake" <<'EOF'
cmake_minimum_required(VERSION 3.19)
file(READ ${FILE} text)
string(JSON name GET "${text}" name)
EOF
trap 'rm -f "${TMPDIR:-/tmp}/latentcell_json_$$.cmake"' EXIT
cmake -DFILE="$recipes/vcpkg/latentcell/vcpkg.json" -P "${TMPDIR:-/tmp}/latentcell_json_$$.cmake"
if command -v python3 > /dev/null; then
  for file in "$recipes"/conan/conanfile.py "$recipes"/conan/test_package/conanfile.py; do
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$file"
  done
  if python3 -c 'import yaml' 2> /dev/null; then
    python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$recipes/conda/recipe.yaml"
  fi
fi
echo "the recipes are of version $version"
