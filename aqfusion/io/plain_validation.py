"""What `aqfusion/io/json_models.py` needs of pydantic, for where pydantic is not installed.

An exported model reads a site's file with nothing beside it but numpy, ONNX Runtime and Pillow, by
the same types and in the same sentences. Their marks state pydantic's core schemas, of which this
file knows those that are in use; `tests/io/test_plain_validation.py` holds it against pydantic.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

_Schema = dict[str, Any]
_Step = str | int


class ValidationError(ValueError):
    """The first value that breaks a rule, `errors` as pydantic tells it."""

    def __init__(self, type_: str, value: object, rule: str = "", **context: object) -> None:
        super().__init__(rule or type_)
        self.steps: list[_Step] = []
        self._error = {"type": type_, "msg": rule or type_, "input": value, "ctx": context}

    def below(self, step: _Step) -> "ValidationError":
        """The same fault, told from one level further up."""
        self.steps.insert(0, step)
        return self

    def errors(self, include_url: bool = False) -> list[dict[str, Any]]:
        """A list of one: type, place, message, input and context."""
        return [self._error | {"loc": tuple(self.steps)}]


class TypeAdapter:
    """Reads JSON's values as a type."""

    def __init__(self, kind: Any) -> None:
        """A type that is not in use in this program raises `TypeError`."""
        self._schema = _schema(kind)

    def validate_python(self, value: object) -> Any:
        """The value as the type holds it; `ValidationError` where it breaks a rule."""
        return _read(self._schema, value)


class _SchemaHandler:
    """What a mark's `__get_pydantic_core_schema__` is handed: it gives the schema of a type."""

    def __call__(self, source: Any) -> _Schema:
        return dict(_schema(source))

    generate_schema = __call__


_HANDLER = _SchemaHandler()
_PLAIN = {str: "str", bool: "bool", int: "int", float: "float", Any: "any", object: "any"}


@cache
def _schema(kind: Any) -> _Schema:
    """The schema of a type; marks say their own."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        marked, *marks = arguments  # the last mark is the outermost
        inner = marked if len(marks) == 1 else Annotated[marked, *marks[:-1]]
        schema: _Schema = marks[-1].__get_pydantic_core_schema__(inner, _HANDLER)
        return schema
    if origin in (Union, UnionType):
        (other,) = (part for part in arguments if part is not NoneType)
        return {"type": "nullable", "schema": _schema(other)}
    if origin is tuple and arguments[-1] is not Ellipsis:
        return {"type": "row", "items": [_schema(part) for part in arguments]}
    if origin in (tuple, list):
        return {"type": "list", "make": origin, "items": _schema(arguments[0])}
    if origin in (dict, Mapping):
        return {"type": "dict", "values": _schema(arguments[1])}
    if hasattr(kind, "__get_pydantic_core_schema__"):
        own: _Schema = kind.__get_pydantic_core_schema__(kind, _HANDLER)
        return own
    if is_dataclass(kind):
        return _of_dataclass(kind)
    return {"type": _PLAIN[kind]}


def _of_dataclass(kind: Any) -> _Schema:
    types = get_type_hints(kind, include_extras=True)
    parts = {}
    for field in fields(kind):
        schema = _schema(types[field.name])
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        parts[field.name] = {"schema": schema, "optional": has_default}
    extra = getattr(kind, "__pydantic_config__", {}).get("extra", "ignore")
    return {"type": "dataclass", "make": kind, "fields": parts, "extra_behavior": extra}


def _read(schema: _Schema, value: object) -> Any:
    return _READERS[schema["type"]](schema, value)


def _below(schema: _Schema, step: _Step, value: object) -> Any:
    try:
        return _read(schema, value)
    except ValidationError as error:
        raise error.below(step) from error.__cause__


def _any(schema: _Schema, value: object) -> object:
    return value


def _text(schema: _Schema, value: object) -> str:
    if not isinstance(value, str):
        raise ValidationError("string_type", value)
    if "pattern" in schema and not re.search(_whole_pattern(schema["pattern"]), value):
        raise ValidationError("string_pattern_mismatch", value)
    return _with_whole_signs(value)


def _with_whole_signs(text: str) -> str:
    """Refuse half of a surrogate pair, which JSON can escape and nobody can print."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError("string_unicode", text) from error
    return text


def _whole_pattern(pattern: str) -> str:
    """A pattern of pydantic's, whose $ is the end of the text and no line's."""
    return pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern


def _truth(schema: _Schema, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValidationError("bool_type", value, "must be true or false")
    return value


def _whole(schema: _Schema, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError("int_type", value, "must be a whole number")
    _check_bounds(schema, value)
    return value


def _number(schema: _Schema, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValidationError("float_type", value, "must be a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValidationError("float_type", value, "must be a number") from error
    _check_bounds(schema, number)
    return number


def _decimal(schema: _Schema, value: object) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValidationError("decimal_type", value, "must be a number")
    _check_bounds(schema, value)
    return value


_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {  # which no NaN keeps
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
    "allow_inf_nan": lambda number, allowed: allowed or math.isfinite(number),
}


def _check_bounds(schema: _Schema, number: float | Decimal) -> None:
    for name, holds in _BOUNDS.items():
        if name in schema and not holds(number, schema[name]):
            raise ValidationError(name, number)


def _nullable(schema: _Schema, value: object) -> Any:
    return None if value is None else _read(schema["schema"], value)


def _entries(value: object) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise ValidationError("list_type", value)
    return value


def _list(schema: _Schema, value: object) -> Any:
    items, make = schema["items"], schema["make"]
    return make(_below(items, number, entry) for number, entry in enumerate(_entries(value)))


def _row(schema: _Schema, value: object) -> tuple[Any, ...]:
    entries, items = _entries(value), schema["items"]
    read = tuple(_below(*part) for part in zip(items, range(len(items)), entries, strict=False))
    if len(entries) < len(items):
        raise ValidationError("missing", value).below(len(entries))
    if len(entries) > len(items):
        raise ValidationError("too_long", value, max_length=len(items))
    return read


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValidationError("dict_type", value)
    return value


def _dict(schema: _Schema, value: object) -> dict[str, Any]:
    return {
        _with_whole_signs(key): _below(schema["values"], key, entry)
        for key, entry in _object(value).items()
    }


def _typed_dict(schema: _Schema, value: object) -> dict[str, Any]:
    table, read = _object(value), {}
    for name, field in schema["fields"].items():
        if name in table:
            read[name] = _below(field["schema"], name, table[name])
        elif field["schema"]["type"] == "default":
            read[name] = field["schema"]["default"]
        elif not field.get("optional"):
            raise ValidationError("missing", value).below(name)
    other = next((name for name in table if name not in schema["fields"]), None)
    if schema["extra_behavior"] == "forbid" and other is not None:
        raise ValidationError("extra_forbidden", value).below(other)
    return read


def _dataclass(schema: _Schema, value: object) -> Any:
    return _made(lambda values: schema["make"](**values), _typed_dict(schema, value), value)


def _made(make: Callable[[Any], Any], part: Any, value: object) -> Any:
    try:
        return make(part)
    except ValidationError:
        raise
    except ValueError as error:
        raise ValidationError("value_error", value, error=error) from error


def _after(schema: _Schema, value: object) -> Any:
    return _made(schema["function"]["function"], _read(schema["schema"], value), value)


def _before(schema: _Schema, value: object) -> Any:
    return _read(schema["schema"], schema["function"]["function"](value))


def _custom_error(schema: _Schema, value: object) -> Any:
    try:
        return _read(schema["schema"], value)
    except ValidationError as error:
        words = schema["custom_error_message"]
        raise ValidationError(schema["custom_error_type"], value, words) from error


_READERS: dict[str, Callable[[_Schema, object], Any]] = {
    "any": _any,
    "str": _text,
    "bool": _truth,
    "int": _whole,
    "float": _number,
    "decimal": _decimal,
    "nullable": _nullable,
    "default": lambda schema, value: _read(schema["schema"], value),
    "list": _list,
    "row": _row,
    "dict": _dict,
    "typed-dict": _typed_dict,
    "dataclass": _dataclass,
    "function-after": _after,
    "function-before": _before,
    "custom-error": _custom_error,
}
