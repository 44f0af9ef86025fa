"""Probe: how much faster a register tile is with bfloat16 products and float32 sums than with float32 throughout.

A program in C, compiled here, multiplies panels that stay in the first-level cache: 6 rows and 64 columns, as the
engine's tile has them with AVX-512, once by ``vfmadd231ps``, once by ``vdpbf16ps``, which adds the products of
pairs of bfloat16 to float32. Both are what a whole training step can gain at most: loads of rounded operands, the
rounding itself, optimizer and activations come on top.

A `dtype` of bfloat16 is worth its code from a gain of 1.3 on. It needs a processor with AVX512_BF16 (Cooper Lake,
Sapphire Rapids, Zen 4 or newer); the probe says so where there is none.
"""

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from _common import Goals, finish, interleave, parse_arguments, print_table, summarise

PROGRAM = r"""
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MR = 6, NR = 4, K = 128, REPEATS = 200000 };
_Alignas(64) float a32[MR][K], b32[K][NR * 16], c[MR][NR * 16];
_Alignas(64) unsigned a16[MR][K / 2], b16[K / 2][NR * 16]; /* pairs */

#define TILE(LENGTH, MULTIPLY_ADD)                                                                   \
    __m512 sum[MR][NR];                                                                            \
    for (int m = 0; m < MR; m++)                                                                   \
        for (int n = 0; n < NR; n++) sum[m][n] = _mm512_loadu_ps(&c[m][n * 16]);                   \
    for (int k = 0; k < LENGTH; k++)                                                               \
        for (int m = 0; m < MR; m++)                                                               \
            for (int n = 0; n < NR; n++) sum[m][n] = MULTIPLY_ADD;                                 \
    for (int m = 0; m < MR; m++)                                                                   \
        for (int n = 0; n < NR; n++) _mm512_storeu_ps(&c[m][n * 16], sum[m][n]);

__attribute__((noinline)) static void float32_tile(void)
{
    TILE(K, _mm512_fmadd_ps(_mm512_set1_ps(a32[m][k]), _mm512_loadu_ps(&b32[k][n * 16]), sum[m][n]))
}

__attribute__((noinline)) static void bfloat16_tile(void)
{
    TILE(K / 2, _mm512_dpbf16_ps(sum[m][n], (__m512bh)_mm512_set1_epi32((int)a16[m][k]),
                                        (__m512bh)_mm512_loadu_si512(&b16[k][n * 16])))
}

int main(int argc, char **argv)
{
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bf16")) return 3;
    struct timespec begin, end;
    const int bfloat16 = argc > 1 && strcmp(argv[1], "bfloat16") == 0;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < REPEATS; i++) {
        if (bfloat16) bfloat16_tile();
        else float32_tile();
        __asm__ volatile("" ::: "memory");
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.9f\n", (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec));
    return 0;
}
"""
NEITHER = 3
WORTH = 1.3


def compiled(folder):
    """The program; None where the compiler does not know the instruction."""
    source, program = Path(folder) / "probe.c", Path(folder) / "probe"
    source.write_text(PROGRAM, encoding="utf-8")
    command = [os.environ.get("CC", "cc"), "-O2", "-funroll-loops", "-mavx512f", "-mavx512bf16"]
    done = subprocess.run([*command, str(source), "-o", str(program)], check=False)
    return None if done.returncode else program


def contender(program, precision):
    """A contender that runs one of the tiles."""

    def run():
        done = subprocess.run([program, precision], capture_output=True, text=True, check=True)
        return float(done.stdout)

    return run


def main():
    options = parse_arguments(__doc__)
    gain, rows = math.nan, []
    with tempfile.TemporaryDirectory() as folder:
        program = compiled(folder)
        if program is None:
            sys.exit("the C compiler does not compile AVX512_BF16")
        if subprocess.run([program], capture_output=True, check=False).returncode == NEITHER:
            print("this processor has no AVX512_BF16: nothing to compare")
        else:
            contenders = {name: contender(program, name) for name in ("float32", "bfloat16")}
            figures = summarise(interleave(contenders, 2 if options.quick else 9))
            rows = [{"contender": name, **one} for name, one in figures.items()]
            gain = figures["float32"]["seconds"] / figures["bfloat16"]["seconds"]
            print_table(
                ["tile", "ms", "spread"],
                [
                    [row["contender"], f"{row['seconds'] * 1e3:.1f}", f"{row['spread']:.0%}"]
                    for row in rows
                ],
            )
    goals = Goals()
    goals.at_least("float32 / bfloat16", gain, WORTH)
    finish(options, __file__, goals, rows)


if __name__ == "__main__":
    main()
