"""Where the programs are that the scripts beside this one run: dockline is $DOCKLINE or target/release/dockline, docker-compose is
$COMPOSE_BIN or the one that tests/engine/setup unpacked, the others are fetched."""
import os, pathlib, shutil, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHES = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
CACHE = CACHES / "dockline-bench"
DOCKLINE = pathlib.Path(os.environ.get("DOCKLINE", ROOT / "target/release/dockline")).resolve()
COMPOSE = pathlib.Path(os.environ.get("COMPOSE_BIN", CACHES / "dockline-engine/docker-compose"))


def peers():
    """dclint from npm, compose-lint from PyPI, docker-compose."""
    CACHE.mkdir(parents=True, exist_ok=True)
    dclint = CACHE / "node_modules/.bin/dclint"
    if not dclint.exists() and shutil.which("npm"):
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", CACHE, "dclint"], check=False)
    lint = CACHE / "venv/bin/compose-lint"
    if not lint.exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE / "venv"], check=False)
        subprocess.run([CACHE / "venv/bin/pip", "install", "-q", "compose-lint"], check=False)
    return dclint, lint, COMPOSE
