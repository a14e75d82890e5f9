"""The documentation's files, and the makers of the reference."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def reference():
    """The package that makes docs/reference, imported as the script does."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import reference
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    return reference


@pytest.fixture(scope="session")
def reference_text(root):
    """All pages of docs/reference by their path."""
    folder = root / "docs" / "reference"
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.md")}
