"""Finds the tests, runs them in a few worlds at a time, and reports."""

import argparse
import importlib.util
import itertools
import multiprocessing
import os
import queue
import shutil
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .cvm import die_with_parent, sweep
from .world import REPOSITORY, World

_NEEDED = ("dockerd", "containerd", "docker-registry", "skopeo", "busybox", "ip", "iptables", "nsenter", "unshare",
           "strace")
_tests = []


class Skip(Exception):
    """Raised by a test that cannot be run here; says why."""


@dataclass
class Test:
    function: Callable
    parameters: dict = field(default_factory=dict)

    @property
    def name(self):
        """The function's name as a sentence, and what it was given."""
        sentence = self.function.__name__.replace("_", " ")
        given = ", ".join(str(value) for value in self.parameters.values())
        return sentence + (f" ({given})" if given else "")


def test(function):
    """Marks a test. It is given a fresh World."""
    _tests.append(Test(function))
    return function


def each(**axes):
    """Marks a test that is run once for each combination of the values."""
    def mark(function):
        for values in itertools.product(*axes.values()):
            _tests.append(Test(function, dict(zip(axes, values))))
        return function
    return mark


def _load(directory):
    for path in sorted(directory.glob("test_*.py")):
        specification = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)


# --- one worker -------------------------------------------------------------------------------------------------------


def _run_one(world, test_):
    """("ok" | "skip" | "FAIL", text)."""
    try:
        world.fresh()
        test_.function(world, **test_.parameters)
        return "ok", ""
    except Skip as skip:
        return "skip", str(skip)
    except Exception:  # whatever it was, it is this test's failure and not the end of the others
        return "FAIL", traceback.format_exc()


def _work(binaries, tasks, results):
    def end(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # so that the clean-up is not interrupted
        sys.exit(1)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to us as well; our parent decides
    die_with_parent(signal.SIGTERM)
    world = None
    try:
        while (number := tasks.get()) is not None:
            started = time.monotonic()
            try:
                world = world or World(binaries).__enter__()
                verdict, text = _run_one(world, _tests[number])
            except Exception:
                verdict, text = "FAIL", traceback.format_exc()
            if verdict == "FAIL" and world is not None:
                complaints = [line for line in world.cvm.engine_log().splitlines() if "level=error" in line]
                text += "".join(f"dockerd: {line[:300]}\n" for line in complaints[-3:])
                world.__exit__()
                world = None  # what a failed test left behind must not fail the next one
            results.put((number, verdict, time.monotonic() - started, text))
    finally:
        if world is not None:
            world.__exit__()


# --- all of them ------------------------------------------------------------------------------------------------------


def obstacle():
    """Why no CVM can be simulated on this machine, or None."""
    if os.geteuid() != 0:
        return "needs root, for namespaces and a Docker Engine"
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        return f"missing: {' '.join(missing)} (run tools/setup tests)"
    return None


def _run_all(chosen, binaries, workers):
    """Yields (number, verdict, seconds, text) as they come."""
    tasks, results = multiprocessing.Queue(), multiprocessing.Queue()
    for number in chosen:
        tasks.put(number)
    processes = [multiprocessing.Process(target=_work, args=(binaries, tasks, results)) for _ in range(workers)]
    for process in processes:
        tasks.put(None)
        process.start()
    try:
        for _ in chosen:
            while True:
                try:
                    yield results.get(timeout=1)
                    break
                except queue.Empty:
                    if not any(process.is_alive() for process in processes):
                        raise RuntimeError("the tests' workers died") from None
    except BaseException:
        for process in processes:
            process.terminate()
        raise
    finally:
        for process in processes:
            process.join()


def _worlds():
    """One more than processors: a launch often waits, for a node to prove that it stays up."""
    return min(len(os.sched_getaffinity(0)) + 1, 5)


def main(directory: Path):
    parser = argparse.ArgumentParser(description="End-to-end tests on a real Docker Engine and a real registry.")
    parser.add_argument("filter", nargs="*", help="run only tests whose name contains one of these")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build/bin", help="where mpc-launcher and mpcctl are")
    parser.add_argument("--jobs", "-j", type=int, default=_worlds(),
                        help="worlds at a time (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="only print the names")
    options = parser.parse_args()

    _load(directory)
    chosen = [number for number, one in enumerate(_tests)
              if not options.filter or any(word.lower() in one.name.lower() for word in options.filter)]
    if options.list:
        print(*(_tests[number].name for number in chosen), sep="\n")
        return 0
    if not chosen:
        print("no test has such a name", file=sys.stderr)
        return 2
    for program in ("mpc-launcher", "mpcctl"):
        if not (options.bin / program).exists():
            print(f"{options.bin / program} does not exist: run make build", file=sys.stderr)
            return 2
    return _report(chosen, options)


def _report(chosen, options):
    started = time.monotonic()
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    failed = []
    reason = obstacle()
    if reason:
        outcomes = ((number, "skip", 0.0, reason) for number in chosen)
    else:
        sweep()
        outcomes = _run_all(chosen, options.bin.resolve(), max(1, min(options.jobs, len(chosen))))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for number, verdict, seconds, text in outcomes:
            counts[verdict] += 1
            why = f"  [{text}]" if verdict == "skip" else ""
            print(f"{verdict:4} {seconds:5.1f}s  {_tests[number].name}{why}", flush=True)
            if verdict == "FAIL":
                failed.append(_tests[number].name)
                print("".join(f"    {line}\n" for line in text.splitlines()), flush=True)
    except KeyboardInterrupt:
        outcomes.close()  # ends the workers, which clean up
        print("interrupted", file=sys.stderr)
        return 130
    if failed:
        print("failed:", *failed, sep="\n    ")
    print(f"{len(chosen)} end-to-end tests in {time.monotonic() - started:.0f} s")
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    return 1 if failed else 0
