"""The entry point of `tailor`: turns errors into messages and exit codes."""

from __future__ import annotations

import errno
import signal
import sys
from pathlib import Path

from tailor.errors import TailorError
from tailor.quiet import silence_libraries

INTERRUPTED = 130
INTERNAL = 70


def main() -> None:
    """The program. What was asked is then done or given up: Ctrl-C while Python puts things away would only end in a
    traceback or another exit code."""
    code = run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def run() -> int:
    """The exit code of `sys.argv`. Every error is one message on standard error, never a traceback."""
    try:
        silence_libraries()
        # Imported here: Ctrl-C while the commands are read (300 ms) must not end in a traceback either.
        from tailor.cli.app import app

        app()
    except SystemExit as leaving:
        # Typer turns Ctrl-C into this code without a word.
        return _interrupted() if leaving.code == INTERRUPTED else _code(leaving.code)
    except TailorError as error:
        _say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing left to tell
        return INTERRUPTED
    except OSError as error:
        _say(_os_words(error))
        return 5
    except Exception:
        _say(f"Something went wrong inside Tailor; this is a defect. Please report it with {_keep_traceback()}.")
        return INTERNAL
    return 0


def _code(given: object) -> int:
    """As Python itself reads what `sys.exit` was given: nothing is 0, a text is printed and 1."""
    if given is None or isinstance(given, int):
        return int(given or 0)
    _say(str(given))
    return 1


def _interrupted() -> int:
    """A second Ctrl-C must not tear apart what is being put away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _say("Interrupted. Finished work is kept; the same command continues.")
    return INTERRUPTED


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _os_words(error: OSError) -> str:
    place = f" {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{place}. Free some space and run the same command; finished work is kept."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"No permission to use{place}. Check who owns it, or copy the workspace to a folder of yours."
    return f"{error.strerror or error}{place}"


def _keep_traceback() -> Path:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="tailor-error-", suffix=".txt", delete=False) as log:
        log.write(traceback.format_exc())
    return Path(log.name)


if __name__ == "__main__":
    main()
