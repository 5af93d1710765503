"""The documents say what the programs do: options, exit codes, the table of cases, links between files.

usage: documents.py BUILD_DIR
"""

import glob
import os
import re
import subprocess
import sys

import suite

BUILD = sys.argv[1]
CASES = 40 + 27 + 11 + 8 + 12 + 18 + 8 + 23 + 5 + 7 + 6 + 10
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def exit_codes():
    """(number, name) pairs from the code."""
    numbers = dict(re.findall(r"^    (\w+) = (\d+),", read("src", "base", "exit_code.h"), re.MULTILINE))
    names = dict(re.findall(r'case ExitCode::(\w+): return "([a-z-]+)"', read("src", "base", "exit_code.cpp")))
    return {(int(number), names[code]) for code, number in numbers.items()}


def help_text(*command):
    return subprocess.run([os.path.join(BUILD, "bin", command[0]), *command[1:], "--help"], capture_output=True, text=True,
                          check=True).stdout


def help_options(*command):
    return set(re.findall(r"^\s+(?:-\w,\s*)?(--[a-z0-9-]+)", help_text(*command), re.MULTILINE)) - {"--help"}


def leaf_commands(*command):
    """Every command that has no subcommands, as a tuple of words."""
    _, _, subcommands = help_text(*command).partition("Subcommands:\n")
    names = re.findall(r"^  (\S+)", subcommands, re.MULTILINE)
    return {leaf for name in names for leaf in leaf_commands(*command, name)} if names else {command}


def manual_options(text):
    return {option.replace("\\-", "-") for option in re.findall(r"^\.BI? (\\-\\-[a-z0-9\\-]+)", text, re.MULTILINE)}


def exit_codes_are_those_of_the_table():
    table = re.findall(r"^\| (\d+) \| ([a-z]+) \|", read("docs", "exit-codes.md"), re.MULTILINE)
    launcher = {(int(number), name) for number, name in table[:13]}
    assert launcher == exit_codes(), launcher ^ exit_codes()


def exit_codes_are_those_of_the_manual():
    manual = re.findall(r"^\.B (\d+) ([a-z]+)$", read("docs", "man", "mpc-launcher.8"), re.MULTILINE)
    assert {(int(number), name) for number, name in manual} == exit_codes(), manual


def the_launchers_manual_has_every_option_and_no_other():
    manual = manual_options(read("docs", "man", "mpc-launcher.8")) - {"--help"}
    assert manual | {"--version"} == help_options("mpc-launcher"), manual ^ help_options("mpc-launcher")


def the_manual_has_every_command_with_its_options():
    _, *sections = re.split(r"^\.SS (.*)\n", read("docs", "man", "mpcctl.1"), flags=re.MULTILINE)
    manual = {tuple(title.split()): manual_options(text.partition("\n.SH ")[0])
              for title, text in zip(sections[::2], sections[1::2])}
    shared = manual.pop(tuple("Options of every command that talks to a VMM".split()))
    commands = {command: help_options(*command) for command in leaf_commands("mpcctl")}
    assert manual.keys() == commands.keys(), manual.keys() ^ commands.keys()
    for command, options in commands.items():
        described = manual[command] | (shared if "--vmm" in options else set())
        assert described == options, f"{' '.join(command)}: {described ^ options}"


def the_manual_has_every_variable():
    source = read("apps", "mpc-launcher", "environment.cpp")
    manual = read("docs", "man", "mpc-launcher.8")
    for variable in re.findall(r'^    \{ "([A-Z0-9_]+)", "--', source, re.MULTILINE):
        assert f"[{variable}]" in manual, variable


def manuals_are_well_formed():
    for page in glob.glob(os.path.join(ROOT, "docs", "man", "*.[1-8]")):
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0 and not done.stderr.strip(), f"{page}: {done.stderr}"


def common_errors_name_checks_that_exist():
    _, _, section = read("docs", "common-errors.md").partition("## `mpcctl verify`")
    named = {name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`([a-z0-9_]+)`", row)}
    checks = set(re.findall(r'return \{ "(\w+)",', re.sub(r"return \{\s+", "return { ", read("src", "attestation", "check.cpp"))))
    assert len(named) > 15 and named <= checks, named - checks


def links_between_documents_lead_somewhere():
    pages = glob.glob(os.path.join(ROOT, "*.md")) + glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True)
    for page in pages:
        with open(page, encoding="utf-8") as file:
            text = file.read()
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            path = os.path.join(os.path.dirname(page), target)
            assert os.path.exists(path), f"{os.path.relpath(page, ROOT)} -> {target}"


def every_case_names_tests_that_exist():
    names = set()
    for pattern in ("src/**/*_test.cpp", "apps/**/*_test.cpp"):
        for path in glob.glob(os.path.join(ROOT, pattern), recursive=True):
            with open(path, encoding="utf-8") as file:
                names |= {f"{suite_}.{name}" for suite_, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", file.read(), re.MULTILINE)}
    for path in glob.glob(os.path.join(ROOT, "tests", "e2e", "*.py")):
        with open(path, encoding="utf-8") as file:
            names |= {f"e2e.{name}" for name in re.findall(r"^(?:    )?def (\w+)\(", file.read(), re.MULTILINE)}
    rows = re.findall(r"^\| ([A-L]\d[^|]*) \| ([^|]*) \|([^|]*)\|$", read("docs", "launcher-cases.md"), re.MULTILINE)
    numbers = [number.strip() for cases, _, _ in rows for number in cases.split(",")]
    assert len(numbers) == len(set(numbers)) == CASES, f"{len(numbers)} cases in the table"
    for cases, behaviour, tests in rows:
        for test in re.findall(r"`([^`]+)`", tests):
            assert test in names, f"{cases}: {test} does not exist"
        assert "`" in tests or "not applicable" in behaviour, f"{cases}: no test"


suite.run([
    exit_codes_are_those_of_the_table,
    exit_codes_are_those_of_the_manual,
    the_launchers_manual_has_every_option_and_no_other,
    the_manual_has_every_command_with_its_options,
    the_manual_has_every_variable,
    manuals_are_well_formed,
    common_errors_name_checks_that_exist,
    links_between_documents_lead_somewhere,
    every_case_names_tests_that_exist,
])
