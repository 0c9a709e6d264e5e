#!/usr/bin/env python3
"""Compiles each header of the tree alone, with the flags of its own folder, so that every header
includes what it uses.

Usage: check_headers.py --build BUILD [--without FOLDER] [--jobs N] [HEADER...]

The flags come from BUILD/compile_commands.json: those of a source file in the header's folder, else
of the nearest folder above it. Precompiled headers are left out, since they would hide a missing
include. Exit status 1 when a header does not compile (the compiler's messages are on standard
error), or when it lies in a folder that is no part of the build and not named by --without.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

FOLDERS = ["flowstats", "dataplane", "exporters", "control", "tests", "bench"]


def source_root():
    return pathlib.Path(__file__).resolve().parent.parent


def flags_of(command):
    """The compiler and flags of one compile command, without input, output, dependency files and
    precompiled headers."""
    words = shlex.split(command)
    kept = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MQ", "-MT", "-include", "-include-pch"):
            skip = True
        elif word in ("-c", "-MD", "-MMD", "-Winvalid-pch") or word.endswith((".cc", ".cpp")):
            continue
        else:
            kept.append(word)
    if kept and os.path.basename(kept[0]) == "ccache":
        kept = kept[1:]  # nothing is cached for -fsyntax-only
    return kept


def sources_of(compiled):
    """A source file, or those that a file of the build includes to compile several at a time."""
    if "-unity" not in compiled.stem:
        return [compiled.resolve()]
    return [pathlib.Path(line.strip()[len("#include<"):-1]).resolve()
            for line in compiled.read_text().splitlines() if line.startswith("#include<")]


def commands_by_folder(build, root):
    """Folder (relative to the root) -> (directory to run in, flags) of its first source file."""
    result = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        for source in sources_of(pathlib.Path(entry["directory"]) / entry["file"]):
            if source.suffix == ".cc" and root in source.parents:
                result.setdefault(source.parent.relative_to(root),
                                  (entry["directory"], flags_of(entry["command"])))
    return result


def command_for(header, by_folder):
    """The command of the header's folder, of one above it, or of any folder below one of these."""
    for folder in header.parents:
        if folder in by_folder:
            return by_folder[folder]
        below = sorted(f for f in by_folder if folder in f.parents)
        if below and folder != pathlib.Path("."):
            return by_folder[below[0]]
    return None


def check(header, command):
    directory, flags = command
    text = f'#include "{header.as_posix()}"\n'
    done = subprocess.run(flags + ["-fsyntax-only", "-x", "c++", "-"], input=text, text=True,
                          cwd=directory, capture_output=True)
    return done.returncode == 0, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--without", action="append", default=[], choices=FOLDERS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("headers", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    root = source_root()
    build = options.build.resolve()
    by_folder = commands_by_folder(build, root)
    headers = options.headers or sorted(
        path.relative_to(root) for folder in FOLDERS if folder not in options.without
        for path in (root / folder).rglob("*.h"))
    without_flags = [h for h in headers if command_for(h, by_folder) is None]
    headers = [h for h in headers if h not in without_flags]
    for header in without_flags:
        print(f"{header}: no source file near it is part of this build", file=sys.stderr)
    failures = len(without_flags)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda h: check(h, command_for(h, by_folder)), headers)
        for header, (fine, messages) in zip(headers, results):
            if not fine:
                failures += 1
                print(f"{header}: does not compile alone\n{messages}", file=sys.stderr)
    print(f"{len(headers)} headers compiled alone, {failures} failures")
    return 1 if failures or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
