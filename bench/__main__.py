"""`scripts/bench`."""

import click

from bench.assertion import assertion
from bench.connections.command import connections
from bench.cost import cost_of_strangers
from bench.failover import failover
from bench.fanout import fanout
from bench.journal import journal
from bench.overhead import overhead
from bench.patience import patience
from bench.proof import proof
from bench.proxies.command import proxies
from bench.real.faults import faults
from bench.real.links import links
from bench.real.memory import memory
from bench.real.upgrade import upgrade
from bench.reload.command import reload


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  scripts/bench assertion
  scripts/bench cost
  scripts/bench overhead
  scripts/bench fanout
  scripts/bench failover
  scripts/bench journal
  scripts/bench patience --seconds 300
  scripts/bench proof
  scripts/bench proxies --quick
  scripts/bench connections
  scripts/bench reload
  scripts/bench faults
  scripts/bench links
  scripts/bench memory
  scripts/bench upgrade
""",
)
def main() -> None:
    """Measure the gateway on this machine, with services that are only played.

    faults, links, memory and upgrade start real clouds.
    """


main.add_command(assertion)
main.add_command(connections)
main.add_command(cost_of_strangers, "cost")
main.add_command(failover)
main.add_command(fanout)
main.add_command(journal)
main.add_command(overhead)
main.add_command(patience)
main.add_command(proof)
main.add_command(proxies)
main.add_command(reload)
main.add_command(faults)
main.add_command(links)
main.add_command(memory)
main.add_command(upgrade)

if __name__ == "__main__":
    main(prog_name="scripts/bench")
