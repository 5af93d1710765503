"""A program at a terminal, and somebody who types."""

import os
import pty
import select
import time

CONTROL_C = "\x03"


def at_a_terminal(words, prompt, typed, environment=None, patience=20):
    """(exit code, everything that it wrote); `typed` is typed when the prompt is there. Killed, it has the code -9."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve(words[0], [str(word) for word in words], environment or dict(os.environ))
    output, answered, deadline = "", False, time.monotonic() + patience
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # nobody holds its other end any more
            break
        output += piece.decode(errors="replace")
        if prompt in output and not answered:
            answered = True
            os.write(terminal, typed.encode())
    else:
        os.kill(process, 9)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), output
