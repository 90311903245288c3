"""python -m tests.bench [NAME…]: every measurement, or those whose module's name is given."""

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

import tests.bench
from hoa.web.observing import configure_logs
from tests.bench import machine
from tests.bench.table import MEASURES, show

FRAME = ("__main__", "table", "machine", "filling")


def main(names: list[str]) -> int:
    known = [module.name for module in pkgutil.iter_modules(tests.bench.__path__) if module.name not in FRAME]
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"no measurement named {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        importlib.import_module(f"tests.bench.{name}")
    # Without this, structlog's own default prints a coloured line a request into the table.
    configure_logs("WARNING")
    # In the checkout's .cache and not under /tmp, which may be memory.
    place = Path(".cache")
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as folder:
        raw = machine.limits(Path(folder))
        rows = list(machine.rows(raw))
        for number, function in enumerate(MEASURES):
            print(f"measuring {function.__module__.rpartition('.')[2]} …", file=sys.stderr, flush=True)
            own = Path(folder).resolve() / str(number)
            own.mkdir()
            rows += function(raw, own)
    print(show(rows))
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
