"""A small runner for the suites that drive the built programs: each check is a function, the last line counts."""

import sys
import traceback


class Skip(Exception):
    """Raised by a check that cannot run here, with the reason."""


def run(checks):
    """Runs the functions, prints one line each and the closing count; ends the process."""
    passed = failed = skipped = 0
    for check in checks:
        name = check.__name__.replace("_", " ")
        try:
            check()
        except Skip as reason:
            skipped += 1
            print(f"skip  {name}: {reason}")
        except AssertionError as error:
            failed += 1
            print(f"FAIL  {name}: {error}")
        except Exception:
            failed += 1
            print(f"FAIL  {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"ok    {name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)
