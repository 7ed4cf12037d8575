"""The habits of the house, as a test: tidy_test.py [ROOT]. Prints one line a violation, ends with 1 when there is any.

What cannot be mended at once stands in EXEMPT with its present size. An entry that is no longer needed is a violation
too, so the list only shrinks.
"""
import ast
import os
import pathlib
import re
import subprocess
import sys

import cpp

FILE_WALL = 600
FUNCTION_WALL = 70

# (check, path) -> how bad it is today: lines for the walls, count of violations for the rest.
EXEMPT = {}

CPP = (".cpp", ".hpp")
TEXT = CPP + (".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml", "")
# What git is told to ignore, for a tree without git.
GENERATED = {".git", "__pycache__", ".cache", ".pytest_cache"}
QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


class Tree:
    """The files of a working tree that git knows or would add, by path from its root; texts are read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self._texts = {}
        names = self._known_to_git()
        if names is None:
            names = self._found()
        self.files = sorted(n for n in set(names) if n and (self.root / n).is_file())

    def _known_to_git(self):
        """None where there is no git, or no repository: an unpacked archive."""
        try:
            listed = subprocess.run(
                ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return listed.stdout.split("\0") if listed.returncode == 0 else None

    def _found(self):
        for folder, folders, files in os.walk(self.root):
            here = pathlib.Path(folder).relative_to(self.root)
            top = here == pathlib.Path(".")
            folders[:] = [f for f in folders if f not in GENERATED and not (top and f == "build")]
            yield from (str(here / f) for f in files)

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def under(self, folder, suffixes):
        return [f for f in self.files if f.startswith(folder) and pathlib.PurePath(f).suffix in suffixes]

    def code(self, folder):
        """(path, text without comments and literals) of the C++ below a folder."""
        return [(f, cpp.bare(self.text(f))) for f in self.under(folder, CPP)]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def floors(tree):
    """Module name -> floor, as the CMakeLists say."""
    found = {}
    for path in tree.files:
        if re.fullmatch(r"src/stoker/\w+/CMakeLists\.txt", path):
            for name, floor in re.findall(r"stoker_module\(\s*(\w+)\s+FLOOR\s+(\d+)", tree.text(path)):
                found[name] = int(floor)
    return found


def module_of(path):
    return path.split("/")[2]


def check_includes(tree):
    """Only downwards, only by full path, and only what is there."""
    floor = floors(tree)
    for path in tree.under("src/stoker/", CPP):
        own = module_of(path)
        for match in QUOTED.finditer(tree.text(path)):
            target, at = match.group(1), line_of(tree.text(path), match.start())
            if not target.startswith("stoker/"):
                yield path, at, f'"{target}" is not a full path from src/'
                continue
            other = target.split("/")[1]
            if f"src/{target}" not in tree.files:
                yield path, at, f'"{target}" does not exist'
            elif other != own and floor.get(other, 99) >= floor.get(own, 99):
                yield path, at, (f"{own} (floor {floor.get(own)}) may not include {other} (floor {floor.get(other)}): "
                                 "includes go to strictly lower floors")


def check_own_header(tree):
    """X.cpp includes X.hpp before anything else, which proves that the header stands alone."""
    for path in tree.under("src/stoker/", (".cpp",)):
        header = path[:-4] + ".hpp"
        if header not in tree.files:
            continue
        first = re.search(r'^\s*#\s*include\s+(\S+)', tree.text(path), re.M)
        if not first or first.group(1).strip('"') != header.removeprefix("src/"):
            yield path, 1, f'the first include must be "{header.removeprefix("src/")}"'


def check_file_wall(tree):
    for path in tree.files:
        name = pathlib.PurePath(path)
        if path.startswith(("tests/fixtures/", "docs/", "bench/results/")) or name.name == "LICENSE":
            continue
        if name.suffix in CPP + (".py", ".sh", ".cmake", "", ".txt", ".md"):
            lines = tree.text(path).count("\n")
            if lines > FILE_WALL:
                yield path, lines, f"{lines} lines, the wall is {FILE_WALL}"


def check_function_wall(tree):
    for path in tree.under("", CPP):
        for name, first, last in cpp.functions(tree.text(path)):
            if last - first + 1 > FUNCTION_WALL:
                yield path, first, f"{name} has {last - first + 1} lines, the wall is {FUNCTION_WALL}"
    for path in tree.under("", (".py",)):
        for node in ast.walk(ast.parse(tree.text(path))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                size = node.end_lineno - node.lineno + 1
                if size > FUNCTION_WALL:
                    yield path, node.lineno, f"{node.name} has {size} lines, the wall is {FUNCTION_WALL}"


# (pattern, folders it holds in, paths that are free, why)
FREE = r"(?<![\w.>])"
BANNED = [
    (r"\busing\s+namespace\b(?!\s+std::(chrono_|string_view_|string_)?literals\b)", ("src/",), (),
     "names come with their namespace"),
    (FREE + r"(?:std::|::)?system\s*\(", ("src/", "tests/", "bench/"), (), "no shell: spawn a process by argv"),
    (FREE + r"(?:std::|::)?popen\s*\(", ("src/", "tests/", "bench/"), (), "no shell: spawn a process by argv"),
    (r"\bstd::(?:cout|cerr|clog)\b|" + FREE + r"(?:std::)?f?printf\s*\(", ("src/",),
     ("src/stoker/cli/", "src/stoker/base/log.cpp"), "output belongs to cli and base/log"),
    (r"\bsleep_(?:for|until)\b|" + FREE + r"(?:::)?(?:usleep|nanosleep|sleep)\s*\(",
     ("src/", "tests/"), ("src/stoker/os/",), "wait for a condition, with os/clock"),
    (FREE + r"(?:std::|::)?strerror\s*\(", ("src/",), (), "not thread-safe: Error::from_errno"),
    (r"\bvolatile\s+(?:bool|int|unsigned|long|std::u?int\w+_t)\b(?!\s*(?:const\s*)?[*&])", ("src/", "tests/"), (),
     "no lock and no atomic: std::atomic"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)\s*\{\s*\}", ("src/",), (), "an error is dropped"),
]


def check_banned(tree):
    for pattern, folders, free, why in BANNED:
        for folder in folders:
            for path, code in tree.code(folder):
                if path.startswith(free or ("\0",)):
                    continue
                for match in re.finditer(pattern, code):
                    yield path, line_of(code, match.start()), f"{' '.join(match.group(0).split())}: {why}"


# Cut in two so that this file does not name them.
WORDS = [
    (r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b", "an open end without an issue"),
    (r"/wo" r"rk/\w+", "a path of one machine"),
    (r"(?<![\w}\"'])/(?:ro" r"ot/(?!\.cache\b)|ho" r"me/\w)", "a path of one machine"),
    (r"\bC" r"EO\b|\bwork" r"place\b|\bsand" r"box(?:ed)?\b|\bhel" r"pers?\b", "a word that says nothing about stoker"),
    (r"\b(?:py" r"pi\.org|python" r"hosted\.org|deb\.deb" r"ian\.org|crates\.i" r"o|npm" r"js\.org)\b",
     "a registry's host: clients know theirs"),
]


def check_words(tree):
    """In every text of the repository but the logs of foreign programs."""
    for path in tree.files:
        if pathlib.PurePath(path).suffix not in TEXT or path.startswith(("tests/fixtures/", "fuzz/corpus/")):
            continue
        text = tree.text(path)
        for pattern, why in WORDS:
            for match in re.finditer(pattern, text):
                yield path, line_of(text, match.start()), f'"{match.group(0)}": {why}'


def check_listed(tree):
    """A source that its CMakeLists does not name is never built."""
    for path in tree.under("src/stoker/", (".cpp",)) + tree.under("tests/unit/", (".cpp",)):
        folder, name = path.rsplit("/", 1)
        lists = f"{folder}/CMakeLists.txt"
        if lists not in tree.files or not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", tree.text(lists)):
            yield path, 1, f"{lists} does not name it"


def check_test_folders(tree):
    for module in sorted({module_of(p) for p in tree.under("src/stoker/", CPP)}):
        if f"tests/unit/{module}/CMakeLists.txt" not in tree.files:
            yield f"src/stoker/{module}", 1, f"no tests in tests/unit/{module}"


def check_schemas(tree):
    """Each document that the program prints has a schema, and each schema a document."""
    named = {}
    for path in tree.under("src/stoker/", CPP):
        text = cpp.bare(tree.text(path), literals=True)
        for match in re.finditer(r'"stoker\.([a-z-]+)/\d+"', text):
            named.setdefault(match.group(1), (path, line_of(text, match.start())))
    for name, (path, at) in sorted(named.items()):
        if f"docs/schemas/{name}.json" not in tree.files:
            yield path, at, f"stoker.{name} has no docs/schemas/{name}.json"
    for path in tree.under("docs/schemas/", (".json",)):
        if pathlib.PurePath(path).stem not in named:
            yield path, 1, "no source prints a document of this name"


CHECKS = [check_includes, check_own_header, check_file_wall, check_function_wall, check_banned, check_words,
          check_listed, check_test_folders, check_schemas]


def violations(tree, exempt=None):
    """All of them, as (path, line, check, text), less what is exempt and not worse than it was."""
    exempt = EXEMPT if exempt is None else exempt
    found = []
    for check in CHECKS:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        by_path = {}
        for path, at, text in check(tree):
            by_path.setdefault(path, []).append((at, text))
        for path, rows in by_path.items():
            size = rows[0][0] if name == "file wall" else len(rows)
            if size > exempt.get((name, path), 0):
                found += [(path, at, name, text) for at, text in rows]
            elif size < exempt[(name, path)]:
                found.append((path, 1, name, f"exempt at {exempt[(name, path)]}, now {size}: lower the entry"))
        found += [(path, 1, name, "exempt, but clean: remove the entry")
                  for check_name, path in exempt if check_name == name and path not in by_path]
    return found


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    tree = Tree(root)
    found = violations(tree)
    for path, at, check, text in sorted(found):
        print(f"{path}:{at}: {check}: {text}")
    print(f"{len(found)} violations in {len(tree.files)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
