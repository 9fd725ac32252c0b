"""`scripts/simulate`."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor

import click

from simulation.judge import faults
from simulation.world import World

STEPS = 90
"""What happens in one schedule before everything is healed."""

AT_ONCE = 50
"""How many schedules a process is given at once."""


def play(seed: int) -> World:
    """Play the schedule of a seed to its end."""
    world = World(seed)
    world.run(STEPS)
    return world


def judged(seeds: range) -> list[tuple[int, list[str]]]:
    """Return the seeds whose schedules end with a fault, and which."""
    results = ((seed, faults(play(seed))) for seed in seeds)
    return [(seed, found) for seed, found in results if found]


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  scripts/simulate                        a thousand schedules
  scripts/simulate --seeds 10000          as the tests do
  scripts/simulate --seed 17 --explain    all that happens in one of them
""",
)
@click.option("--seeds", type=click.IntRange(1), default=1000, help="How many schedules to play.")
@click.option("--seed", type=click.IntRange(0), help="Play this one alone.")
@click.option("--explain", is_flag=True, help="Print what happens; needs --seed.")
def main(seeds: int, seed: int | None, explain: bool) -> None:
    """Play gateways with bad services, bad links and bad luck.

    A schedule is made by its seed: what users order, what is cut, who is killed, whose journal is
    restored. In the end everything is healed; then each copy has to be what it should be, or a
    gateway has to say why not. Exits 1 if a schedule ends otherwise.
    """
    if explain and seed is None:
        raise click.UsageError("Say which schedule: --seed N --explain.")
    if seed is not None:
        world = play(seed)
        found = faults(world)
        click.echo("\n".join([*(world.told if explain else ()), *(found or ["no fault"])]))
        sys.exit(bool(found))
    parts = [range(n, min(n + AT_ONCE, seeds)) for n in range(0, seeds, AT_ONCE)]
    bad = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for results in pool.map(judged, parts):
            for number, found in results:
                bad += 1
                click.echo(f"seed {number}: {'; '.join(found)}")
    click.echo(f"{seeds} schedules, {bad} with faults")
    if bad:
        click.echo("See what happens in one of them: scripts/simulate --seed N --explain", err=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main(prog_name="scripts/simulate")
