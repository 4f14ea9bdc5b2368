"""Which text reaches a Markdown-speaking call of Streamlit without `plain`, found in the source.

Safe are literals, numbers with a numeric format, constants in capitals, `plain(...)`, and what is
put together of such. A parameter makes its function a Markdown-speaking one, whose calls are looked
at in their turn; a call of a function is as safe as all that it returns.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

# Of each call: the positions of its Markdown, beside the keywords below.
SPEAKING: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        (
            *("markdown", "caption", "title", "header", "subheader", "write", "toast", "badge"),
            *("error", "warning", "info", "success", "spinner", "status", "expander", "popover"),
            *("button", "download_button", "link_button", "form_submit_button", "checkbox"),
            *("toggle", "selectbox", "multiselect", "number_input", "text_input", "text_area"),
            *("slider", "select_slider", "file_uploader", "camera_input", "date_input", "dialog"),
            *("time_input", "tabs", "chat_message", "page_link", "data_editor", "color_picker"),
        ),
        (0,),
    ),
    **dict.fromkeys(("radio", "pills", "segmented_control"), (0, 1)),
    **dict.fromkeys(("image", "progress"), (1,)),
    "metric": (0, 2),
}
KEYWORDS = {"label", "body", "help", "caption", "captions", "text", "title", "delta"}
CHOICES = {"radio", "pills", "segmented_control"}  # whose options are Markdown as well
# Which have such methods and are not Streamlit's.
OTHERS = {
    *("store().overview", "store().team", "scoring_process", "process", "packed", "text"),
    *("similar_views", "store_session.reached().sign_in"),
}
SAFE_CALLS = {"plain", "plain_list", "len", "int", "float", "round", "abs", "sum", "range", "bool"}
WRAPPERS = {"str", "zip", "enumerate", "sorted", "list", "tuple", "dict", "reversed", "min", "max"}
SAFE_METHODS = {
    *("capitalize", "lower", "upper", "strip", "replace", "removesuffix", "removeprefix", "title"),
    *("join", "format", "get", "items", "values", "keys", "rstrip", "lstrip", "partition", "index"),
}
NUMERIC = re.compile(r"[-+]?0?\d*[,_]?(\.\d+)?[dfeg%]?")
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Reason = tuple[str, "Function | None", str]  # kind, whose parameter, expression
_DEPTH = 8
ASSIGNING = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.comprehension),
)


@dataclass
class Source:
    """A module: its tree with parents, its functions by name, and what it imports."""

    name: str
    text: str
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    calls: list[ast.Call] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)  # a name here: module, or module.name

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                child.parent = node  # type: ignore[attr-defined]
            if isinstance(node, ast.Call):
                self.calls.append(node)
            if isinstance(node, ast.FunctionDef):
                self.functions.setdefault(node.name, node)
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


@dataclass
class Lint:
    """All modules together, so that a function of another one can be followed."""

    sources: dict[str, Source]
    known: re.Pattern[str]

    def faults(self) -> list[str]:
        """Each expression from outside that reaches Markdown: module, line and expression."""
        faults: dict[str, None] = {}
        spoken: set[tuple[int, str]] = set()
        waiting: list[tuple[Source, ast.expr]] = []
        for source in self.sources.values():
            for node in source.calls:
                waiting += [(source, spoken_text) for spoken_text in _spoken(node)]
        while waiting:
            source, expression = waiting.pop()
            for kind, function, text in self.reasons(source, expression):
                if kind == "expression":
                    faults[f"{source.name}:{expression.lineno}: {text}"] = None
                elif function is not None and (id(function), text) not in spoken:
                    spoken.add((id(function), text))
                    waiting += self._arguments(source, function, text)
        return sorted(faults)

    def reasons(self, source: Source, node: ast.expr | None, depth: int = 0) -> list[Reason]:
        """Why an expression is not safe: parameters, and expressions from outside; none is safe."""

        def all_of(*parts: ast.expr | None) -> list[Reason]:
            return [why for part in parts for why in self.reasons(source, part, depth)]

        match node:
            case None | ast.Constant() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return []
            case ast.JoinedStr():
                values = (part for part in node.values if isinstance(part, ast.FormattedValue))
                return all_of(*(part.value for part in values if not _is_numeric(part)))
            case ast.BinOp(op=ast.Mult()):
                return self.reasons(source, node.left, depth) and all_of(node.right)
            case ast.BinOp():
                return all_of(node.left, node.right)
            case ast.BoolOp(op=ast.And()):
                return all_of(node.values[-1])  # what is false shows nothing
            case ast.BoolOp():
                return all_of(*node.values)
            case ast.IfExp():
                return all_of(node.body, node.orelse)
            case ast.Tuple() | ast.List() | ast.Set():
                return all_of(*node.elts)
            case ast.Dict():
                return all_of(*node.keys, *node.values)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                return all_of(node.elt)
            case ast.DictComp():
                return all_of(node.key, node.value)
            case ast.Starred() | ast.Subscript() | ast.NamedExpr():
                return all_of(node.value)
            case ast.Lambda():
                return all_of(node.body)
            case ast.Call():
                return self._call(source, node, depth)
            case ast.Name():
                return self._name(source, node, depth)
            case ast.Attribute() if node.attr.isupper() or self._is_known(node):
                return []
            case ast.Attribute(attr="__getitem__"):
                return all_of(node.value)
            case _:
                return [("expression", None, ast.unparse(node))]

    def _is_known(self, node: ast.expr) -> bool:
        return bool(self.known.fullmatch(ast.unparse(node)))

    def _call(self, source: Source, node: ast.Call, depth: int) -> list[Reason]:
        if self._is_known(node):
            return []
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name in SAFE_CALLS:
            return []
        if name in WRAPPERS:
            return [why for part in arguments for why in self.reasons(source, part, depth)]
        if isinstance(node.func, ast.Attribute) and node.func.attr in SAFE_METHODS:
            parts = (node.func.value, *arguments)
            inner = [why for part in parts for why in self.reasons(source, part, depth)]
            if not inner or self._function(source, node.func) is None:
                return inner
        followed = self._function(source, node.func)
        if followed is None or depth >= _DEPTH:
            return [("expression", None, ast.unparse(node))]
        where, function = followed
        returned = (
            part.value
            for part in ast.walk(function)
            if isinstance(part, ast.Return) and _scope(part) is function
        )
        reasons: list[Reason] = []
        for value in returned:
            for kind, owner, text in self.reasons(where, value, depth + 1):
                if kind == "parameter" and owner is function:
                    reasons += self.reasons(source, _argument(node, function, text), depth)
                else:
                    reasons.append((kind, owner, text))
        return reasons

    def _name(self, source: Source, node: ast.Name, depth: int) -> list[Reason]:
        if node.id.strip("_").isupper() or self._is_known(node):
            return []
        scope = _scope(node)
        while scope is not None:
            values = [*_assigned(scope, node.id)]
            if values:
                if depth >= _DEPTH:
                    return [("expression", None, node.id)]
                inner = (self.reasons(source, value, depth + 1) for value in values)
                return [why for reasons in inner for why in reasons]
            if isinstance(scope, Function) and node.id in _parameters(scope):
                if isinstance(scope, ast.Lambda):
                    return [("expression", None, node.id)]
                return [("parameter", scope, node.id)]
            scope = _scope(scope)
        if node.id in source.functions:
            returns = ast.Call(ast.Name(node.id, ast.Load()), [], [])
            return self._call(source, returns, depth + 1) if depth < _DEPTH else []
        return [("expression", None, node.id)]

    def _function(self, source: Source, called: ast.expr) -> tuple[Source, ast.FunctionDef] | None:
        if isinstance(called, ast.Name):
            if called.id in source.functions:
                return source, source.functions[called.id]
            module, _, name = source.imports.get(called.id, "").rpartition(".")
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            module, name = source.imports.get(called.value.id, ""), called.attr
        else:
            return None
        other = self.sources.get(module)
        return (other, other.functions[name]) if other and name in other.functions else None

    def _arguments(
        self, source: Source, function: Function, parameter: str
    ) -> Iterator[tuple[Source, ast.expr]]:
        """What is given for a parameter, wherever the function is called."""
        for other in self.sources.values():
            for node in other.calls:
                followed = self._function(other, node.func)
                if followed is not None and followed[1] is function:
                    given = _argument(node, followed[1], parameter)
                    if given is not None:
                        yield other, given


def _spoken(node: ast.Call) -> Iterator[ast.expr]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in OTHERS:
        return
    positions = SPEAKING.get(name, ())
    yield from (part for at, part in enumerate(node.args[:1]) if at in positions)
    if not (name in CHOICES and any(part.arg == "format_func" for part in node.keywords)):
        yield from (part for at, part in enumerate(node.args[1:], 1) if at in positions)
    for keyword in node.keywords:
        if (
            keyword.arg == "help"
            or (name in SPEAKING and keyword.arg in KEYWORDS)
            or (name in CHOICES and keyword.arg in ("options", "format_func"))
        ):
            yield keyword.value


def _is_numeric(part: ast.FormattedValue) -> bool:
    """Whether the format refuses all but numbers and times."""
    if part.format_spec is None:
        return False
    spec = ast.unparse(part.format_spec)[2:-1]
    is_time = spec.startswith("%") and len(spec) > 1
    return is_time or (bool(NUMERIC.fullmatch(spec)) and bool(spec) and not spec.isdecimal())


def _scope(node: ast.AST) -> ast.AST | None:
    """The function or module that a node lies in."""
    parent = getattr(node, "parent", None)
    while parent is not None and not isinstance(parent, Function | ast.Module):
        parent = getattr(parent, "parent", None)
    return parent


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _argument(call: ast.Call, function: Function, parameter: str) -> ast.expr | None:
    """The expression that a call gives for a parameter, or its default."""
    for keyword in call.keywords:
        if keyword.arg == parameter:
            return keyword.value
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    if parameter in names:
        at = names.index(parameter)
        if at < len(call.args):
            return call.args[at]
        defaults = dict(zip(names[::-1], arguments.defaults[::-1], strict=False))
        return defaults.get(parameter)
    keywords = dict(zip((a.arg for a in arguments.kwonlyargs), arguments.kw_defaults, strict=True))
    return keywords.get(parameter)


def _assigned(scope: ast.AST, name: str) -> list[ast.expr]:
    """All that a name becomes in a scope: by assignments, loops and comprehensions."""
    kept: dict[str, list[ast.expr]] | None = getattr(scope, "assigned", None)
    if kept is None:
        kept = {}
        for node in ast.walk(scope):
            if not isinstance(node, ASSIGNING) or _scope(node) is not scope:
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            value = node.iter if isinstance(node, ast.For | ast.comprehension) else node.value
            for target in targets if value is not None else ():
                for named, part in _parts(target, value):
                    kept.setdefault(named, []).append(part)
        scope.assigned = kept  # type: ignore[attr-defined]
    return kept.get(name, [])


def _parts(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Each name of a target with what it gets; of rows written out, its own column."""
    if isinstance(target, ast.Name):
        yield target.id, value
        return
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
    rows = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    whole = [row for row in rows if isinstance(row, ast.Tuple) and len(row.elts) == len(parts)]
    for at, part in enumerate(parts):
        cells = [row.elts[at] for row in whole]
        for cell in cells if cells and len(cells) == len(rows) else [value]:
            yield from _parts(part, cell)
