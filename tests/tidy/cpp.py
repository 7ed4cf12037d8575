"""Just enough C++ for tidy_test.py: text without comments and literals, and where functions begin and end."""
import re

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<raw>R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<char>(?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+')", re.S)


def blank(text):
    """Same shape, no letters: lines keep their numbers."""
    return re.sub(r"[^\n]", " ", text)


def bare(text, literals=False):
    """Without comments, and without the inside of literals unless `literals`."""
    def replace(match):
        if match.group("comment") is not None:
            return blank(match.group(0))
        return match.group(0) if literals else '"' + blank(match.group(0)[1:-1]) + '"'
    return TOKEN.sub(replace, text)


def without_directives(code):
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: blank(m.group(0)), code, flags=re.M)


def innermost_out(pattern, instead, text):
    """Replaces from the inside outwards, until nothing changes."""
    while (after := re.sub(pattern, instead, text)) != text:
        text = after
    return text


def kind_of(heading):
    """What a brace opens, by the text in front of it."""
    words = heading.strip()
    # Template arguments, attributes and members initialised so far may hold the words and signs looked for below.
    flat = innermost_out(r"\([^()]*\)|\{[^{}]*\}", "()", innermost_out(r"\[\[.*?\]\]|<[^<>;(){}]*>", "", words))
    if re.search(r"\bnamespace\b|\bextern\b\s*\"", flat):
        return "scope"
    if re.search(r"\b(?:class|struct|union|enum)\b", flat) and "(" not in flat:
        return "scope"
    if "operator" in flat or ("(" in flat and not re.search(r"(?<![=!<>])=(?!=)", flat.split("(")[0])):
        # A member initialised with braces, not the body yet: `Name(int a) : m_a{a}, m_b{`
        if re.search(r"\)\s*(?:noexcept\s*)?:(?!:)(?:[^{}]*[,:\s])?\s*[\w:]+$", flat):
            return "initializer"
        return "function"
    return "other"


def name_of(heading):
    match = re.search(r"((?:[~\w:]*operator\s*[^\s(]+)|[~\w:]+)\s*\(", heading)
    return match.group(1) if match else heading.strip()[:40]


def functions(text):
    """(name, first line, last line) of each function that is not inside another."""
    code = without_directives(bare(text))
    found, scopes, start, heading = [], [], 0, ""
    for match in re.finditer(r"[{};]", code):
        sign, at = match.group(0), match.start()
        inside = [s for s in scopes if s[0] in ("function", "other", "initializer")]
        if sign == "{":
            heading = code[start:at]
            kind = "nested" if inside else kind_of(heading)
            scopes.append((kind, start, heading))
            if kind == "initializer":
                continue
        elif sign == "}" and scopes:
            kind, begin, title = scopes.pop()
            if kind == "initializer":
                continue  # the heading goes on
            if kind == "function":
                first = begin + len(code[begin:]) - len(code[begin:].lstrip())
                found.append((name_of(title), code.count("\n", 0, first) + 1, code.count("\n", 0, at) + 1))
        if not any(s[0] == "initializer" for s in scopes):
            start = at + 1
    return found
