"""A table of text, numbers and estimates: as HTML for the page, as CSV for a spreadsheet."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from aqfusion.io.spreadsheet_csv import CsvCell, csv_text
from aqfusion.metric_values import Estimate

Cell = str | int | float | Estimate | None


@dataclass(frozen=True)
class Column:
    """A heading and the format of its numbers; the CSV has them unformatted."""

    title: str
    form: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells; the last cell of a row that is too short spans what is left."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def html(self, label: str) -> str:
        """Draw it in a box that scrolls by itself, by keyboard too."""
        heads = "".join(
            f'<th scope="col"{_side(self._texts(i))}>{escape(column.title)}</th>'
            for i, column in enumerate(self.columns)
        )
        rows = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        return (
            f'<div class="aq aq-small aq-scroll" role="region" tabindex="0" '
            f'aria-label="{escape(label)}"><table class="aq-table aq-figures">'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def csv(self) -> str:
        """Write it for spreadsheets: an estimate fills three columns, absent is empty.

        >>> Table((Column("a"), Column("b")), (("=1+1", -1.5),)).csv()
        "\\ufeffa,b\\r\\n'=1+1,-1.5\\r\\n"
        """
        wide = [
            any(len(row) > i and isinstance(row[i], Estimate) for row in self.rows)
            for i in range(len(self.columns))
        ]
        heads: list[CsvCell] = []
        for column, is_wide in zip(self.columns, wide, strict=True):
            heads += [column.title]
            heads += [f"{column.title} low", f"{column.title} high"] if is_wide else []
        rows = [heads]
        for row in self.rows:
            cells: list[CsvCell] = []
            for i, is_wide in enumerate(wide):
                cells += _spread(row[i] if i < len(row) else None, is_wide)
            rows.append(cells)
        return csv_text(rows)

    def _texts(self, i: int) -> bool:
        cells = [row[i] for row in self.rows if len(row) == len(self.columns)]
        return bool(cells) and all(isinstance(cell, str) for cell in cells)

    def _row(self, row: tuple[Cell, ...]) -> str:
        forms = [column.form for column in self.columns]
        cells = [_text(cell, form) for cell, form in zip(row, forms, strict=False)]
        left = len(self.columns) - len(row)
        last = (
            f' colspan="{left + 1}" class="aq-muted aq-span"'
            if left
            else _side(isinstance(row[-1], str))
        )
        middle = "".join(
            f"<td{_side(isinstance(cell, str))}>{text}</td>"
            for cell, text in zip(row[1:-1], cells[1:-1], strict=True)
        )
        return f'<th scope="row">{cells[0]}</th>{middle}<td{last}>{cells[-1]}</td>'


def _side(is_text: bool) -> str:
    return ' class="aq-left"' if is_text else ""


def _text(cell: Cell, form: str) -> str:
    if cell is None:
        return '<span class="aq-muted">–</span>'
    if isinstance(cell, Estimate):
        between = f"{number(cell.low, form)} to {number(cell.high, form)}"
        return f"{number(cell.value, form)}<small>{between}</small>"
    return escape(cell) if isinstance(cell, str) else number(cell, form)


def number(value: float, form: str) -> str:
    """Format a number as a person reads it.

    >>> number(0.5797, ".0%"), number(-0.25, ".2f")
    ('58\xa0%', '−0.25')
    """
    return format(value, form).replace("%", "\u00a0%").replace("-", "−")


def _spread(cell: Cell, is_wide: bool) -> list[CsvCell]:
    if isinstance(cell, Estimate):
        return [cell.value, cell.low, cell.high]
    return [cell, *([None, None] if is_wide else [])]


def csv_button(noun: str, content: Table, about: str = "") -> None:
    """Draw it; `noun` names button, file and widget, as "against-model", `of` the file further."""
    st.download_button(
        f"{noun.replace('-', ' ').capitalize()} as CSV",
        content.csv,
        "-".join(filter(None, ("aqfusion", noun, about))) + ".csv",
        "text/csv",
        key=f"csv_{noun}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )
