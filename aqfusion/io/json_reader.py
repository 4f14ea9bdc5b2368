"""Holds JSON's values against a type: plain ones, lists, objects, dataclasses, and marked ones.

A mark is what `Annotated` adds to a type: it has `check_of(kind)`, the check of the marked type.
`aqfusion/io/json_models.py` has the marks. A check is made once for each type and is a function
from JSON's value to what the type holds; the first value that breaks a rule ends it. Only the
standard library is needed, so that an exported model reads its files by the same rules.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from aqfusion.errors import InputError

Check = Callable[[object], Any]
_OBJECT, _LIST = "must be an object", "must be a list"


class BrokenRule(Exception):
    """`value`, at the end of `steps`, breaks `rule`, which `is_sentence` says is a whole one."""

    def __init__(self, rule: str, value: object, is_sentence: bool = False) -> None:
        super().__init__(rule)
        self.rule, self.value, self.is_sentence = rule, value, is_sentence
        self.steps: list[str | int] = []

    def below(self, step: str | int) -> "BrokenRule":
        """The same fault, told from one level further up."""
        self.steps.insert(0, step)
        return self


def refused_by(refused: ValueError, value: object) -> BrokenRule:
    """The fault of a value that a function refused: in a whole sentence, or by a rule."""
    return BrokenRule(str(refused), value, isinstance(refused, InputError))


@cache
def checks_of(kind: Any) -> Check:
    """The check of a type; a type that JSON cannot hold is a fault of the program, `TypeError`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        marked, *marks = arguments
        inner = marked if len(marks) == 1 else Annotated[marked, *marks[:-1]]
        check: Check = marks[-1].check_of(inner)  # the last mark is the outermost
        return check
    if origin in (Union, UnionType):
        return _or_none(arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return _many(arguments[0], tuple)
        return _row(arguments)
    if origin is list:
        return _many(arguments[0], list)
    if origin in (dict, Mapping):
        return _table(checks_of(arguments[1]))
    if hasattr(kind, "check_of"):  # a class that says itself how it is written
        return kind.check_of()  # type: ignore[no-any-return]
    if is_dataclass(kind):
        return _dataclass(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    raise TypeError(f"JSON holds no {kind}")


def checks_of_names(names: Iterable[str], kind: Any, refuse_others: bool) -> Check:
    """The check of an object with one entry for each name, of the type of a mapping's values."""
    of_value = checks_of(get_args(kind)[1])
    return _fields(dict.fromkeys(names, of_value), frozenset(), refuse_others)


def check_bounds(value: Any, bounds: Mapping[str, Any]) -> Any:
    """Return a value within its bounds; a number that is none is within no limits."""
    for name, bound in bounds.items():
        if not _BOUNDS[name](value, bound):
            raise BrokenRule(f"must be {name} {bound}", value)
    return value


_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "ge": lambda value, bound: value >= bound,
    "gt": lambda value, bound: value > bound,
    "le": lambda value, bound: value <= bound,
    "lt": lambda value, bound: value < bound,
    "pattern": lambda value, bound: re.search(bound, value) is not None,
    "allow_inf_nan": lambda value, bound: bound or math.isfinite(value),
}


def _text(value: object) -> str:
    if not isinstance(value, str) or not _is_unicode(value):
        raise BrokenRule("must be a text", value)
    return value


def _is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON can escape."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise BrokenRule("must be true or false", value)
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BrokenRule("must be a whole number", value)
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BrokenRule("must be a number", value)
    try:
        return float(value)
    except OverflowError as error:
        raise BrokenRule("must be a number", value) from error


def _anything(value: object) -> object:
    return value


_PLAIN: dict[Any, Check] = {
    str: _text,
    bool: _truth,
    int: _whole,
    float: _number,
    Any: _anything,
    object: _anything,
}


def _or_none(kinds: tuple[Any, ...]) -> Check:
    others = [kind for kind in kinds if kind is not NoneType]
    if len(others) != 1 or len(kinds) != 2:
        raise TypeError(f"JSON is read as one type or none, not as one of {kinds}")
    inner = checks_of(others[0])
    return lambda value: None if value is None else inner(value)


def _entries(value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise BrokenRule(_LIST, value)
    return list(value)


def _many(kind: Any, make: Callable[[Iterable[Any]], Any]) -> Check:
    inner = checks_of(kind)
    if inner is _anything:
        return lambda value: make(_entries(value))
    return lambda value: make(_each(inner, number, v) for number, v in enumerate(_entries(value)))


def _row(kinds: tuple[Any, ...]) -> Check:
    """A list of as many entries as there are types."""
    checks = [checks_of(kind) for kind in kinds]

    def read(value: object) -> tuple[Any, ...]:
        entries = _entries(value)
        if len(entries) < len(checks):
            raise BrokenRule(f"must have {len(checks)} entries", value)
        if len(entries) > len(checks):
            raise BrokenRule(f"must have at most {len(checks)} entries", value)
        pairs = zip(checks, entries, strict=True)
        return tuple(_each(check, number, entry) for number, (check, entry) in enumerate(pairs))

    return read


def _table(of_value: Check) -> Check:
    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise BrokenRule(_OBJECT, value)
        return {_text(key): _each(of_value, key, entry) for key, entry in value.items()}

    return read


def _dataclass(kind: Any) -> Check:
    types = get_type_hints(kind, include_extras=True)
    own = [field for field in fields(kind) if field.init]
    optional = frozenset(
        field.name
        for field in own
        if field.default is not MISSING or field.default_factory is not MISSING
    )
    checks = {field.name: checks_of(types[field.name]) for field in own}
    absent = {name: None for name in checks if _may_be_absent(types[name])}
    read_fields = _fields(
        checks, optional | absent.keys(), getattr(kind, "refuses_other_names", False)
    )

    def read(value: object) -> Any:
        values = absent | read_fields(value)
        try:
            return kind(**values)
        except ValueError as refused:
            raise refused_by(refused, value) from refused

    return read


def _may_be_absent(kind: Any) -> bool:
    marks = kind.__metadata__ if get_origin(kind) is Annotated else ()
    return any(getattr(mark, "absent_is_none", False) for mark in marks)


def _fields(checks: Mapping[str, Check], optional: frozenset[str], refuse_others: bool) -> Check:
    """An object with these names, less the optional ones that it does not have."""

    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise BrokenRule(_OBJECT, value)
        values = {}
        for name, check in checks.items():
            if name in value:
                values[name] = _each(check, name, value[name])
            elif name not in optional:
                raise BrokenRule(f"must have {name!r}", value)
        other = next((name for name in value if name not in checks), None)
        if refuse_others and other is not None:
            raise BrokenRule("must have no unknown names", other)
        return values

    return read


def _each(check: Check, step: str | int, value: object) -> Any:
    try:
        return check(value)
    except BrokenRule as broken:
        raise broken.below(step) from broken.__cause__
