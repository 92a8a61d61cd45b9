"""Run a command and write its exit code, seconds, seconds of processor and peak of memory in KiB into a file.

    python -I -S launch.py FILE COMMAND…

Linux counts the memory of the process that starts another as the other's, so this one has to be small.
"""

import os
import sys
import time


def main() -> None:
    file, *command = sys.argv[1:]
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    with open(file, "w") as out:
        print(os.waitstatus_to_exitcode(status), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=out)


if __name__ == "__main__":
    main()
