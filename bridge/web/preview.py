"""The plan of the next run in plain words: look, leave out what is not wanted, and run exactly what was shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bridge.inbox import TASK
from bridge.report import FIELD_WORDS, WIRE, OperationReport, Outcome, PairReport
from bridge.sync.halting import REJECTED, REMEMBERED
from bridge.sync.pair import Options
from bridge.web.overview import problems_of
from bridge.web.pages import back, ground_of, page, posted_list
from bridge.wording import value_words

SINGLY = 200
"""How many changes can be left out one by one; what comes after is shown in short, and done or left out together."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One write request of the next run. `fields` are name, before and after."""

    digest: str
    says: str
    fields: tuple[tuple[str, str, str], ...]


async def preview(request: Request) -> Response:
    """GET /preview, of the pair that `pair` names, else of the first: what its next run would do."""
    ground = ground_of(request)
    names = [pair.name for pair in ground.configuration().pairs]
    name = request.query_params.get("pair", "")
    name = name if name in names else next(iter(names), "")
    report = await ground.sync_now(name, Options(dry_run=True)) if name else PairReport("", Outcome.AGREED)
    if report is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "The program is stopping.")
    plan = [_planned(each) for each in report.operations if each.state == "planned"]
    said = {each.says for each in plan}
    others = [line for line in report.sentences() if line not in said]
    return await page(
        request,
        "preview.html",
        names=names,
        name=name,
        plan=plan[:SINGLY],
        further=plan[SINGLY:],
        rest=" ".join(each.digest for each in plan[SINGLY:]),
        others=others[:SINGLY],
        left_out=len(others[SINGLY:]),
        problems=problems_of(report),
        questions=report.questions,
    )


async def run(request: Request) -> Response:
    """POST /preview: what was shown, less what was left out.

    What is left out is left alone until somebody edits that task. What is not as it was shown waits for another look.
    """
    form = await posted_list(request)
    ground, name = ground_of(request), dict(form).get("pair", "")
    if name not in ground.pairs():
        raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no pair {name}.")
    shown = {each for key, value in form if key == "shown" for each in value.split()}
    wanted = {each for key, value in form if key == "wanted" for each in value.split()}
    store = ground.state.pair(name)
    out = sorted(shown - wanted)
    if len(out) > REMEMBERED:
        return back("/", f"At most {REMEMBERED} changes can be left out. Nothing was done: pause the pair instead.")
    if out:
        known = (await store.facts()).get(REJECTED)
        kept = list(known) if isinstance(known, list) else []
        await store.set_facts({REJECTED: [*kept, *out][-REMEMBERED:]})
    report = await ground.sync_now(name, Options(chosen=frozenset(wanted), allow_mass_change=True))
    if report is None:
        return back("/preview", "The program is stopping; nothing was done.")
    done = sum(each.state == "done" for each in report.operations)
    made = {0: "Nothing was changed.", 1: "1 change was made."}.get(done, f"{done} changes were made.")
    left = [each.sentence() for each in report.operations if each.state != "done"]
    missing = len(wanted) - done - len(left)
    gone = [f"{missing} of the changes shown were not needed any more."] if missing > 0 and done < len(wanted) else []
    return back("/preview", " ".join([f"{name}: {made}", *gone, *left[:3], *report.errors]))


def _planned(operation: OperationReport) -> Planned:
    return Planned(operation.digest, operation.sentence(), tuple(_fields(operation)))


def _fields(operation: OperationReport) -> Iterable[tuple[str, str, str]]:
    for name, (old, new) in operation.fields.items():
        wire = WIRE.get(name, name)
        yield FIELD_WORDS.get(wire, TASK.get(wire, wire)), value_words(old), value_words(new)
