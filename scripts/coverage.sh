#!/usr/bin/env bash
# How much of the parsers the tests reach: line and branch coverage of the files that read what
# comes from the network or from a capture, by the unit tests and the corpora of the fuzz targets.
#
# Usage: coverage.sh [BUILD]      BUILD: build-coverage; configured (clang) when it is not there
# Exit status 1 when a total is below 90 %.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
build=${1:-build-coverage}
least=90
units=(tests/unit/dataplane/test_unit_dataplane tests/unit/flowstats/test_unit_flowstats
  tests/unit/flowstats/layer7/test_unit_layer7)
parsers=(dataplane/parse*.cc dataplane/parse*.h dataplane/tcp_options.cc dataplane/capture_file.cc
  dataplane/capture_readers.cc dataplane/capture_records.cc dataplane/capture_stream.cc
  dataplane/pcapng_reader.cc dataplane/record_reader.cc flowstats/layer7/*.cc flowstats/layer7/*.h
  flowstats/base/byte_range.h)

if [[ ! -f $build/build.ninja ]]; then
  CC=clang-14 CXX=clang++-14 meson setup "$build" -Dbench=false -Db_lundef=false \
    -Doptimization=0 -Ddebug=false \
    -Dcpp_args='-fprofile-instr-generate -fcoverage-mapping' \
    -Dcpp_link_args='-fprofile-instr-generate'
fi
fuzzers=()
for source in tests/fuzz/fuzz_*.cc; do
  # Those of the control plane read what operators write.
  grep -q "\['$(basename "$source" .cc)', 'control'\]" tests/fuzz/meson.build ||
    fuzzers+=("tests/fuzz/$(basename "$source" .cc)")
done
export LLVM_PROFILE_FILE=/dev/null  # of what the build itself runs
ninja -C "$build" "${units[@]}" "${fuzzers[@]}"

profiles=$(mktemp -d)
trap 'rm -rf -- "$profiles"' EXIT
objects=()
for program in "${units[@]}" "${fuzzers[@]}"; do
  objects+=(-object "$build/$program")
  corpus=()
  [[ $program == tests/fuzz/* ]] && corpus=("tests/fuzz/corpus/${program##*/}")
  LLVM_PROFILE_FILE="$profiles/${program##*/}.profraw" "$build/$program" "${corpus[@]}" \
    >"$profiles/log" 2>&1 || { tail -n 40 "$profiles/log" && exit 1; }
done
llvm-profdata-14 merge -o "$profiles/all" "$profiles"/*.profraw
llvm-cov-14 report "${objects[@]:1}" -instr-profile "$profiles/all" >"$profiles/report"
# A file's columns: name, regions (3), functions (3), lines (3), branches (3). The name is as the
# compiler was given it.
awk -v least="$least" -v wanted="${parsers[*]}" '
  function percent(all, missed) { return all == 0 ? 100 : 100 * (all - missed) / all }
  function show(name, lines, lines_missed, branches, branches_missed) {
    printf "%-44s lines %6d %6.1f %%   branches %6d %6.1f %%\n", name, lines,
      percent(lines, lines_missed), branches, percent(branches, branches_missed)
  }
  BEGIN { for (i = split(wanted, names, " "); i > 0; --i) is_wanted[names[i]] = 1 }
  {
    name = $1
    while (!(name in is_wanted) && sub(/^[^\/]*\//, "", name)) continue
  }
  name in is_wanted && NF == 13 {
    show(name, $8, $9, $11, $12)
    lines += $8; lines_missed += $9; branches += $11; branches_missed += $12
  }
  END {
    show("all", lines, lines_missed, branches, branches_missed)
    if (lines == 0) print "coverage.sh: the report names none of the parsers"
    exit lines == 0 || percent(lines, lines_missed) < least ||
      percent(branches, branches_missed) < least
  }' "$profiles/report"
