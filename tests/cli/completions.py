"""What is installed: completions of every command for three shells, manual pages, programs.

usage: completions.py BUILD_DIR
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

import suite
from support.released import BUILD, PROGRAMS, ROOT, run


def commands(*words):
    """(words of a command, its subcommands, its options) for a program and all its commands, from their --help."""
    text = run(BUILD / "bin" / words[0], *words[1:], "--help").stdout
    subcommands = re.findall(r"^  (\S+)", text.partition("\nSubcommands:\n")[2], re.MULTILINE)
    options = re.findall(r"^  (?:-\w,\s*)?(--[a-z0-9-]+)", text, re.MULTILINE)
    found = [(words, set(subcommands), set(options))]
    for name in subcommands:
        found += commands(*words, name)
    return found


def everything():
    return [command for program in PROGRAMS for command in commands(program)]


def share():
    """Completions as tools/stage installs them; made once."""
    if not hasattr(share, "directory"):
        share.directory = tempfile.TemporaryDirectory()
        run(ROOT / "tools/completions", BUILD / "bin", share.directory.name)
    return Path(share.directory.name)


def completed_by_bash(asked):
    """What bash offers for each list of words, of which the last is being typed."""
    script = "".join(f"source '{share()}/bash-completion/completions/{program}'\n" for program in PROGRAMS)
    for words in asked:
        function = "_" + words[0].replace("-", "_")
        script += f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; COMPREPLY=(); {function}\n"
        script += 'echo "${COMPREPLY[*]}"\n'
    return [set(line.split()) for line in run("bash", "-euc", script).stdout.splitlines()]


def bash_completes_every_command_and_option():
    every = everything()
    assert len(every) > 25, every
    asked = [words for path, _, _ in every for words in ([*path, ""], [*path, "--"])]
    offered = completed_by_bash(asked)
    for number, (path, subcommands, options) in enumerate(every):
        assert offered[2 * number] == subcommands, (path, offered[2 * number] ^ subcommands)
        assert offered[2 * number + 1] == options, (path, offered[2 * number + 1] ^ options)


def bash_completes_after_options():
    assert completed_by_bash([["mpcctl", "image", "digest", "--json", "--fi"]]) == [{"--file"}]


def fish_completes_every_command_and_option():
    if shutil.which("fish") is None:
        raise suite.Skip("fish is not installed")
    with tempfile.TemporaryDirectory() as home:
        for program in PROGRAMS:
            every = commands(program)
            script = f"source {share()}/fish/vendor_completions.d/{program}.fish\n"
            for path, _, _ in every:
                script += f"complete -C '{' '.join(path)} '; echo =; complete -C '{' '.join(path)} --'; echo =\n"
            environment = {**os.environ, "HOME": home, "PATH": f"{BUILD}/bin:{os.environ['PATH']}"}
            answers = run("fish", "--no-config", "-c", script, env=environment, cwd=home).stdout.split("=\n")
            for number, (path, subcommands, options) in enumerate(every):
                first, second = ({line.split("\t")[0] for line in answers[2 * number + at].splitlines()} for at in (0, 1))
                assert subcommands <= first, (path, subcommands - first)
                assert options <= second, (path, options - second)


def zsh_completes_every_command_and_option():
    if shutil.which("zsh") is None:
        raise suite.Skip("zsh is not installed")
    # In the place of zsh's own functions, which need a terminal, are ones that print what they are given.
    stubs = "_describe() { local name=${@[-1]}; print -rl -- ${(P)name%%:*} }\n_files() { }\n"
    for program in PROGRAMS:
        function = share() / f"zsh/site-functions/_{program}"
        every = commands(program)
        script = stubs + f"complete_() {{ source {function} }}\n"
        for path, _, _ in every:
            for prefix in ("", "--"):
                words = " ".join([*path, f"'{prefix}'"])
                script += f"words=({words}); CURRENT={len(path) + 1}; PREFIX='{prefix}'; complete_; print =\n"
        answers = run("zsh", "-f", "-c", script).stdout.split("=\n")
        for number, (path, subcommands, options) in enumerate(every):
            assert set(answers[2 * number].split()) == subcommands, (path, answers[2 * number])
            assert set(answers[2 * number + 1].split()) == options, (path, answers[2 * number + 1])


def what_is_installed_is_in_its_place():
    with tempfile.TemporaryDirectory() as directory:
        run("sh", "-c", f"umask 077; {ROOT}/tools/stage {BUILD}/bin {directory}/usr")
        names = {str(path.relative_to(directory)) for path in Path(directory).rglob("*") if path.is_file()}
        assert names == {
            *(f"usr/bin/{program}" for program in PROGRAMS), "usr/share/man/man1/mpcctl.1", "usr/share/man/man8/mpc-launcher.8",
            *(f"usr/share/bash-completion/completions/{program}" for program in PROGRAMS),
            *(f"usr/share/zsh/vendor-completions/_{program}" for program in PROGRAMS),
            *(f"usr/share/fish/vendor_completions.d/{program}.fish" for program in PROGRAMS)}, names
        modes = {path.stat().st_mode & 0o777 for path in Path(directory).rglob("*") if path.is_dir() or path.parent.name == "bin"}
        assert modes == {0o755}, [oct(mode) for mode in modes]


suite.run([
    bash_completes_every_command_and_option,
    bash_completes_after_options,
    fish_completes_every_command_and_option,
    zsh_completes_every_command_and_option,
    what_is_installed_is_in_its_place,
])
