#!/usr/bin/env bash
# Every header in two files of one program, in opposite orders: a missing `inline` or a hidden order fails here.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$source_dir/include"
find latentcell -name '*.hpp' | grep -v "$left_out" | sort | sed 's/.*/#include <&>/' > "$folder/ascending.cpp"
sort -r "$folder/ascending.cpp" > "$folder/descending.cpp"
echo 'int other(); int main() { return other(); }' >> "$folder/ascending.cpp"
echo 'int other(); int other() { return 0; }' >> "$folder/descending.cpp"
cd "$folder"

# -O0 leaves every inline function for the linker to see.
printf '%s\n' ascending descending | xargs -P "$jobs" -I{} $cxx $flags $warnings $sanitize -O0 -c {}.cpp -o {}.o
$cxx $flags $sanitize ascending.o descending.o $io_libraries -o program
./program
