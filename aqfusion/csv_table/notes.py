"""Notes on a table of which nothing is lost: each sentence once, with its rows."""

from dataclasses import dataclass, field

__all__ = ["Notes"]

_MOST_SENTENCES = 100  # a table from outside may hold a new one in every row


@dataclass
class Notes:
    """Sentences in the order in which they came up; those of rows are counted."""

    _lines: dict[str, list[int]] = field(default_factory=dict)
    _more: int = 0

    def add(self, sentence: str, line: int | None = None) -> None:
        """Keep a sentence, and the line of the table that it is about."""
        if sentence not in self._lines and len(self._lines) >= _MOST_SENTENCES:
            self._more += 1
            return
        lines = self._lines.setdefault(sentence, [])
        if line is not None:
            lines.append(line)

    def sentences(self) -> tuple[str, ...]:
        """Return each sentence once, with its lines.

        >>> notes = Notes()
        >>> notes.add("Times are in UTC"), notes.add("pm10 is odd", 3), notes.add("pm10 is odd", 9)
        (None, None, None)
        >>> notes.sentences()
        ('Times are in UTC', 'pm10 is odd (2 rows: lines 3, 9)')
        """
        texts = tuple(f"{sentence}{_where(lines)}" for sentence, lines in self._lines.items())
        return (*texts, f"{self._more} more notes of this kind") if self._more else texts


def _where(lines: list[int]) -> str:
    if len(lines) < 2:
        return f" (line {lines[0]})" if lines else ""
    more = ", ..." if len(lines) > 5 else ""
    return f" ({len(lines)} rows: lines {', '.join(map(str, lines[:5]))}{more})"
