"""Every benchmark, one after the other: ``make bench``, or ``python bench/run.py store`` for one of them.

Each is a script of its own that prints a table of medians and ratios. The machine may be noisy: what is
compared is measured in turn within one run.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run the benchmarks named by the arguments, or all of them."""
    known = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem != Path(__file__).stem}
    chosen = sys.argv[1:] or list(known)
    if unknown := [name for name in chosen if name not in known]:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    return max(_run(known[name]) for name in chosen)


def _run(script: Path) -> int:
    print(f"\n== {script.stem}", flush=True)
    return subprocess.run([sys.executable, str(script)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
