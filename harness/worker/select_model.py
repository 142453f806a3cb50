"""`select_model` of an official repository's `test_demo.py`, read by its syntax tree. Pure.

Nothing is executed: the file's own imports need not be installed, and a repository is listed
without running code of 40 teams.
"""

import ast
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FUNCTION = "select_model"
_ID = "model_id"


@dataclass(frozen=True)
class Branch:
    """What the branch of one id says without being executed."""

    id: int
    name: str  # as the branch gives it, without outer spaces; empty where it is not plain text
    data_range: float | None  # None where the branch gives no number
    modules: tuple[str, ...]  # dotted names below `models` that it imports
    strings: tuple[str, ...]  # its other texts, among them the paths of its files
    empty: bool  # it does nothing, and leaves the network undefined


def branches(source: str) -> tuple[Branch, ...]:
    """List the branches of `select_model` in a file's text, in its order.

    Raises SyntaxError where the text is not Python, ValueError where it has no such function.
    """
    found = (branch for node in function(source).body for branch in _chain(node))
    return tuple(_read(number, body) for number, body in found)


def function(source: str) -> ast.FunctionDef:
    """Return the syntax tree of `select_model`, to be executed without the rest of its file.

    Raises as `branches` does.
    """
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == FUNCTION:
            return node
    raise ValueError(f"it defines no {FUNCTION}")


def with_arguments(
    tree: ast.FunctionDef, callee: str, arguments: Mapping[str, object]
) -> ast.FunctionDef:
    """Give other keyword arguments to every call of `callee` in `tree`, in place."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and last_name(node.func) == callee:
            kept = [keyword for keyword in node.keywords if keyword.arg not in arguments]
            given = [ast.keyword(name, ast.Constant(value)) for name, value in arguments.items()]  # type: ignore[arg-type]
            node.keywords = kept + given
    return ast.fix_missing_locations(tree)


def branch_of(source: str, number: int) -> tuple[ast.FunctionDef, list[ast.stmt]]:
    """Return `select_model` and the statements of one of its branches."""
    whole = function(source)
    found = (body for node in whole.body for n, body in _chain(node) if n == number)
    return whole, next(found)


def last_name(node: ast.expr | None) -> str:
    """Return `c` of the expression `a.b.c` or `c`; empty for any other."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _chain(node: ast.stmt) -> Iterator[tuple[int, list[ast.stmt]]]:
    """Follow `if model_id == 0: ... elif ...`; the last `else`, which refuses, is no branch."""
    while isinstance(node, ast.If):
        number = compared(node.test)
        if number is not None:
            yield number, node.body
        if len(node.orelse) != 1:
            return
        node = node.orelse[0]


def compared(test: ast.expr) -> int | None:
    """Return the number in `model_id == number`, or None."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            try:
                number = ast.literal_eval(right)
            except ValueError:
                return None
            named = last_name(left) == _ID
            return number if named and isinstance(number, int) else None
    return None


def _read(number: int, body: list[ast.stmt]) -> Branch:
    assigned = dict(item for statement in body for item in _assignments(statement))
    name, data_range = (assigned.get(key) for key in ("name", "data_range"))
    named = _text(name, number) if name else None
    texts = list(dict.fromkeys(text for node in body for text in _texts(node, number)))
    imported = [m for node in body for m in _imports(node)] + texts
    modules = (module for module in imported if module.startswith("models."))
    return Branch(
        id=number,
        name=" ".join((named or "").split()),
        data_range=_number(data_range),
        modules=tuple(dict.fromkeys(modules)),
        strings=tuple(text for text in texts if not text.startswith("models.")),
        empty=all(isinstance(node, ast.Pass | ast.Expr) for node in body),
    )


def _assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield the plain assignments of a statement: `name, data_range = f"...", 1.0` gives two."""
    if not isinstance(statement, ast.Assign):
        return
    for target in statement.targets:
        match target, statement.value:
            case ast.Name(id=name), value:
                yield name, value
            case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
                for one, value in zip(names, values, strict=True):
                    yield last_name(one), value


def _imports(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _texts(node: ast.AST, number: int) -> Iterator[str]:
    """Yield the texts below `node`, joined paths as one."""
    text = _text(node, number) if isinstance(node, ast.expr) else None
    if text is not None:
        yield text
    if text is not None or isinstance(node, ast.JoinedStr):
        return  # the pieces of a text are not texts of their own
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, number)


def _text(node: ast.expr, number: int) -> str | None:
    """Work out a text: a literal, an f-string of `model_id`, `os.path.join` of such; or None."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            texts = [_text(part, number) for part in parts]
            return None if None in texts else "".join(filter(None, texts))
        case ast.FormattedValue(value=ast.Name(id=name), format_spec=spec) if name == _ID:
            how = _text(spec, number) if spec else ""
            return None if how is None else _formatted(number, how)
        case ast.Call(func=ast.Attribute(attr="join"), args=arguments) if arguments:
            texts = [_text(argument, number) for argument in arguments]
            known = [text for text in texts if text is not None]
            return posixpath.join(*known) if len(known) == len(texts) else None
    return None


def _formatted(number: int, how: str) -> str | None:
    try:
        return format(number, how)
    except ValueError:
        return None


def _number(node: ast.expr | None) -> float | None:
    try:
        value = ast.literal_eval(node) if node else None
    except ValueError:
        return None
    return float(value) if isinstance(value, int | float) else None
