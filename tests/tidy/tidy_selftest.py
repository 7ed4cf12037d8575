"""The tidy test finds what is planted, and only that: python3 -m unittest tidy_selftest."""
import pathlib
import tempfile
import unittest
import unittest.mock

import cpp
import tidy_test

MODULES = {"base": 0, "os": 1, "model": 2, "bench": 4, "lab": 4, "cli": 7}


class Planted(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        for name, floor in MODULES.items():
            self.put(f"src/stoker/{name}/{name}.hpp", "#pragma once\n")
            self.put(f"src/stoker/{name}/{name}.cpp", f'#include "stoker/{name}/{name}.hpp"\n')
            self.put(f"src/stoker/{name}/CMakeLists.txt", f"stoker_module({name} FLOOR {floor} SOURCES {name}.cpp)\n")
            self.put(f"tests/unit/{name}/CMakeLists.txt", "")

    def put(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def found(self, exempt=None):
        return [(path, at, check) for path, at, check, _ in
                tidy_test.violations(tidy_test.Tree(self.root), exempt or {})]

    def only(self, *expected):
        self.assertEqual(sorted(self.found()), sorted(expected))

    def add_source(self, module, text):
        """Puts more lines into a module's one source, after its own header; they begin at line 2."""
        path = f"src/stoker/{module}/{module}.cpp"
        self.put(path, f'#include "stoker/{module}/{module}.hpp"\n{text}')
        return path

    def test_a_clean_tree_has_none(self):
        self.only()

    def test_without_git_what_is_generated_does_not_count(self):
        line = "TO" "DO: later\n"
        for path in ("build/dev/a.md", ".git/a.md", "scripts/__pycache__/a.py", ".pytest_cache/README.md"):
            self.put(path, line)
        self.only()
        with unittest.mock.patch("subprocess.run", side_effect=FileNotFoundError):
            self.only()
            self.put("docs/build/a.md", line)
            self.only(("docs/build/a.md", 1, "words"))

    def test_downward_include_is_fine(self):
        self.add_source("cli", '#include "stoker/base/base.hpp"\n#include "stoker/bench/bench.hpp"\n')
        self.only()

    def test_upward_include(self):
        self.only((self.add_source("os", '#include "stoker/model/model.hpp"\n'), 2, "includes"))

    def test_sideways_include(self):
        self.only((self.add_source("lab", '#include "stoker/bench/bench.hpp"\n'), 2, "includes"))

    def test_include_not_by_full_path(self):
        self.only((self.add_source("lab", '#include "lab.hpp"\n'), 2, "includes"))

    def test_include_of_nothing(self):
        self.only((self.add_source("lab", '#include "stoker/lab/gone.hpp"\n'), 2, "includes"))

    def test_own_header_comes_first(self):
        self.put("src/stoker/os/os.cpp", '#include <string>\n#include "stoker/os/os.hpp"\n')
        self.only(("src/stoker/os/os.cpp", 1, "own header"))

    def test_file_wall(self):
        self.only((self.add_source("os", "\n" * 600), 601, "file wall"))
        self.add_source("os", "\n" * 599)
        self.only()

    def test_function_wall(self):
        body = "  f();\n" * 69
        path = self.add_source("os", f"namespace a {{\nvoid g() {{\n{body}}}\n}}\n")
        self.only((path, 3, "function wall"))
        self.add_source("os", f"namespace a {{\nvoid g() {{\n{body[7:]}}}\n}}\n")
        self.only()

    def test_python_function_wall(self):
        self.put("scripts/x.py", "def f():\n" + "    pass\n" * 70)
        self.only(("scripts/x.py", 1, "function wall"))

    def test_banned_calls(self):
        for line in ("using namespace std;", 'int i = system("ls");', 'auto* f = ::popen("ls", "r");',
                     'std::cout << 1;', 'std::fprintf(stderr, "x");', "std::this_thread::sleep_for(1s);",
                     "auto* t = strerror(e);", "volatile int x;", "try { f(); } catch (...) {}"):
            with self.subTest(line):
                self.only((self.add_source("lab", line + "\n"), 2, "banned"))

    def test_banned_only_where_it_matters(self):
        for module, line in (("lab", "// system(1), volatile"), ("lab", 'auto s = "std::cout << system(1)";'),
                             ("lab", "x.system(1);"), ("cli", "std::cout << 1;"), ("os", "::nanosleep(&a, nullptr);"),
                             ("lab", "char b[9]; std::snprintf(b, 9, f);"), ("lab", "using namespace std::literals;")):
            with self.subTest(line):
                self.add_source(module, line + "\n")
                self.only()
                self.add_source(module, "")

    def test_words(self):
        for line in ("TO" "DO: later", "see /wo" "rk/x", "the C" "EO said", "from https://py" "pi.org/simple",
                     "a hel" "per", "in /ro" "ot/x"):
            with self.subTest(line):
                self.put("docs/a.md", f"fine\n{line}\n")
                self.only(("docs/a.md", 2, "words"))

    def test_source_that_is_never_built(self):
        self.put("src/stoker/os/lost.cpp", "")
        self.put("tests/unit/os/lost_test.cpp", "")
        self.only(("src/stoker/os/lost.cpp", 1, "listed"), ("tests/unit/os/lost_test.cpp", 1, "listed"))

    def test_module_without_tests(self):
        (self.root / "tests/unit/lab/CMakeLists.txt").unlink()
        self.only(("src/stoker/lab", 1, "test folders"))

    def test_document_without_schema_and_schema_without_document(self):
        path = self.add_source("cli", 'auto name = "stoker.bench-start/1";\n')
        self.put("docs/schemas/gone.json", "{}")
        self.only((path, 2, "schemas"), ("docs/schemas/gone.json", 1, "schemas"))
        self.put("docs/schemas/bench-start.json", "{}")
        (self.root / "docs/schemas/gone.json").unlink()
        self.only()

    def test_exemption_holds_and_only_shrinks(self):
        path = self.add_source("lab", "volatile int x;\nvolatile int y;\n")
        self.assertEqual(self.found({("banned", path): 2}), [])
        self.assertEqual(len(self.found({("banned", path): 1})), 2)
        self.assertEqual(self.found({("banned", path): 3}), [(path, 1, "banned")])
        self.add_source("lab", "")
        self.assertEqual(self.found({("banned", path): 2}), [(path, 1, "banned")])


class Functions(unittest.TestCase):
    def names(self, text):
        return [name for name, _, _ in cpp.functions(text)]

    def test_finds_functions_and_nothing_else(self):
        self.assertEqual(self.names("""
            namespace a { enum class E : int { x, y };
            constexpr std::array k = {1, 2};
            struct S { int m{0}; S(int a) : m{a}, n(2), o{3} { g(); } void f() const { if (x) { y(); } } };
            template <class T, class = std::enable_if_t<true>> auto h(T t) -> int { return [&] { return t; }(); }
            bool operator==(const S& a, const S& b) { return true; }
            const auto l = [](int i) { return i; };
            TEST(A, B) { char c = '}'; auto s = R"({{)"; auto n = 1'000; }
            }"""), ["S", "f", "h", "operator==", "TEST"])

    def test_lines_span_signature_to_closing_brace(self):
        self.assertEqual(cpp.functions("\n\nint f(int a,\n      int b) {\n  return a;\n}\n"), [("f", 3, 6)])


if __name__ == "__main__":
    unittest.main()
