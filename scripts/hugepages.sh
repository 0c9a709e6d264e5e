#!/bin/sh
# Hugetlb pages of 2 MiB: shows, reserves and gives back what this machine sets aside for tables.
#
# Usage: hugepages.sh status | set N | release
#   status   how many there are, how many are free, and whether transparent huge pages are on
#   set N    reserves N pages of 2 MiB (needs root); lasts until the next boot
#   release  gives all free ones back (needs root)
#
# Exit status: 0 done; 2 wrong usage; 6 not permitted, or fewer pages than asked for.
set -eu

pages_directory=${TAPSTAT_HUGEPAGES:-/sys/kernel/mm/hugepages/hugepages-2048kB}
transparent=${TAPSTAT_TRANSPARENT:-/sys/kernel/mm/transparent_hugepage/enabled}

usage() {
  echo "usage: hugepages.sh status | set N | release" >&2
  exit 2
}

fail() {
  echo "hugepages.sh: $1" >&2
  exit 6
}

field() {
  cat "$pages_directory/$1"
}

need_pages() {
  [ -r "$pages_directory/nr_hugepages" ] || fail "this kernel has no hugetlb pages of 2 MiB."
}

status() {
  need_pages
  all=$(field nr_hugepages)
  echo "2 MiB pages  $all reserved ($((all * 2)) MiB), $(field free_hugepages) free," \
    "$(field resv_hugepages) of these promised to running programs"
  if [ -r "$transparent" ]; then
    echo "transparent  $(sed 's/.*\[\(.*\)\].*/\1/' "$transparent")"
  else
    echo "transparent  not built into this kernel"
  fi
}

# Asks the kernel for $1 pages and says what it gave.
reserve() {
  [ -w "$pages_directory/nr_hugepages" ] || fail "needs root. Run: sudo $0 $2"
  echo "$1" >"$pages_directory/nr_hugepages" 2>/dev/null || fail "the kernel refused $1 pages."
  got=$(field nr_hugepages)
  if [ "$got" -lt "$1" ]; then
    fail "$got pages of 2 MiB instead of $1: memory is too full or too scattered.
Try again after stopping other programs, or reserve them at boot: hugepages=$1 on the kernel's
command line."
  fi
  status
  if [ "$got" -gt "$1" ]; then
    echo "$((got - $1)) more pages go back when the programs that hold them end"
  fi
}

[ $# -ge 1 ] || usage
case $1 in
  status)
    [ $# -eq 1 ] || usage
    status
    ;;
  set)
    [ $# -eq 2 ] || usage
    case $2 in '' | *[!0-9]*) usage ;; esac
    need_pages
    reserve "$2" "set $2"
    ;;
  release)
    [ $# -eq 1 ] || usage
    need_pages
    reserve 0 release
    ;;
  *) usage ;;
esac
