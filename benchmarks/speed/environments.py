"""A virtual environment for every contender, made once: peers from PyPI, ctxzip from this checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "reference": ["torch==2.13.0", "llmlingua==0.2.2", "transformers==5.23.0", "accelerate"],
    "ctxprune": ["ctxprune==0.2.1"],
    "contextcrumb": ["contextcrumb==0.1.2"],
    "trimwise": ["trimwise==0.7.0"],
    "llmslim": ["llmslim==0.11.2"],
    "ctxzip": [str(ROOT)],
    "ctxzip-openvino": [f"{ROOT}[openvino]"],
}


def python_of(folder: Path, name: str, *, renew: bool = False) -> str:
    """Return the Python of the contender `name`, its environment made below `folder` if it is not there."""
    place = folder / name
    python = place / "bin" / "python"
    done = place / "complete"
    if renew or not done.is_file():
        print(f"installing {name} …", file=sys.stderr, flush=True)
        if not python.exists():
            venv.create(place, with_pip=True)
        shutil.rmtree(ROOT / "build" / "lib", ignore_errors=True)  # files that are gone would be installed from there
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, *PACKAGES[name]], check=True)
        done.touch()
    return str(python)


def mebibytes(python: str) -> float:
    """Return the size of what is installed in the environment of `python`, pip and its kin left out."""
    packages = Path(python).parent.parent / "lib"
    own = ("pip", "pip-", "setuptools", "setuptools-", "_distutils_hack", "pkg_resources", "wheel-")
    total = 0
    for site in packages.glob("python*/site-packages"):
        for entry in site.iterdir():
            if not entry.name.startswith(own):
                files = entry.rglob("*") if entry.is_dir() else [entry]
                total += sum(f.stat().st_size for f in files if f.is_file() and f.suffix != ".pyc")
    return total / (1 << 20)
