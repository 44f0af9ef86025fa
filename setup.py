"""Builds the engine: the same Cython text once for each instruction set and dtype.

Environment variables:
  SKNN_BUILD_ISA=all|native|baseline|avx2|avx512   builds all levels, those that this machine runs, or one beside
                   the baseline; default: native where the build stays here (editable, in place), all for a wheel
  SKNN_DEBUG=1     checks bounds, None and initialization in the Cython code
  SKNN_OPENMP=0    builds without OpenMP (one thread)
  SKNN_SANITIZE=1  with AddressSanitizer and UBSan, see .ci/run
  SKNN_OPTIMIZE=0|1|2|3  of the compiler (default: 2; 0 where sanitized)
"""

import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ENGINE = "sknn/engine"
# what Cython writes for memoryviews, compiled once for all modules of the engine
SHARED = "sknn.engine._memoryviews"
X86 = platform.machine().lower() in {"x86_64", "amd64"}
MSVC = sys.platform == "win32" and os.environ.get("CC", "cl") in {"cl", "cl.exe"}
DEBUG = os.environ.get("SKNN_DEBUG", "0") not in {"", "0"}
SANITIZE = os.environ.get("SKNN_SANITIZE", "0") not in {"", "0"}

# -ffast-math would let the compiler assume that there is no NaN; -march=native would tie a wheel to
# the machine that built it.
FLAGS = {
    "baseline": [],
    "avx2": ["-mavx2", "-mfma"],
    "avx512": [
        *["-mavx2", "-mfma", "-mavx512f", "-mavx512vl", "-mavx512bw", "-mavx512dq"],
        "-mprefer-vector-width=512",
    ],
}
COMMON_FLAGS = [
    # of -O3 only what makes loops faster: the rest is a quarter of the compiler's time, and no gain
    f"-O{os.environ.get('SKNN_OPTIMIZE', '0' if SANITIZE else '2')}",
    *["-ftree-vectorize", "-fvect-cost-model=dynamic"],
    *["-fno-math-errno", "-fno-trapping-math", "-Wno-unused-function"],
    *([] if SANITIZE or DEBUG else ["-g0"]),  # a third of the compiler's time
]
# the names of the engine's own functions, of use to a debugger only
STRIPPED = ["-Wl,-s"] if sys.platform == "linux" and not SANITIZE and not DEBUG else []
# undefined behavior ends the process, as a wrong address does
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"] if SANITIZE else []
DIRECTIVES = {
    "language_level": 3,
    "cdivision": True,
    "freethreading_compatible": True,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": DEBUG,
}


def levels(stays_here):
    """The instruction sets to build; the baseline always, as what every machine can run."""
    wanted = os.environ.get("SKNN_BUILD_ISA", "native" if stays_here else "all")
    if wanted not in {"all", "native", *FLAGS}:
        raise SystemExit(f"SKNN_BUILD_ISA={wanted!r} is none of all, native, {', '.join(FLAGS)}")
    if not X86 or MSVC:
        return ["baseline"]
    if wanted == "all":
        return list(FLAGS)
    if wanted == "native":
        return list(FLAGS)[: list(FLAGS).index(native_level()) + 1]
    return ["baseline"] if wanted == "baseline" else ["baseline", wanted]


def native_level():
    """The best level of the machine that builds (Linux; elsewhere AVX2)."""
    try:
        with open("/proc/cpuinfo") as file:
            has = set(next(line for line in file if line.startswith("flags")).split())
    except (OSError, StopIteration):
        return "avx2"
    if {"avx512f", "avx512vl", "avx512bw", "avx512dq"} <= has:
        return "avx512"
    return "avx2" if {"avx2", "fma"} <= has else "baseline"


def openmp_flags():
    """(compile, link) flags of OpenMP, or none."""
    if os.environ.get("SKNN_OPENMP", "1") == "0":
        return [], []
    if MSVC:
        return ["/openmp"], []
    if sys.platform == "darwin":  # Apple's clang has no -fopenmp of its own
        return (["-Xpreprocessor", "-fopenmp"], ["-lomp"]) if has_libomp() else ([], [])
    return ["-fopenmp"], ["-fopenmp"]


def has_libomp():
    """On macOS libomp is found through CPPFLAGS and LDFLAGS, as for scikit-learn's own build."""
    return "omp" in os.environ.get("LDFLAGS", "")


def extension(name, flags=(), macros=(), suffix=".pyx"):
    compile_openmp, link_openmp = openmp_flags()
    return Extension(
        f"sknn.engine.{name}",
        [f"{ENGINE}/{name}{suffix}"],
        include_dirs=[ENGINE],
        define_macros=list(macros),
        depends=sorted(
            os.path.join(folder, file)
            for folder, _, files in os.walk(ENGINE)
            for file in files
            if file.endswith((".pxi", ".h"))
        ),
        extra_compile_args=[
            *(["/O2"] if MSVC else COMMON_FLAGS),
            *flags,
            *SANITIZERS,
            *compile_openmp,
        ],
        extra_link_args=[*SANITIZERS, *STRIPPED, *link_openmp],
    )


def extensions(stays_here=False):
    found = [extension("_cpu"), extension("_memoryviews", suffix=".c")]  # Cython writes it
    for level in levels(stays_here):
        found.append(extension(f"_engine_{level}_float32", FLAGS[level]))
        found.append(extension(f"_engine_{level}_float64", FLAGS[level], [("SKNN_DOUBLE", "1")]))
    return found


class ParallelBuild(build_ext):
    """Translates and compiles the extensions side by side, in processes; a source distribution needs neither."""

    def finalize_options(self):
        if self.inplace or self.editable_mode:
            self.distribution.ext_modules = extensions(stays_here=True)
        super().finalize_options()

    def build_extensions(self):
        translated = cythonize(
            self.extensions,
            compiler_directives=DIRECTIVES,
            shared_utility_qualified_name=SHARED,
            build_dir="build/cython" + ("-debug" if DEBUG else ""),
            nthreads=os.cpu_count() if sys.platform == "linux" else 0,
        )
        for module, in_c in zip(self.extensions, translated, strict=True):
            module.sources = in_c.sources
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(self.build_extension, self.extensions):
                pass


setup(ext_modules=extensions(), cmdclass={"build_ext": ParallelBuild})
