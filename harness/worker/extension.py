"""C++ and CUDA sources compiled as one extension of torch, in place: a script of its own.

`extension.py SOURCE...`, in the folder that the sources are relative to. The extension is called
as the first source. Without a CUDA device the CUDA sources are left out; with one, the macro
WITH_CUDA is defined. It imports nothing of the project, and needs no ninja.
"""

import sys
from pathlib import Path

import torch
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CppExtension, CUDAExtension


def main(sources: list[str]) -> None:
    """Compile and link."""
    cuda = torch.cuda.is_available() and any(Path(one).suffix == ".cu" for one in sources)
    kind = CUDAExtension if cuda else CppExtension
    taken = [one for one in sources if cuda or Path(one).suffix != ".cu"]
    extension = kind(  # type: ignore[no-untyped-call]
        Path(sources[0]).stem,
        taken,
        extra_compile_args={"cxx": ["-O3"], "nvcc": ["-O3"]},
        define_macros=[("WITH_CUDA", None)] if cuda else [],
    )
    setup(
        name=extension.name,
        ext_modules=[extension],
        cmdclass={"build_ext": BuildExtension},
        script_args=["build_ext", "--inplace"],
    )


if __name__ == "__main__":
    main(sys.argv[1:])
