"""Gate: no source file over 400 lines, no function over 80. A file that wants more wants to be two nouns."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

MAX_FILE, MAX_FUNCTION = 400, 80


def problems(root: Path) -> list[str]:
    """Every file and function over its limit."""
    found = []
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if (lines := len(text.splitlines())) > MAX_FILE:
            found.append(f"{path}: {lines} lines (at most {MAX_FILE})")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > MAX_FUNCTION:
                    found.append(f"{path}:{node.lineno} {node.name}: {length} lines (at most {MAX_FUNCTION})")
    return found


if __name__ == "__main__":
    over = problems(Path("src"))
    sys.stdout.write("".join(f"{line}\n" for line in over) or "file and function lengths: fine\n")
    sys.exit(bool(over))
