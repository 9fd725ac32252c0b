"""The report of an evaluation: whole if it is short, and never longer than a header may be."""

import json

from operators.simulated import evaluated, evaluation, one

from openstackoid.operators.report import Report
from openstackoid.operators.request import Request
from openstackoid.operators.rules import Policy

POST = Request("POST", "/things", document={"thing": {"name": "new"}})


async def test_a_report_of_many_writes_says_how_many_failed() -> None:
    """However many clouds took part, it fits in a header and hides no failure."""
    clouds = {f"C{n}": one("x", 403 if n == 7 else None) for n in range(80)}
    run = evaluation(clouds, Policy.ANY)
    await evaluated(run, "&".join(clouds), POST)
    header = run.report.header()
    assert len(header) <= 4096
    folded, own, failed = json.loads(header)
    assert (folded["status"], folded["clouds"]) == (201, 78)
    assert (own["cloud"], own["answer"]) == ("C0", True)
    assert (failed["cloud"], failed["status"]) == ("C7", 403)


def test_a_folded_report_names_who_failed_and_what_is_left() -> None:
    """What needs somebody to look after it stays apart from what is well."""
    report = Report()
    for n in range(1000):
        outcome = report.of(f"Cloud{n}")
        outcome.status, outcome.seconds, outcome.created = 201, n / 1000, f"id-{n}"
        outcome.undone = n != 500
        if n < 30:
            outcome.status, outcome.message, outcome.created = 409, "x" * 300, None
            outcome.undone = None
        elif n < 60:
            outcome.status, outcome.error, outcome.undone = None, "y" * 300, None
    entries = json.loads(report.header())
    assert len(report.header()) <= 4096
    assert len(report.text(2048)) <= 2048
    assert entries == [
        {"clouds": 30, "status": 409, "seconds": 0.029, "names": [f"Cloud{n}" for n in range(30)]},
        {
            "clouds": 30,
            "error": "no answer",
            "seconds": 0.059,
            "names": [f"Cloud{n}" for n in range(30, 60)],
        },
        {"clouds": 939, "status": 201, "undone": True, "seconds": 0.999},
        {"clouds": 1, "status": 201, "undone": False, "seconds": 0.5, "names": ["Cloud500"]},
    ]
    for outcome in report.outcomes.values():
        outcome.status, outcome.undone = 403, None
    (refused, silent) = json.loads(report.header())
    assert refused["clouds"] == 970
    assert 100 < len(refused["names"]) < 970
    assert len(silent["names"]) == 30
    assert len(report.header()) <= 4096


def test_the_cloud_whose_answer_it_is_stays_apart() -> None:
    """However short the report has to be, as long as it names any."""
    report = Report()
    for n in range(1000):
        outcome = report.of(f"Cloud{n}")
        outcome.status, outcome.seconds, outcome.answer = 404, 0.1, None
        outcome.message = "x" * 300
    report.of("Cloud500").status, report.of("Cloud500").answer = 200, True
    folded, own = json.loads(report.header())
    assert (folded["clouds"], folded["status"]) == (999, 404)
    assert (own["cloud"], own["status"], own["answer"]) == ("Cloud500", 200, True)
    assert "Cloud500" not in folded["names"]


def test_what_is_not_known_is_not_said() -> None:
    """An entry has what its cloud did, and nothing else."""
    report = Report()
    report.of("A").status = 200
    report.of("B").error = "away"
    assert json.loads(report.header()) == [
        {"cloud": "A", "status": 200},
        {"cloud": "B", "error": "away"},
    ]
    assert [outcome.cloud for outcome in report.missing()] == ["B"]
    assert [outcome.cloud for outcome in report.of_all(["B", "C"])] == ["B"]
    assert report.text(10) == "[]"


def test_a_report_is_whole_as_long_as_it_fits() -> None:
    """To the byte, and without blanks."""
    report = Report()
    for cloud in "ABC":
        report.of(cloud).status, report.of(cloud).created = 201, f"id-{cloud}"
    whole = report.header()
    assert " " not in whole
    assert report.text(len(whole)) == whole
    assert len(report.text(len(whole) - 1)) < len(whole)


def test_ids_of_what_was_created_are_kept_before_names_are() -> None:
    """First those are folded that have nothing to look after; nobody is named who is well."""
    report = Report()
    for n in range(9):
        report.of(f"Cloud{n}").status = 200
    report.of("Cloud9").status, report.of("Cloud9").created = 201, "an-id"
    folded, kept = json.loads(report.text(150))
    assert folded == {"clouds": 9, "status": 200, "seconds": 0.0}
    assert kept == {"cloud": "Cloud9", "status": 201, "created": "an-id"}


def test_a_report_that_names_nobody_still_counts() -> None:
    """The last that is left out is how many did what."""
    report = Report()
    for n in range(9):
        report.of(f"Cloud{n}").status = 409
    assert report.text(45) == '[{"clouds":9,"status":409,"seconds":0.0}]'
