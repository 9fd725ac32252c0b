"""Searches one target for some seconds, guided by the lines of our code that its inputs reach."""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["openstackoid"], enable_loader_override=False):
    from fuzz.targets import CORPUS, TARGETS, WORDS


def main(name: str, seconds: str) -> None:
    """End the process once the time is over, or at the first input that breaks a property."""
    work = Path("build", "fuzz", name)
    for directory in (work / "grown", work / "found"):
        directory.mkdir(parents=True, exist_ok=True)
    words = WORDS / f"{name}.dict"
    options = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={work}/found/",
        "-max_len=2048",
        "-timeout=10",
        "-rss_limit_mb=1024",
        "-verbosity=0",
        "-print_final_stats=1",
        *([f"-dict={words}"] if words.exists() else ()),
    ]
    corpora = [work / "grown", CORPUS / name]
    atheris.Setup([sys.argv[0], *options, *map(str, corpora)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
