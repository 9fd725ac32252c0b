"""All or nothing: what a create command made is deleted again by the delete command beside it."""

from http import HTTPStatus

from cliff.commandmanager import CommandManager

from openstackoid.client.composite.branch import Branch
from openstackoid.client.composite.creation import Creation
from openstackoid.client.composite.failure import REASON, status_of
from openstackoid.client.composite.history import created
from openstackoid.client.composite.service import Known
from openstackoid.client.composite.streams import speaking
from openstackoid.operators import rules


def undo(branch: Branch, creation: Creation) -> None:
    """Delete what a branch created, and note in it what was undone, or what is left."""
    if not branch.acted or branch.undone is not None:
        return
    writes = branch.history.writes
    identifier = rules.to_remove(created(writes), creation.chosen)
    deletion = _deletion(branch.app.command_manager, creation.known)
    if deletion is None or identifier is None or creation.several:
        note(branch, creation)
        return
    branch.there = any(write.succeeded for write in writes)
    status, error = _delete(branch, deletion, identifier)
    branch.undone = rules.is_gone(status, there=branch.there)
    branch.there = branch.there or error is None
    if error is None:
        end = "was deleted again"
    elif branch.undone:
        end = "is not there now"
    else:
        end = f"could not be deleted again ({error}); delete it there"
    branch.remains = f"{creation.noun} {identifier} {end}"


def note(branch: Branch, creation: Creation) -> None:
    """Note in a branch what it leaves in its cloud."""
    if not branch.acted:
        return
    writes = branch.history.writes
    identifier = created(writes) if creation.known.creates else None
    sure = [f"{w.method} {w.path}" for w in writes if w.succeeded]
    unsure = [f"{w.method} {w.path}" for w in writes if w.may_have_acted and not w.succeeded]
    told = []
    if identifier:
        others = " and those created with it stay" if creation.several else " stays"
        told.append(f"{creation.noun} {identifier}{others} there")
    elif branch.ok:
        told.append("it was carried out there, and stays")
    elif sure:
        told.append(f"{' and '.join(sure)} was carried out there")
    if unsure:
        told.append(f"{' and '.join(unsure)} may have been carried out; look there")
    branch.remains = "; ".join(told)


def _deletion(manager: CommandManager, known: Known) -> str | None:
    """Return the name of the command that deletes what this one creates."""
    name = f"{known.noun} delete"
    point = manager.commands.get(name)
    return name if known.creates and getattr(point, "group", None) == known.group else None


def _delete(branch: Branch, name: str, identifier: str) -> tuple[int | None, str | None]:
    """Delete in the branch's cloud; return a status, and in words what went wrong."""
    branch.history.silent = False  # the cloud may be back
    branch.console.errors.clear()
    with speaking(branch.console):
        try:
            kind = branch.app.command_manager.commands[name].load()
            command = kind(branch.app, branch.app.options, cmd_name=name)
            arguments = command.get_parser(name).parse_args(["--", identifier])
            if hasattr(arguments, "yes"):
                arguments.yes = True
            code = command.run(arguments)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (told, with what is left)
            status = status_of(error, branch.console.errors, branch.history.status)
            return status, str(error) or type(error).__name__
    return (REASON, f"exit code {code}") if code else (HTTPStatus.NO_CONTENT, None)
