"""`select_model` of an official repository, read by its syntax tree. Pure.

Nothing is executed: the file's own imports need not be installed, and a repository is listed
without running code of 40 teams.
"""

import ast
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

FUNCTION = "select_model"
GIVEN = ("os", "torch")  # modules that it is given when it is called
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
    whole = function(source)
    names = ids(whole)
    found = (branch for node in whole.body for branch in _chain(node, names))
    return tuple(_read(dict.fromkeys(names, number), number, body) for number, body in found)


def function(source: str) -> ast.FunctionDef:
    """Return the syntax tree of `select_model`, to be executed without the rest of its file.

    What the file imports at its top is imported in those branches that use it: what other teams'
    branches need may be absent. Raises as `branches` does.
    """
    nodes = ast.parse(source).body
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name == FUNCTION:
            names = ids(node)
            bodies = [body for one in node.body for _, body in _chain(one, names)]
            rest = [one for one in node.body if not any(_chain(one, names))]
            node.body[:0] = _wanted(nodes, rest)
            for body in bodies:
                body[:0] = _wanted(nodes, body)
            return node
    raise ValueError(f"it defines no {FUNCTION}")


def _wanted(nodes: Sequence[ast.stmt], body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return those of `nodes` that import what `body` uses, and neither imports nor is given."""
    inside = [node for statement in body for node in ast.walk(statement)]
    own = {name for node in inside for name in _bound(node)}
    used = {node.id for node in inside if isinstance(node, ast.Name)} - own - set(GIVEN)
    return [node for node in nodes if used & set(_bound(node))]


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that an import binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def defines(source: str) -> bool:
    """Tell whether a file defines `select_model`. Raises SyntaxError where it is not Python."""
    nodes = ast.parse(source).body
    return any(isinstance(node, ast.FunctionDef) and node.name == FUNCTION for node in nodes)


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
    found = (body for node in whole.body for n, body in _chain(node, ids(whole)) if n == number)
    return whole, next(found)


def text_of(source: str, number: int) -> str:
    """Return what `select_model` does for one id: its text without the other branches."""
    whole, body = branch_of(source, number)
    kept = [node for node in whole.body if not any(_chain(node, ids(whole)))]
    return "\n".join(ast.unparse(node) for node in (whole.args, *kept, *body))


def chain(source: str) -> ast.If:
    """Return the first `if` of the branches. Raises ValueError where there is none."""
    whole = function(source)
    for node in whole.body:
        if isinstance(node, ast.If) and compared(node.test, ids(whole)) is not None:
            return node
    raise ValueError(f"its {FUNCTION} has no branch `if {_ID} == 0:`")


def givers(source: str) -> tuple[tuple[int, str], ...]:
    """List the modules that a file may have `select_model` from: dots before the name, and name.

    Raises SyntaxError where the text is not Python.
    """
    found: list[tuple[int, str]] = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and {FUNCTION, "*"} & {a.name for a in node.names}:
            found.append((node.level, node.module or ""))
    return tuple(found)


def ids(whole: ast.FunctionDef) -> tuple[str, ...]:
    """Return the names that stand for the id: `model_id`, the first argument, a copy of either."""
    names = [_ID, *(argument.arg for argument in whole.args.args[:1])]
    for statement in whole.body:
        names += [name for name, value in _assignments(statement) if last_name(value) in names]
    return tuple(dict.fromkeys(names))


def last_name(node: ast.expr | None) -> str:
    """Return `c` of the expression `a.b.c` or `c`; empty for any other."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _chain(node: ast.stmt, names: Collection[str]) -> Iterator[tuple[int, list[ast.stmt]]]:
    """Follow `if model_id == 0: ... elif ...`; the last `else`, which refuses, is no branch."""
    while isinstance(node, ast.If):
        number = compared(node.test, names)
        if number is not None:
            yield number, node.body
        if len(node.orelse) != 1:
            return
        node = node.orelse[0]


def compared(test: ast.expr, names: Collection[str]) -> int | None:
    """Return the number in `model_id == number`, or None; `names` stand for the id."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            try:
                number = ast.literal_eval(right)
            except ValueError:
                return None
            named = last_name(left) in names
            return number if named and isinstance(number, int) else None
    return None


def _read(known: Mapping[str, int], number: int, body: list[ast.stmt]) -> Branch:
    assigned = dict(item for statement in body for item in _assignments(statement))
    name, data_range = (assigned.get(key) for key in ("name", "data_range"))
    named = _text(name, known) if name else None
    texts = list(dict.fromkeys(text for node in body for text in _texts(node, known)))
    imported = [m for node in body for m in _imports(node)] + texts
    modules = (module for module in imported if module.startswith("models."))
    return Branch(
        id=number,
        name=" ".join((named or "").split()),
        data_range=_number(data_range),
        modules=tuple(dict.fromkeys(modules)),
        strings=tuple(text for text in texts if not text.startswith("models.")),
        empty=all(isinstance(node, ast.Pass | ast.Expr | ast.Raise) for node in body),
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


def _texts(node: ast.AST, known: Mapping[str, int]) -> Iterator[str]:
    """Yield the texts below `node`, joined paths as one."""
    text = _text(node, known) if isinstance(node, ast.expr) else None
    if text is not None:
        yield text
    if text is not None or isinstance(node, ast.JoinedStr):
        return  # the pieces of a text are not texts of their own
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, known)


def _text(node: ast.expr, known: Mapping[str, int]) -> str | None:
    """Work out a text: a literal, an f-string of the id, `os.path.join` of such; or None."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=pieces):
            texts = [_text(piece, known) for piece in pieces]
            return None if None in texts else "".join(filter(None, texts))
        case ast.FormattedValue(value=ast.Name(id=name), format_spec=spec) if name in known:
            how = _text(spec, known) if spec else ""
            return None if how is None else _formatted(known[name], how)
        case ast.Call(func=ast.Attribute(attr="join"), args=arguments) if arguments:
            texts = [_text(argument, known) for argument in arguments]
            parts = [text for text in texts if text is not None]
            return posixpath.join(*parts) if len(parts) == len(texts) else None
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
