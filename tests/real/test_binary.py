"""The deployed binary as a file, and the modules that it is made of."""

import graphlib
import itertools
import subprocess
import zlib

from conftest import ROOT

MOST_BYTES, MOST_ZIPPED = 8_500_000, 3_900_000
NEWEST_GLIBC = (2, 34)  # of provided.al2023


def test_is_small(deployed):
    """Catches what makes cold starts slow: a dependency that adds megabytes, or symbols that were not stripped."""
    data = deployed.read_bytes()
    zipped = len(zlib.compress(data, 9))
    print(f"{len(data)} bytes, {zipped} zipped")
    assert len(data) <= MOST_BYTES and zipped <= MOST_ZIPPED
    sections = subprocess.run(["readelf", "--section-headers", "--wide", deployed], check=True, capture_output=True, text=True)
    assert ".symtab" not in sections.stdout


def test_runs_on_amazon_linux_2023(deployed):
    """Catches a binary that needs a newer glibc than Lambda has, and so never starts."""
    symbols = subprocess.run(["objdump", "-T", deployed], check=True, capture_output=True, text=True).stdout
    versions = {word.strip("()").removeprefix("GLIBC_") for word in symbols.split() if "GLIBC_2" in word}
    assert max(tuple(map(int, version.split("."))) for version in versions) <= NEWEST_GLIBC


def named_after(path):
    """The first name of each path after `crate::`: of `a::B` it is a, of `{a, b::{c, d}}` a and b."""
    starts, depth = [0], 0
    for place, letter in enumerate(path if path.startswith("{") else ""):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth == 0:
            break
        if depth == 1 and letter in "{,":
            starts.append(place + 1)
    return {"".join(itertools.takewhile(lambda c: c.isalnum() or c == "_", path[start:].lstrip())) for start in starts}


def test_modules_form_no_circle():
    """Catches two modules that need each other: neither can be read or changed alone."""
    uses = {}
    for file in [file for file in (ROOT / "src").rglob("*.rs") if not file.stem.endswith("tests")]:
        module = file.relative_to(ROOT / "src").parts[0].removesuffix(".rs")
        code = file.read_text().partition("#[cfg(test)]")[0]
        for path in code.split("crate::")[1:]:
            uses.setdefault(module, set()).update(named_after(path))
    graph = {module: (used & set(uses)) - {module} for module, used in uses.items() if module not in ("main", "lib")}
    assert any(graph.values()), "no module uses another"
    graphlib.TopologicalSorter(graph).prepare()
