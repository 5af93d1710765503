"""What the suites of what is published have in common: where things are, running a command, a release of the built programs."""

import subprocess
import sys
import tempfile
from pathlib import Path

import suite

BUILD = Path(sys.argv[1]).resolve()
ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ("mpc-launcher", "mpcctl")


def read(*parts):
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def run(*command, code=0, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **more)
    assert done.returncode == code, f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def skip_if_sanitized():
    if "MPC_SANITIZE:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text(encoding="utf-8"):
        raise suite.Skip("a sanitized build is not what is released")


def lines_of(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def release():
    """A release of the built programs; made once."""
    skip_if_sanitized()
    if not hasattr(release, "directory"):
        release.directory = tempfile.TemporaryDirectory()
        run(ROOT / "tools/release", BUILD, release.directory.name)
    return Path(release.directory.name)


def one(pattern):
    (path,) = release().glob(pattern)
    return path
