"""scripts/tidy.py against small sample trees: what it must find, and what it must leave alone."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import tidy  # noqa: E402

HEADER = "/// Purpose.\n#pragma once\n"


def findings(files):
    """Rule names found in a tree of {name: text}, with the place of each."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return [(f.rule, f.path.as_posix(), f.line) for f in tidy.check_tree(root)]


def rules(files):
    return sorted({rule for rule, _, _ in findings(files)})


def source(text, name="flowstats/a.cc"):
    """A tree with one listed source file."""
    return {name: text, "meson.build": f"['{name}']\n"}


def body(lines):
    return "{\n" + "  step();\n" * lines + "}\n"


class Floors(unittest.TestCase):
    CASES = [
        ("flowstats/base/x.h", "flowstats/wire/ip_address.h", ["floor"]),
        ("flowstats/wire/x.h", "flowstats/base/units.h", []),
        ("flowstats/tcp/x.h", "flowstats/groups/core.h", []),
        ("flowstats/groups/x.h", "flowstats/tcp/x.h", ["floor"]),
        ("flowstats/tcp/x.h", "flowstats/measurement.h", []),
        ("flowstats/flow.h", "flowstats/columns/column.h", ["floor"]),
        ("dataplane/x.h", "exporters/writer.h", ["floor"]),
        ("exporters/x.h", "dataplane/parse.h", ["floor"]),
        ("dataplane/x.h", "flowstats/columns/column.h", ["floor"]),
        ("exporters/x.h", "flowstats/columns/column.h", []),
        ("exporters/x.h", "control/config.h", ["floor"]),
        ("control/x.h", "exporters/writer.h", []),
        ("tests/support/x.h", "control/config.h", []),
        ("control/x.h", "writer.h", ["floor"]),
    ]

    def test_includes(self):
        for name, included, expected in self.CASES:
            with self.subTest(file=name, include=included):
                self.assertEqual(rules({name: HEADER + f'#include "{included}"\n'}), expected)


class External(unittest.TestCase):
    CASES = [
        ("flowstats/x.h", "vector", []),
        ("flowstats/x.h", "tl/expected.hpp", []),
        ("flowstats/x.h", "mutex", ["external"]),
        ("flowstats/x.h", "fstream", ["external"]),
        ("flowstats/x.h", "unistd.h", ["external"]),
        ("flowstats/x.h", "sys/mman.h", ["external"]),
        ("flowstats/x.h", "rte_mbuf.h", ["external"]),
        ("flowstats/x.h", "format", ["external"]),
        ("dataplane/x.h", "rte_mbuf.h", []),
        ("dataplane/x.h", "pcap/pcap.h", []),
        ("dataplane/x.h", "mutex", ["external"]),
        ("exporters/x.h", "pcap/pcap.h", ["external"]),
        ("exporters/x.h", "oneapi/tbb/parallel_pipeline.h", []),
        ("exporters/x.h", "boost/asio.hpp", ["external"]),
        ("control/x.h", "CLI/CLI.hpp", []),
        ("dataplane/x.h", "CLI/CLI.hpp", ["external"]),
        ("dataplane/x.h", "toml++/toml.h", ["external"]),
        ("exporters/x.h", "openssl/ssl.h", ["external"]),
        ("control/x.h", "unknown/library.hpp", ["external"]),
        ("tests/support/x.h", "pcap/pcap.h", []),
    ]

    def test_includes(self):
        for name, included, expected in self.CASES:
            with self.subTest(file=name, include=included):
                self.assertEqual(rules({name: HEADER + f"#include <{included}>\n"}), expected)


class Sizes(unittest.TestCase):
    def test_file(self):
        self.assertEqual(rules(source("//\n" * 500)), [])
        self.assertEqual(rules(source("//\n" * 501)), ["size"])

    def test_line(self):
        self.assertEqual(rules(source("/" * 100 + "\n")), [])
        self.assertEqual(rules(source("/" * 101 + "\n")), ["line-length"])
        self.assertEqual(rules(source("//" + "é" * 98 + "\n")), [])
        self.assertEqual(rules(source("// https://example.org/" + "a" * 100 + "\n")), [])

    def test_prose_may_be_wide(self):
        self.assertEqual(rules({"docs/a.md": "a" * 300 + "\n"}), [])


class Functions(unittest.TestCase):
    SIGNATURES = [
        "void plain() ",
        "auto trailing(int a) -> std::vector<int> ",
        "bool T::method(int a) const noexcept ",
        "X::X(int a) : a_(a), b_{a} ",
        "template <class T>\n  requires std::integral<T>\nint constrained(T t) ",
        "TEST(Suite, name) ",
        "namespace n {\nint inside(int a = 1) ",
        "struct S {\n  int member() const ",
    ]

    def test_length(self):
        for signature in self.SIGNATURES:
            close = "}\n" if "{\n" in signature else ""
            lines = 0 if "{\n" in signature else signature.count("\n")
            with self.subTest(signature=signature):
                self.assertEqual(rules(source(signature + body(58 - lines) + close)), [])
                self.assertEqual(rules(source(signature + body(59 - lines) + close)),
                                 ["function-length"])

    def test_a_long_table_is_no_function(self):
        table = "constexpr Row kRows[] = {\n" + "  {1, f(2)},\n" * 80 + "};\n"
        self.assertEqual(rules(source(table)), [])

    def test_a_long_class_is_no_function(self):
        self.assertEqual(rules(source("class C : public B {\n" + "  int f();\n" * 80 + "};\n")), [])

    def test_braces_in_literals_and_comments_do_not_count(self):
        text = ('void a() {\n  s("{"); // {\n  c(\'{\'); /* { */\n'
                '  r(R"x({ " {)x");\n  n(1\'000);\n}\n')
        self.assertEqual(rules(source(text + "void b() " + body(57))), [])
        self.assertEqual(findings(source(text + "void b() " + body(59))),
                         [("function-length", "flowstats/a.cc", 7)])

    def test_the_line_is_that_of_the_signature(self):
        text = "// one\nint x;\n\nvoid long_one(int a,\n              int b) " + body(60)
        self.assertEqual(findings(source(text)), [("function-length", "flowstats/a.cc", 4)])

    def test_python(self):
        long = "def f():\n" + "    x = 1\n" * 60
        self.assertEqual(rules({"scripts/a.py": long}), ["function-length"])
        self.assertEqual(rules({"scripts/a.py": "def f():\n" + "    x = 1\n" * 59}), [])

    def test_shell(self):
        self.assertEqual(rules({"setup": "f() {\n" + "  true\n" * 59 + "}\n"}), ["function-length"])
        self.assertEqual(rules({"setup": "f() {\n" + "  true\n" * 58 + "}\n"}), [])


class Text(unittest.TestCase):
    def test_header(self):
        self.assertEqual(rules({"control/x.h": HEADER}), [])
        self.assertEqual(rules({"control/x.h": "/// Purpose.\n"}), ["pragma-once"])
        self.assertEqual(rules({"control/x.h": "// Purpose.\n#pragma once\n"}), ["doc-first"])
        self.assertEqual(rules({"control/x.h": "#pragma once\n/// Purpose.\n"}), ["doc-first"])

    def test_own_header_first(self):
        tree = source('#include <vector>\n\n#include "control/x.h"\n', "control/x.cc")
        self.assertEqual(rules(tree | {"control/x.h": HEADER}), ["own-header-first"])
        self.assertEqual(rules(tree), [])

    def test_leftovers(self):
        for word in ("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK"):
            with self.subTest(word=word):
                self.assertEqual(rules(source(f"// {word}: later\n")), ["leftover"])
        self.assertEqual(rules(source('mkstemp("aXXXXXX");\n')), [])

    def test_blanks(self):
        self.assertEqual(rules(source("int a;\t// x\n")), ["whitespace"])
        self.assertEqual(rules({"docs/a.md": "two blanks  \n"}), ["whitespace"])

    def test_machine_path(self):
        for path in ("/wo" "rk/tree/x", "/ho" "me/someone/x", "/ro" "ot/x"):
            with self.subTest(path=path):
                self.assertEqual(rules({"docs/a.md": f"see {path}\n"}), ["machine-path"])
        self.assertEqual(rules({"docs/a.md": "see /tmp/x and network/work/x\n"}), [])

    def test_reference_path(self):
        place = "../sha" "red"
        self.assertEqual(rules({"setup": f"cp {place}/a .\n"}), ["reference-path"])
        self.assertEqual(rules({"setup": f'from="${{TAPSTAT_SHARED:-{place}}}"\n'}), [])

    def test_macro(self):
        self.assertEqual(rules(source("#define TAPSTAT_X 1\n")), [])
        self.assertEqual(rules(source("#define OTHER 1\n")), ["macro"])


class Listed(unittest.TestCase):
    def test_source(self):
        text = {"control/x.cc": "int x;\n"}
        self.assertEqual(rules(text), ["listed"])
        self.assertEqual(rules(text | {"control/meson.build": "['x.cc']\n"}), [])
        self.assertEqual(rules(text | {"meson.build": "['control/x.cc']\n"}), [])
        self.assertEqual(rules(text | {"control/meson.build": "['ax.cc']\n"}), ["listed"])

    def test_names_from_a_loop(self):
        tree = {"tests/fuzz/x.cc": "int x;\n", "tests/fuzz/meson.build": "['x']\nname + '.cc'\n"}
        self.assertEqual(rules(tree), [])
        tree = {"tests/a/x_test.py": "pass\n", "tests/a/meson.build": "['x_test']\nn + '.py'\n"}
        self.assertEqual(rules(tree), [])

    def test_python_test(self):
        self.assertEqual(rules({"tests/house/x_test.py": "pass\n"}), ["listed"])

    def test_golden_case_without_reason(self):
        tree = {"tests/golden/a/input.pcap": ""}
        self.assertEqual(rules(tree), ["golden"])
        self.assertEqual(rules(tree | {"tests/golden/a/why.md": "x\n"}), [])

    def test_references(self):
        tree = source("// RFC 9293 section 3.4\n")
        self.assertEqual(rules(tree), ["references"])
        page = {"docs/references.md": "| 791, 9293 | TCP |\n"}
        self.assertEqual(rules(tree | page), [])
        self.assertEqual(rules(source("// RFC 929\n") | page), ["references"])


if __name__ == "__main__":
    unittest.main()
