"""Install: how long the two halves of README's first command take, from a fresh clone in a fresh environment."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _common import Goals, finish, parse_arguments, print_table

ROOT = Path(__file__).parents[1]


def main():
    """Time build and comparison."""
    options = parse_arguments(__doc__)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    build, compare = re.search(r"^(.* pip install .*) && (.*)$", readme, re.MULTILINE).groups()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "sknn")
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        subprocess.run([sys.executable, "-m", "venv", clone / ".venv"], check=True)
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SKNN_", "PYTHON"))
        }
        environment["PATH"] = f"{clone / '.venv/bin'}:{environment['PATH']}"
        for what, command in {"build": build, "comparison": compare}.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=clone, env=environment, shell=True, check=True)
            seconds = time.perf_counter() - start
            rows.append({"what": what, "command": command, "seconds": seconds})
            if options.quick:
                break
    print_table(
        ["what", "seconds"],
        [[row["what"], f"{row['seconds']:.0f}"] for row in rows],
    )
    finish(options, __file__, Goals(), rows)


if __name__ == "__main__":
    main()
