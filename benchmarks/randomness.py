"""Streams of deepen.functions.random over many keys, for batteries that read stdin.

    python -m benchmarks.randomness --run                          # dieharder -a, where installed
    python -m benchmarks.randomness --run --tests 0 1 2 3 15 100   # some of its tests
    python -m benchmarks.randomness | dieharder -a -g 200
    python -m benchmarks.randomness | RNG_test stdin32             # PractRand
    python -m benchmarks.randomness | ./testu01_stdin -b           # TestU01 behind a reader of stdin

A weak generator passes as one stream and fails across keys. So the words of ``--keys`` keys are
interleaved: word 0 of every key, word 1 of every key, and so on for ``--words``, then other keys.
``--layout blocks`` writes all words of one key before the next one's. ``--derive`` says where the keys
come from: "engine" as a training run makes them (seed, epoch, step, site), "seeds" from consecutive
seeds, "raw" the two words (0, k) for consecutive k, which only the generator itself can part.
``--source`` takes the bits themselves, the bits of fair coins from ``bernoulli``, or the leading 16
bits of ``uniform``. Endless unless ``--limit`` is given; a closed pipe ends it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepen.functions.random import bernoulli, random_bits, uniform

N_SITES = 4  # keys split off one step's, as a network of three layers with dropout does
STEPS_PER_EPOCH = 600
WORD_BITS = 32
SUSPECT = 1e-3  # p-values nearer to 0 or 1 than half of this deserve a second look


def engine_keys(start: Any, n_keys: int, seed: int) -> Any:
    """Keys of consecutive sites, steps and epochs of one training run."""
    base = jax.random.key(seed, impl="threefry2x32")

    def one(i: Any) -> Any:
        site, step = i % N_SITES, i // N_SITES
        epoch, step = step // STEPS_PER_EPOCH, step % STEPS_PER_EPOCH
        step_key = jax.random.fold_in(jax.random.fold_in(base, epoch), step)
        return jax.random.split(step_key, N_SITES)[site]

    return jax.vmap(one)(start + jnp.arange(n_keys, dtype=jnp.uint32))


def seed_keys(start: Any, n_keys: int, seed: int) -> Any:
    """The first site's key in runs of consecutive seeds."""

    def one(i: Any) -> Any:
        base = jax.random.wrap_key_data(jnp.stack([jnp.uint32(0), i]), impl="threefry2x32")
        step_key = jax.random.fold_in(jax.random.fold_in(base, 0), 0)
        return jax.random.split(step_key, N_SITES)[0]

    return jax.vmap(one)(jnp.uint32(seed) + start + jnp.arange(n_keys, dtype=jnp.uint32))


def raw_keys(start: Any, n_keys: int, seed: int) -> Any:
    """Keys whose two words are (seed, k): neighbours in one bit or a few."""
    low = start + jnp.arange(n_keys, dtype=jnp.uint32)
    words = jnp.stack([jnp.full_like(low, seed), low], axis=1)
    return jax.random.wrap_key_data(words, impl="threefry2x32")


def packed(bits: Any) -> Any:
    """Words made of 32 booleans each, (..., 32 n) -> (..., n)."""
    by_word = bits.reshape(*bits.shape[:-1], -1, WORD_BITS).astype(jnp.uint32)
    return (by_word << jnp.arange(WORD_BITS, dtype=jnp.uint32)).sum(axis=-1, dtype=jnp.uint32)


def from_bernoulli(key: Any, n_words: int) -> Any:
    return packed(bernoulli(key, jnp.float32(0.5), (n_words * WORD_BITS,)))


def from_uniform(key: Any, n_words: int) -> Any:
    halves = (uniform(key, (2 * n_words,)) * 2**16).astype(jnp.uint32)
    return halves[0::2] | (halves[1::2] << jnp.uint32(16))


KEYS: dict[str, Callable[..., Any]] = {"engine": engine_keys, "seeds": seed_keys, "raw": raw_keys}
SOURCES: dict[str, Callable[[Any, int], Any]] = {
    "bits": lambda key, n_words: random_bits(key, (n_words,)),
    "bernoulli": from_bernoulli,
    "uniform": from_uniform,
}


def stream(args: argparse.Namespace) -> Iterator[bytes]:
    """Bytes of the interleaved streams, one group of keys after another, without end."""

    @jax.jit
    def group(start: Any) -> Any:
        keys = KEYS[args.derive](start, args.keys, args.seed)
        words = jax.vmap(lambda key: SOURCES[args.source](key, args.words))(keys)
        return words.T if args.layout == "interleaved" else words

    start = 0
    while True:
        yield np.ascontiguousarray(group(jnp.uint32(start % 2**WORD_BITS))).tobytes()
        start += args.keys


def write(args: argparse.Namespace) -> None:
    """Send the stream to stdout until the reader leaves or the limit is reached."""
    left = args.limit if args.limit is not None else float("inf")
    try:
        for block in stream(args):
            part = block if len(block) <= left else block[: int(left)]
            sys.stdout.buffer.write(part)
            left -= len(part)
            if left <= 0:
                break
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python would complain once more when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run_dieharder(args: argparse.Namespace) -> int:
    """Run dieharder over the stream, show its table, and say what stands out."""
    if shutil.which("dieharder") is None:
        sys.stdout.write("dieharder is not installed (Debian: apt-get install dieharder).\n")
        return 0
    p_values = []
    for selection in [["-d", str(t)] for t in args.tests] or [["-a"]]:
        for line in _dieharder(args, selection):
            found = re.match(r"\s*(\S+)\|\s*(\d+)\|\s*(\d+)\|\s*(\d+)\|([\d.]+)\|\s*(\w+)", line)
            if found:
                p_values.append((float(found[5]), found[1], found[2], found[6]))
                sys.stdout.write(line)
                sys.stdout.flush()
    n_suspect = sum(min(p, 1 - p) < SUSPECT / 2 for p, *_ in p_values)
    n_failed = sum(verdict == "FAILED" for *_, verdict in p_values)
    sys.stdout.write(
        f"{len(p_values)} p-values, {n_failed} FAILED, {n_suspect} within {SUSPECT / 2:g} of 0 or 1"
        f" ({SUSPECT * len(p_values):.1f} expected); source {args.source}, keys {args.derive},"
        f" {args.keys} keys x {args.words} words, {args.layout}, seed {args.seed}\n"
    )
    return int(n_failed > 0)


def _dieharder(args: argparse.Namespace, selection: list[str]) -> Iterator[str]:
    own = {k: getattr(args, k) for k in ("keys", "words", "layout", "derive", "source", "seed")}
    options = [text for name, value in own.items() for text in (f"--{name}", str(value))]
    writer = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.randomness", *options], stdout=subprocess.PIPE
    )
    command = ["dieharder", *selection, "-g", "200"]
    reader = subprocess.Popen(command, stdin=writer.stdout, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None and reader.stdout is not None
    writer.stdout.close()  # so that the writer hears when the reader leaves
    yield from reader.stdout
    reader.wait()
    writer.wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.randomness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--keys", type=int, default=4096)
    parser.add_argument("--words", type=int, default=256, help="of each key")
    parser.add_argument("--layout", choices=["interleaved", "blocks"], default="interleaved")
    parser.add_argument("--derive", choices=list(KEYS), default="engine")
    parser.add_argument("--source", choices=list(SOURCES), default="bits")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, help="bytes to write")
    parser.add_argument("--run", action="store_true", help="run dieharder, where installed")
    parser.add_argument("--tests", type=int, nargs="+", default=[], help="dieharder's numbers")
    args = parser.parse_args()
    if args.run:
        sys.exit(run_dieharder(args))
    write(args)


if __name__ == "__main__":
    main()
