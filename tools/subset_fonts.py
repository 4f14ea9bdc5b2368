"""Cut the fonts of the share card out of the whole ones: `python tools/subset_fonts.py FOLDER`.

FOLDER holds the fonts as their makers publish them (`assets/fonts/README.md` says where). Hints
are left out: they serve small sizes on coarse screens.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

FONTS = Path(__file__).parent.parent / "assets" / "fonts"
LATIN_GREEK_CYRILLIC = (
    *((0x20, 0x7E), (0xA0, 0x52F), (0x1C80, 0x1C8F), (0x1D00, 0x1DBF), (0x1E00, 0x1FFF)),
    *((0x2000, 0x20CF), (0x2100, 0x214F), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xFFFD, 0xFFFD)),
)
# Punctuation, kana, bopomofo, full-width letters. Korean is not there: 11,000 syllables more.
CJK_SIGNS = ((0x20, 0x7E), (0x3000, 0x312F), (0xFF01, 0xFF9F), (0xFFE0, 0xFFE6))
# The commoner characters of each standard: GB 2312 (China), JIS X 0208 (Japan), Big5 (Taiwan).
COMMON = (
    ("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
    ("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF)),
    ("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF))),
)


def main(arguments: list[str]) -> int:
    """Write the three fonts and print their sizes."""
    (whole,) = map(Path, arguments)
    for source, name, codes in (
        ("NotoSans-Regular.ttf", "NotoSans-Regular.ttf", _within(LATIN_GREEK_CYRILLIC)),
        ("NotoSansDevanagari-Regular.ttf", "NotoSansDevanagari-Regular.ttf", None),
        ("NotoSansSC_400Regular.ttf", "NotoSansSC-Regular.ttf", _within(CJK_SIGNS) | _common()),
    ):
        subset(whole / source, FONTS / name, codes)
        print(f"{name} {(FONTS / name).stat().st_size:,} bytes")
    return 0


def subset(source: Path, path: Path, codes: set[int] | None) -> None:
    """Write the font with the glyphs of `codes`, of all of them where it is `None`."""
    options = Options(hinting=False, name_IDs=["*"], notdef_outline=True)
    font = load_font(str(source), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes if codes is not None else font.getBestCmap())
    subsetter.subset(font)
    save_font(font, str(path), options)


def _within(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {code for first, last in ranges for code in range(first, last + 1)}


def _common() -> set[int]:
    """The code points of `COMMON`."""
    codes = set()
    for codec, leads, trails in COMMON:
        for lead in leads:
            for trail in trails:
                letter = bytes((lead, trail)).decode(codec, "ignore")
                codes |= {ord(letter)} if len(letter) == 1 else set()
    return codes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
