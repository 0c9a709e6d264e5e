#!/usr/bin/env python3
"""The house rules as a program: prints `file:line: rule: sentence` for every breach.

Usage: tidy.py [--root DIR] [--format]

Rules: floor, external, size, line-length, function-length, pragma-once, doc-first,
own-header-first, leftover, whitespace, machine-path, reference-path, macro, listed, golden,
references. CONTRIBUTING.md says why each exists. `--format` also runs clang-format over the C++
files. Standard library only. Exit status 1 when something was found.
"""

import argparse
import ast
import pathlib
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

FILE_LINES_MAX = 500
LINE_COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 60

SKIPPED_FOLDERS = {".git", "out", "__pycache__", "corpus", "node_modules"}
CODE_SUFFIXES = {".h", ".cc", ".py", ".sh"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".md", ".build", ".txt", ".toml", ".conf", ".json", ".internal",
                                 ".supp", ".service", ".css", ".js", ".html"}
TEXT_NAMES = {"setup", "run", ".clang-format", ".clang-tidy", ".editorconfig", ".gitignore"}
SCRIPT_NAMES = {"setup", "run"}

# A file may include its own floor and smaller numbers. The longest matching prefix counts.
FLOORS = {
    "flowstats/base/": 1,
    "flowstats/crypto/": 2,
    "flowstats/wire/": 2,
    "flowstats/measurement.h": 2,  # settings and masks: values that every floor above may read
    "flowstats/group_mask.h": 2,
    "flowstats/log_mask.h": 1,
    "flowstats/active_config.h": 2,
    "flowstats/groups/": 3,
    "flowstats/tcp/": 4,
    "flowstats/layer7/": 4,
    "flowstats/": 5,
    "flowstats/columns/": 6,
    "dataplane/": 7,
    "exporters/": 7,
    "control/": 8,
    "bench/": 9,
    "tests/": 9,
}
# (including folder, included folder): the same or a lower floor, and still not allowed.
BLIND = [
    ("dataplane/", "exporters/", "packets know no files"),
    ("exporters/", "dataplane/", "files know no packets"),
    ("dataplane/", "flowstats/columns/", "workers know no columns"),
    ("bench/", "tests/unit/", "a benchmark is no test"),
]
# The first matching pattern decides which folders may include it; tests and benchmarks may all.
EXTERNAL = [
    (r"tl/expected\.hpp$", ["flowstats/", "dataplane/", "exporters/", "control/"]),
    (r"rte_|bus_|pcap", ["dataplane/"]),
    (r"openssl/", ["flowstats/crypto/", "control/"]),
    (r"CLI/|toml\+\+/|boost/|seccomp\.h$", ["control/"]),
    (r"spdlog/", ["exporters/", "control/"]),
    (r"oneapi/|tbb/", ["exporters/", "control/"]),
    (r"rapidjson/", ["exporters/", "control/"]),
    (r"zlib\.h|zstd", ["dataplane/", "exporters/"]),
    (r"fmt/", ["dataplane/", "exporters/", "control/"]),
    (r"(thread|(shared_)?mutex|condition_variable|future|semaphore)$", ["exporters/", "control/"]),
    (r"(fstream|iostream|filesystem)$", ["dataplane/", "exporters/", "control/"]),
    (r"(format|expected)$", []),  # libstdc++ 12 has neither
    (r"[a-z0-9_]+$", ["flowstats/", "dataplane/", "exporters/", "control/"]),  # standard library
    (r"sys/mman\.h$", ["flowstats/base/arena.cc", "dataplane/"]),  # pages, taken once at start
    (r".*\.h$", ["dataplane/", "exporters/", "control/"]),  # the system's C headers
]
# Split so that this file does not find itself.
LEFTOVER = re.compile(r"\b(" + "|".join(["TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.}\"'])/(work|root|home/[a-z_][\w-]*|Users/[A-Za-z]\w*)/")
REFERENCE_PATH = re.compile(r"\.\./sha" r"red|\bsha" r"red/(specs|corpus|design|tools|hooks)")
REFERENCE_VARIABLE = "TAPSTAT_SHARED"
REFERENCES_PAGE = "docs/references.md"
REFERENCE_LINES = 3  # the variable stands this near to the path


class Finding(NamedTuple):
    path: pathlib.PurePath
    line: int
    rule: str
    sentence: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.sentence}"


class SourceFile(NamedTuple):
    path: pathlib.PurePath  # relative to the root
    lines: list

    @property
    def name(self):
        return self.path.as_posix()

    @property
    def is_cpp(self):
        return self.path.suffix in (".h", ".cc")


def floor_of(name):
    matching = [prefix for prefix in FLOORS if name.startswith(prefix)]
    return FLOORS[max(matching, key=len)] if matching else None


def includes(source):
    """(line number, kind, name) of every include; kind is '"' or '<'."""
    for number, line in enumerate(source.lines, 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if found:
            yield number, found.group(1), found.group(2)


def check_floors(source):
    floor = floor_of(source.name)
    if not source.is_cpp or floor is None:
        return
    for number, kind, name in includes(source):
        if kind != '"':
            continue
        other = floor_of(name)
        if other is None:
            yield Finding(source.path, number, "floor",
                          f'"{name}" is no full path from the root (a library goes in <>)')
        elif other > floor:
            yield Finding(source.path, number, "floor",
                          f'"{name}" lies on floor {other}, above floor {floor} of this file')
        for above, below, why in BLIND:
            if source.name.startswith(above) and name.startswith(below):
                yield Finding(source.path, number, "floor",
                              f"{above} never includes {below}: {why}")


def check_external(source):
    if not source.is_cpp or source.name.startswith(("tests/", "bench/")):
        return
    for number, kind, name in includes(source):
        if kind != "<":
            continue
        allowed = next((folders for pattern, folders in EXTERNAL if re.match(pattern, name)), None)
        if allowed is None:
            yield Finding(source.path, number, "external",
                          f"<{name}> is not in the table of libraries of scripts/tidy.py")
        elif not source.name.startswith(tuple(allowed)):
            where = ", ".join(allowed) or "no folder"
            yield Finding(source.path, number, "external", f"<{name}> belongs to {where}")


def check_size(source):
    if source.path.suffix in CODE_SUFFIXES and len(source.lines) > FILE_LINES_MAX:
        yield Finding(source.path, len(source.lines), "size",
                      f"{len(source.lines)} lines, at most {FILE_LINES_MAX}")


def check_lines(source):
    """Line length in code, blanks everywhere."""
    code = source.path.suffix in CODE_SUFFIXES | {".build"} or source.path.name in SCRIPT_NAMES
    for number, line in enumerate(source.lines, 1):
        lone_link = re.fullmatch(r"\S* *\S*https?://\S+", line)
        if code and len(line) > LINE_COLUMNS_MAX and not lone_link:
            yield Finding(source.path, number, "line-length",
                          f"{len(line)} columns, at most {LINE_COLUMNS_MAX}")
        if "\t" in line:
            yield Finding(source.path, number, "whitespace", "a tab; indent with blanks")
        if line != line.rstrip():
            yield Finding(source.path, number, "whitespace", "blanks at the end of the line")


def check_words(source):
    for number, line in enumerate(source.lines, 1):
        left = LEFTOVER.search(line)
        if left:
            yield Finding(source.path, number, "leftover",
                          f"{left.group(1)}: finish it, or say the limit in a sentence")
        if MACHINE_PATH.search(line):
            yield Finding(source.path, number, "machine-path", "a path of one machine")
        if REFERENCE_PATH.search(line):
            near = source.lines[max(0, number - 1 - REFERENCE_LINES):number + REFERENCE_LINES]
            if not any(REFERENCE_VARIABLE in other for other in near):
                yield Finding(source.path, number, "reference-path",
                              f"reference material is reached by {REFERENCE_VARIABLE} only")


def check_header(source):
    if source.path.suffix != ".h":
        return
    if not source.lines or not source.lines[0].startswith("/// "):
        yield Finding(source.path, 1, "doc-first", "the first line is a /// sentence of purpose")
    if "#pragma once" not in source.lines:
        yield Finding(source.path, 1, "pragma-once", "a header has #pragma once")


def check_own_header(source, names):
    own = source.path.with_suffix(".h").as_posix()
    if source.path.suffix != ".cc" or own not in names:
        return
    first = next(includes(source), None)
    if first is None or first[2] != own:
        yield Finding(source.path, first[0] if first else 1, "own-header-first",
                      f'"{own}" is the first include')


def check_macros(source):
    if not source.is_cpp:
        return
    for number, line in enumerate(source.lines, 1):
        found = re.match(r"\s*#\s*define\s+(\w+)", line)
        if found and not found.group(1).startswith("TAPSTAT_"):
            yield Finding(source.path, number, "macro",
                          f"{found.group(1)}: macros are named TAPSTAT_*; a library's switch "
                          "goes in meson.build")


def blank_out(text):
    """The C++ text with comments, literals and preprocessor lines blanked, in the same places."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'|^[ ]*#(?:\\\n|[^\n])*", re.S | re.M)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


CONTAINER = re.compile(r"(^|\s)(namespace|class|struct|union|enum|extern)\b[^()=]*$")
FUNCTION_TAIL = re.compile(
    r"\)\s*(?:const\b|noexcept\b(?:\s*\([^()]*\))?|override\b|final\b|mutable\b|try\b|&&?"
    r"|->\s*[^(){};]+|requires\b.*|\s)*$", re.S)
CONSTRUCTOR = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)", re.S)


def opens(statement, inside_container):
    """What a `{` after this statement begins: 'container', 'function' or 'other'."""
    if not inside_container:
        return "other"
    if CONTAINER.search(statement):
        return "container"
    if CONSTRUCTOR.search(statement):
        return "function" if statement.rstrip()[-1:] in ")}" else "other"
    return "function" if FUNCTION_TAIL.search(statement) else "other"


def cpp_functions(source):
    """(first line, lines) of every function body, by braces: signature to closing brace."""
    text = blank_out("\n".join(source.lines))
    stack = []  # (kind, start of its statement)
    start = 0   # of the statement being read
    for position, character in enumerate(text):
        if character == "{":
            inside = not stack or stack[-1][0] == "container"
            kind = opens(text[start:position], inside)
            stack.append((kind, start))
            if kind == "container":
                start = position + 1
        elif character == "}" and stack:
            kind, begun = stack.pop()
            if kind == "function":
                lead = len(text[begun:]) - len(text[begun:].lstrip())
                first = text.count("\n", 0, begun + lead) + 1
                yield first, text.count("\n", 0, position) + 2 - first
            if kind != "other":
                start = position + 1
        elif character == ";" and (not stack or stack[-1][0] == "container"):
            start = position + 1


def python_functions(source):
    for node in ast.walk(ast.parse("\n".join(source.lines))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def shell_functions(source):
    first = None
    for number, line in enumerate(source.lines, 1):
        if re.match(r"[a-z_]+\(\) *[{(]", line):
            first = number
        elif first and line in ("}", ")"):
            yield first, number - first + 1
            first = None


def check_functions(source):
    if source.is_cpp:
        functions = cpp_functions(source)
    elif source.path.suffix == ".py":
        functions = python_functions(source)
    elif source.path.suffix == ".sh" or source.path.name in SCRIPT_NAMES:
        functions = shell_functions(source)
    else:
        return
    for first, length in functions:
        if length > FUNCTION_LINES_MAX:
            yield Finding(source.path, first, "function-length",
                          f"a function of {length} lines, at most {FUNCTION_LINES_MAX}")


def check_listed(source, builds):
    """Each source and each test program stands in the meson.build of its folder or of one above."""
    if source.path.suffix != ".cc" and not source.name.endswith("_test.py"):
        return
    for folder in source.path.parents:
        text = builds.get(folder)
        if text is None:
            continue
        relative = source.path.relative_to(folder)
        if f"'{relative.as_posix()}'" in text:
            return
        stem = f"'{relative.with_suffix('').as_posix()}'"
        if stem in text and f"+ '{source.path.suffix}'" in text:
            return
    yield Finding(source.path, 1, "listed", "no meson.build lists this file, so nothing builds it")


def check_golden(names):
    for name in sorted(names):
        path = pathlib.PurePosixPath(name)
        if name.startswith("tests/golden/") and path.name == "input.pcap":
            if (path.parent / "why.md").as_posix() not in names:
                yield Finding(path, 1, "golden", "the case has no why.md")


def check_references(sources):
    """Each RFC that the code cites stands in the first column of docs/references.md."""
    page = next((s for s in sources if s.name == REFERENCES_PAGE), None)
    rows = [line.split("|")[1] for line in page.lines if line.startswith("|")] if page else []
    known = set(re.findall(r"\d+", " ".join(rows)))
    for source in sources:
        if not source.is_cpp:
            continue
        for number, line in enumerate(source.lines, 1):
            for rfc in re.findall(r"\bRFC (\d+)", line):
                if rfc not in known:
                    yield Finding(source.path, number, "references",
                                  f"RFC {rfc} is missing in {REFERENCES_PAGE}")


def read_tree(root):
    """All names, and the text files among them."""
    names, sources = set(), []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        folders = relative.parts[:-1]
        if any(part in SKIPPED_FOLDERS or part.startswith("build") for part in folders):
            continue
        if not path.is_file():
            continue
        names.add(relative.as_posix())
        if path.suffix in TEXT_SUFFIXES or path.name in TEXT_NAMES or path.name == "meson.build":
            text = path.read_text(encoding="utf-8")
            sources.append(SourceFile(pathlib.PurePath(relative), text.split("\n")[:-1]
                                      if text.endswith("\n") else text.split("\n")))
    return names, sources


def check_tree(root):
    names, sources = read_tree(root)
    builds = {s.path.parent: "\n".join(s.lines) for s in sources if s.path.name == "meson.build"}
    for source in sources:
        for rule in (check_floors, check_external, check_size, check_lines, check_words,
                     check_header, check_macros, check_functions):
            yield from rule(source)
        yield from check_own_header(source, names)
        yield from check_listed(source, builds)
    yield from check_golden(names)
    yield from check_references(sources)


def check_format(root):
    """Runs clang-format over the C++ files; returns its exit status."""
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if program is None:
        print("tidy.py: clang-format 14 is not installed: apt-get install clang-format-14",
              file=sys.stderr)
        return 1
    _, sources = read_tree(root)
    files = [str(root / s.path) for s in sources if s.is_cpp]
    return subprocess.run([program, "--style=file", "--dry-run", "-Werror"] + files).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--format", action="store_true", help="run clang-format as well")
    options = parser.parse_args()
    findings = list(check_tree(options.root))
    for finding in findings:
        print(finding)
    if findings:
        print(f"{len(findings)} findings", file=sys.stderr)
    status = 1 if findings else 0
    return max(status, check_format(options.root)) if options.format else status


if __name__ == "__main__":
    sys.exit(main())
