"""``hedgerow load`` as its users start it, and the result that it wrote."""

from dataclasses import dataclass
from pathlib import Path

from hedgerow.report import Document, read_document
from tests.fakes.processes import ran


@dataclass(frozen=True)
class LoadRun:
    code: int
    printed: str
    told: str
    file: Path

    @property
    def document(self) -> Document:
        return read_document(self.file)


def load(folder: Path, *words: str, seconds: float = 60.0) -> LoadRun:
    """Run it to its end; ``folder`` holds the result."""
    file = folder / "result.json"
    file.unlink(missing_ok=True)
    done = ran("load", "--json", str(file), *words, seconds=seconds)
    return LoadRun(done.returncode, done.stdout, done.stderr, file)
