"""Raw files as tables: their content in batches of text or typed columns."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from processing.rows import header, numbers, parquet_file
from processing.rows.batch import Batch
from processing.rows.contract import PolarsType
from processing.rows.csv_file import CsvFile
from processing.rows.kinds import PARQUET, Unreadable, start_of
from processing.rows.numbers import Marks
from processing.rows.parquet_file import ParquetFile
from processing.rows.unpacking import plain


@dataclass(frozen=True)
class Table:
    """A raw file whose columns have been found; `lacks` is a sentence about those that were not."""

    file: CsvFile | ParquetFile
    marks: Marks
    lacks: str | None

    def reads(self) -> Iterator[Callable[[], Batch]]:
        """Yield for each batch what reads it; threads may do so for several at once.

        Both raise Unreadable.
        """
        return self.file.reads()

    def batches(self) -> Iterator[Batch]:
        """Yield batch after batch. Raises Unreadable."""
        return (read() for read in self.reads())

    @property
    def lines(self) -> int:
        """How many lines of rows the file has; of CSV, when all batches have been read."""
        return self.file.lines


def table(local: Path, columns: Mapping[str, PolarsType], folder: Path) -> Table:
    """Open a CSV or Parquet file, packed or not. Raises Unreadable.

    CSV comes as text, so that one bad value spoils its row and not its file. What has to be
    unpacked or recoded lies in `folder` meanwhile.
    """
    local = plain(local, folder)
    is_parquet = start_of(local).startswith(PARQUET)
    file = _parquet(local, columns) if is_parquet else _csv(local, columns)
    missing = [name for name in columns if name not in file.places]
    header.refuse_near_names(file.names, missing, file.places.values())
    marks = _marks(file, columns) if isinstance(file, CsvFile) else Marks.POINT
    return Table(file, marks, header.missing_columns(file.names, missing))


def _parquet(local: Path, columns: Mapping[str, PolarsType]) -> ParquetFile:
    names, rows = parquet_file.names_and_rows(local)
    places = header.places(names, columns)
    if not places:
        raise Unreadable(header.no_columns(names, columns))
    return ParquetFile(local, names, rows, places)


def _csv(local: Path, columns: Mapping[str, PolarsType]) -> CsvFile:
    layout = header.layout(local, columns)
    return CsvFile(local, layout, header.places(layout.names, columns))


def _marks(file: CsvFile, columns: Mapping[str, PolarsType]) -> Marks:
    """Tell what commas in numbers mean, which takes a look at all of them."""
    wanted = [name for name in file.places if columns[name].is_numeric()]
    if file.layout.separator == b"," or not file.has(b","):
        return Marks.POINT
    return numbers.marks(read().rows.select(wanted) for read in file.reads())
