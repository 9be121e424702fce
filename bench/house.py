"""The house in figures: lines, rooms, circles, nameless types, long files and functions, what ``cuvee --help`` imports.

python -m bench house [FOLDER]     FOLDER: another checkout to stand beside this one
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

LONG_FILE, LONG_FUNCTION = 250, 40


def figures(root: Path) -> dict[str, str]:
    """Return what is counted in ``root/src/cuvee``, by name."""
    files = {path: path.read_text() for path in sorted((root / "src/cuvee").rglob("*.py"))}
    lines = {path: text.count("\n") for path, text in files.items()}
    rooms: dict[str, int] = {}
    for path, count in lines.items():
        parts = path.relative_to(root / "src/cuvee").parts
        rooms[parts[0]] = rooms.get(parts[0], 0) + count
    biggest = max(rooms, key=lambda room: rooms[room])
    total = sum(lines.values())
    uses = sum(len(re.findall(r"\bAny\b", text)) for text in files.values())
    functions = [
        node for text in files.values() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)
    ]
    long = sum((node.end_lineno or node.lineno) - node.lineno + 1 > LONG_FUNCTION for node in functions)
    return {
        "lines of src/": f"{total:,}",
        "files": f"{len(files)}",
        "biggest room": f"{biggest} ({rooms[biggest] / total:.0%})",
        "circles of files": f"{len(circles(imports(files, root / 'src')))}",
        "Any per 1,000 lines": f"{1_000 * uses / total:.1f}",
        "# fmt: skip": f"{sum(text.count('# fmt: skip') for text in files.values())}",
        f"files over {LONG_FILE} lines": f"{sum(count > LONG_FILE for count in lines.values())}",
        f"functions over {LONG_FUNCTION} lines": f"{long} of {len(functions):,}",
        "cuvee --help imports": f"{imported(root)[0]} modules in {imported(root)[1]:.0f} ms",
    }


def imports(files: dict[Path, str], src: Path) -> dict[str, set[str]]:
    """Return module -> modules of the house that it imports anywhere, late and for types only too."""
    names = {path: ".".join(path.relative_to(src).with_suffix("").parts).removesuffix(".__init__") for path in files}
    known = set(names.values())
    graph: dict[str, set[str]] = {}
    for path, text in files.items():
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.module]
        found = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
        graph[names[path]] = ({one if one in known else one.rpartition(".")[0] for one in found} & known) - {
            names[path]
        }
    return graph


def circles(graph: dict[str, set[str]]) -> set[tuple[str, ...]]:
    """Return the strongly connected parts of more than one module."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        ahead = list(graph[start])
        while ahead:
            node = ahead.pop()
            if node not in seen:
                seen.add(node)
                ahead += graph.get(node, ())
        reach[start] = seen
    return {tuple(sorted({a} | {b for b in reach[a] if a in reach[b]})) for a in graph if a in reach[a]}


def imported(root: Path) -> tuple[int, float]:
    """Return how many modules ``cuvee --help`` imports, and in how many ms, the best of three."""
    command = [sys.executable, "-X", "importtime", "-m", "cuvee", "--help"]
    best = (0, float("inf"))
    for _ in range(3):
        environment = {"PYTHONPATH": str(root / "src"), "PATH": "/usr/bin:/bin"}
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
        rows = re.findall(r"import time:\s+(\d+) \|", told)
        best = min(best, (len(rows), sum(map(int, rows)) / 1_000), key=lambda pair: pair[1])
    return best


def main() -> None:
    """Print the figures of this checkout, and beside them those of another."""
    places = [Path(place) for place in sys.argv[1:] if place != "house"]
    tables = [figures(place) for place in [*places, Path(__file__).parents[1]]]
    for name in tables[0]:
        print(f"{name:26}" + "".join(f"{table[name]:>28}" for table in tables))


if __name__ == "__main__":
    main()
