"""An entry's own modules: its folder stands behind Python, what is installed, and no library.

Its files find one another by a finder of their own, and nothing else does: a `profile.py` beside
the network is not what PyTorch gets where it imports Python's. A package's `__init__` runs when a
name of it is first wanted: that of a training repository imports what training needs.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from os.path import commonpath
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from harness.errors import LoadingError

_PACKAGE = "submission"  # of a file that lies in no package of its own
_CIRCLE = "partially initialized module"  # as Python says


def load_file(file: Path, root: Path, folder: Path) -> ModuleType:
    """Import a Python file as a module of its packages, which lie below `root`.

    All files of the entry lie below `folder`. Where packages whose `__init__` runs late import one
    another in a circle, all is imported anew, as Python does. Raises LoadingError, and what the
    file raises.
    """
    parts = file.parent.relative_to(root).parts if file.is_relative_to(root) else ()
    packages = parts if _is_free(parts) else ()
    finder = OwnModules(folder, (root, file.parent), packages[0] if packages else "")
    sys.meta_path.insert(0, finder)
    try:
        return _loaded(file, packages)
    except (ImportError, AttributeError) as error:
        if _CIRCLE not in str(error):
            raise
    finder.lazy = False
    finder.forget()
    return _loaded(file, packages)


def _loaded(file: Path, packages: Sequence[str]) -> ModuleType:
    if packages:
        package = importlib.import_module(".".join(packages)).__name__
    else:
        package = _PACKAGE
        sys.modules[package] = module_from_spec(_package_spec(package, file.parent))
    spec = spec_from_file_location(f"{package}.{file.stem.replace('.', '_')}", file)
    if spec is None or spec.loader is None:
        raise LoadingError(f"model.file {file.name} is not a Python file; name the network's file")
    if packages and spec.name in sys.modules:  # its package imported it
        return sys.modules[spec.name]
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _is_free(parts: Sequence[str]) -> bool:
    """Tell whether a package may bear the name of these folders."""
    if not parts or any("." in part for part in parts):
        return False
    return parts[0] not in sys.stdlib_module_names and parts[0] not in sys.modules


def _package_spec(name: str, folder: Path) -> ModuleSpec:
    init = folder / "__init__.py"
    if init.is_file():
        loader = _Lazy(name, str(init))
        spec = spec_from_file_location(name, init, loader=loader)
        assert spec
    else:
        spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return spec


class OwnModules(MetaPathFinder):
    """Finds what lies at the top of `places` and below, for imports by files below `folder`.

    The package `first`, the network's own, is found before one that is installed.
    """

    def __init__(self, folder: Path, places: Sequence[Path], first: str = "") -> None:
        self.folder, self.places, self.first = folder, places, first
        self.lazy = True  # the `__init__` of a package runs when a name of it is first wanted

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the entry."""
        if path is None:
            path = [str(place) for place in self.places]
            if not self._asked() or (fullname != self.first and self._is_elsewhere(fullname)):
                return None
        elif not any(Path(place).is_relative_to(self.folder) for place in path):
            return None
        spec = PathFinder.find_spec(fullname, path)
        package = spec is not None and spec.submodule_search_locations
        if self.lazy and spec and package and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Lazy(spec.loader.name, spec.loader.path)
        return spec

    def holds(self, module: ModuleType) -> bool:
        """Tell whether a module, or a folder of a package, lies in the entry."""
        spec = getattr(module, "__spec__", None)  # unlike `__path__` it is what it is called
        if not isinstance(spec, ModuleSpec):
            return False
        places = [*(spec.submodule_search_locations or ()), spec.origin or "/"]
        return any(Path(place).is_relative_to(self.folder) for place in places)

    def forget(self) -> None:
        """Let what was imported of the entry be imported anew."""
        for name in [name for name, module in sys.modules.items() if self.holds(module)]:
            del sys.modules[name]

    def find(self, name: str) -> Iterator[Path]:
        """Yield where a file or folder of this name lies in the entry, relative to its folder.

        The nearest to the network's file is the first.
        """
        network = self.places[-1]
        for pattern in (f"{name}.py", name):
            found = sorted(self.folder.rglob(pattern))
            for place in sorted(found, key=lambda one: -len(commonpath((one, network)))):
                if place.suffix == ".py" or any(place.glob("*.py")):
                    yield place.relative_to(self.folder)

    def _asked(self) -> bool:
        asking = asking_file(3)
        return asking == __file__ or asking.startswith(f"{self.folder}/")

    def _is_elsewhere(self, name: str) -> bool:
        """Tell whether another finder knows `name`; a folder of that name is no package."""
        for finder in sys.meta_path:
            if isinstance(finder, OwnModules):
                continue
            try:
                spec = finder.find_spec(name, None)
            except ModuleNotFoundError:  # the wall's
                return False
            if spec and spec.origin is not None:
                return True
        return False


def asking_file(depth: int) -> str:
    """Return the file of the code that imports, `depth` frames up; importlib's are passed over."""
    frame: FrameType | None = sys._getframe(depth)
    while frame and _is_importlib(frame.f_code.co_filename):
        frame = frame.f_back
    return frame.f_code.co_filename if frame else ""


def _is_importlib(file: str) -> bool:
    return file.startswith("<frozen importlib") or file == importlib.__file__


class _Lazy(SourceFileLoader):
    """Loads a package without its `__init__`, which runs when a name of it is first wanted."""

    begun = False
    failure: BaseException | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the package."""
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it was made."""

    def run(self, module: ModuleType) -> None:
        """Run its `__init__`, once."""
        self.begun = True
        try:
            super().exec_module(module)
        except BaseException as error:
            self.failure = error
            raise


class _Package(ModuleType):
    def __getattr__(self, name: str) -> Any:
        loader = self.__spec__.loader if self.__spec__ else None
        hidden = name.startswith("__") and name not in ("__all__", "__version__")
        if hidden or not isinstance(loader, _Lazy):
            raise AttributeError(name)
        try:
            if not loader.begun:
                loader.run(self)
            elif loader.failure:
                raise loader.failure
        except BaseException:
            if PathFinder.find_spec(f"{self.__name__}.{name}", self.__path__):
                raise AttributeError(name) from None  # it is a module, which is imported next
            raise
        if name in self.__dict__:
            return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
