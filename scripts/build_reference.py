"""Make docs/reference from the code. `--check` writes nothing and fails where a page is out of date.

The pages are committed, so that they can be read where the repository is shown; tests/docs holds them to the code.
"""

from __future__ import annotations

import pathlib
import sys

from reference import build_pages

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "docs" / "reference"


def find_stale(pages: dict[str, str], folder: pathlib.Path = FOLDER) -> list[str]:
    """Paths below `folder` that are missing, differ, or belong to nothing any more."""
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    differ = {
        path for path, text in pages.items() if path in there and (folder / path).read_text("utf-8") != text
    }
    return sorted((pages.keys() ^ there) | differ)


def main() -> int:
    pages = build_pages()
    stale = find_stale(pages)
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"docs/reference/{path}: not what the code says → make docs, and commit it")
        return int(bool(stale))
    for path in stale:
        target = FOLDER / path
        if path in pages:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(pages[path], encoding="utf-8")
        else:
            target.unlink()
        print(f"docs/reference/{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
