#!/usr/bin/env python3
"""docs/attestation-checks.md says what is true: every check has a row, and every row's clause, function and test exist.

Reads the sources only. Prints one line for each failure and "N passed, N failed, N skipped" at the end.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "attestation"
PAGE = ROOT / "docs" / "attestation-checks.md"


def checks():
    """The values of enum class CheckId, in order."""
    text = (SOURCE / "check.h").read_text()
    body = re.search(r"enum class CheckId \{(.*?)\n\};", text, re.S).group(1)
    return re.findall(r"^\s*(\w+),", body, re.M)


def clauses():
    """CheckId -> the clause that the program prints."""
    text = (SOURCE / "check.cpp").read_text()
    return dict(re.findall(r'CheckId::(\w+):\s*return \{ "\w+",\s*"([^"]*)" \}', text))


def functions():
    """Names of the functions that are defined in the verifier (not: called, declared or tested)."""
    names = set()
    for path in SOURCE.glob("*.cpp"):
        if not path.name.endswith("_test.cpp"):
            names.update(re.findall(r"^(?![ \t/#}])[^\n;=]*?\b(\w+)\([^;{}]*\)\n\{", path.read_text(), re.M))
    return names


def tests():
    """Suite.Name of every unit test."""
    names = set()
    for path in (ROOT / "src").glob("*/*_test.cpp"):
        for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", path.read_text(), re.M):
            names.add(f"{suite}.{name}")
    return names


def rows(text, width):
    """The cells of the tables with that many columns, without their headings."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split(" | ")] if line.startswith("| ") else []
        if len(cells) == width and cells[0] not in ("check", "number"):
            found.append(cells)
    return found


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def expect(self, holds, message):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL: {message}")


def main():
    tally = Tally()
    page = PAGE.read_text()
    first, _, second = page.partition("## Where published verifiers differ")
    known_checks, known_clauses, known_functions, known_tests = checks(), clauses(), functions(), tests()
    table = rows(first, 4)

    tally.expect([row[0] for row in table] == known_checks, "the rows are not the checks of check.h, once each and in order")
    for check in known_checks:
        tally.expect(any(row[0] == check for row in table), f"{check} has no row")
    for check, clause, function, test in table:
        tally.expect(check in known_checks, f"{check} is no check")
        tally.expect(clause == known_clauses.get(check), f"{check}: the clause is not the program's")
        tally.expect(function in known_functions, f"{check}: there is no function {function}()")
        tally.expect(test in known_tests, f"{check}: there is no test {test}")
    differences = rows(second, 4)
    tally.expect(len(differences) == 29, f"{len(differences)} differences instead of 29")
    for number, _, _, test in differences:
        tally.expect(test in known_tests, f"{number}: there is no test {test}")

    print(f"{tally.passed} passed, {tally.failed} failed, 0 skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
