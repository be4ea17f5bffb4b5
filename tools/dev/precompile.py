"""Precompile torch's headers once for mmcv's operators, and print the compiler flag that uses them.

Each of mmcv's 77 C++ files spends most of its compile time on torch/types.h. GCC checks by itself
that a precompiled header fits the flags of a compilation and otherwise reads the header as usual,
so the result cannot differ. Other compilers and CUDA builds get no flag.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools._distutils.ccompiler import new_compiler
from setuptools._distutils.sysconfig import customize_compiler


def main(folder: Path) -> None:
    import torch
    from torch.utils.cpp_extension import include_paths

    cxx = os.environ.get('CXX', 'c++')
    version = subprocess.run([cxx, '--version'], capture_output=True, text=True, check=False)
    builds_cuda = torch.cuda.is_available() or os.environ.get('FORCE_CUDA') == '1'
    if builds_cuda or 'Free Software Foundation' not in version.stdout:
        return

    header = folder / 'torch_types.h'
    header.write_text('#include <torch/types.h>\n')
    compiler = new_compiler()
    customize_compiler(compiler)
    includes = [f'-I{path}' for path in [*include_paths(), sysconfig.get_path('include')]]
    command = [cxx, *compiler.compiler_so[1:], '-std=c++17', *includes]
    command += ['-DTORCH_API_INCLUDE_EXTENSION_H', '-DTORCH_EXTENSION_NAME=_ext']
    command += ['-x', 'c++-header', str(header), '-o', f'{header}.gch']
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0:
        print(f'-include {header}')


if __name__ == '__main__':
    main(Path(sys.argv[1]))
