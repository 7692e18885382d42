"""Gate: links in Markdown lead somewhere, and every command, method and metric is in the documentation."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tailor.evaluation.metrics import METRICS
from tailor.methods import METHODS

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def broken_links(paths: list[Path]) -> list[str]:
    """Relative links to files that are not there."""
    return [
        f"{path}: the link {target} leads nowhere"
        for path in paths
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]


def undocumented(reference: Path) -> list[str]:
    """Things a user can name in tailor.yaml or on the command line that no reference page names."""
    text = "\n".join(p.read_text(encoding="utf-8") for p in reference.glob("*.md"))
    commands = re.findall(r'app\.command\("([\w-]+)"', Path("src/tailor/cli/app.py").read_text(encoding="utf-8"))
    wanted = [*(f"tailor {c}" for c in commands), *(f"`{m}`" for m in [*METHODS.builtin, *METRICS.builtin])]
    return [f"{reference}: nothing about {name}" for name in wanted if name not in text]


def changelog_names_version() -> list[str]:
    """The changelog's top entry is this version or Unreleased."""
    version = re.search(r'^version = "([^"]+)"', Path("pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    top = re.search(r"^## \[?([^\]\s]+)", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if version and top and top[1] in (version[1], "Unreleased"):
        return []
    return ["CHANGELOG.md: the top entry is neither this version nor Unreleased"]


if __name__ == "__main__":
    pages = [p for p in Path().rglob("*.md") if not any(part.startswith(".") for part in p.parts)]
    wrong = [*broken_links(pages), *undocumented(Path("docs/reference")), *changelog_names_version()]
    sys.stdout.write("".join(f"{line}\n" for line in wrong) or "documentation: links and names fine\n")
    sys.exit(bool(wrong))
