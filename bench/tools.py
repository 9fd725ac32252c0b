"""Programs of the distribution that are compared, or that compare."""

import os
import shutil
import subprocess

import click

PACKAGES = {"haproxy": "haproxy", "nginx": "nginx-light", "wrk": "wrk"}
PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin"  # where a user's own does not look


def require() -> None:
    """Install what is missing, if we may; raises ClickException with what to do otherwise."""
    packages = [package for tool, package in PACKAGES.items() if not _found(tool)]
    if not packages:
        return
    if os.geteuid() or not _found("apt-get"):
        raise click.ClickException(
            f"missing: {' '.join(packages)}; install: sudo apt-get install {' '.join(packages)}"
        )
    click.echo(f"Installing {' '.join(packages)}", err=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", *packages]):
        arguments = [program("apt-get"), "-qq", *command]
        subprocess.run(arguments, env=environment, stdout=2, check=True)  # noqa: S603


def program(name: str) -> str:
    """Return where a program is."""
    return _found(name) or name


def _found(name: str) -> str | None:
    return shutil.which(name, path=PATH)
