"""Operations, conflicts and waiting edits as a report shows them."""

from __future__ import annotations

from bridge.core.model import Side
from bridge.core.plan import (
    DeleteResource,
    DeleteRow,
    Dropped,
    Operation,
    PatchRow,
    PostTask,
    PutResource,
    Waiting,
    Why,
)
from bridge.core.policies import Conflict
from bridge.report import NAMES, ConflictReport, OperationReport
from bridge.report import Dropped as DroppedReport


def described(operation: Operation, state: str = "planned", message: str = "") -> OperationReport:
    """One write request in the words of the report."""
    match operation:
        case PatchRow():
            fields = {name: (_before(operation, name), value) for name, value in operation.changes.items()}
            return OperationReport(
                Side.LIONDESK,
                "update",
                operation.row.id,
                operation.row.task.summary,
                _because(operation.why),
                update_type=operation.update_type,
                occurrence=operation.slot,
                fields=fields,
                state=state,
                message=message,
                recurring=operation.row.rule is not None,
            )
        case PostTask():
            because = _because(operation.why)
            task = operation.task
            return OperationReport(
                Side.LIONDESK,
                "create",
                "",
                task.summary,
                because,
                occurrence=task.due,
                state=state,
                message=message,
                recurring=operation.rule is not None,
            )
        case DeleteRow():
            return OperationReport(
                Side.LIONDESK,
                "delete",
                operation.row.id,
                operation.row.task.summary,
                _because(operation.why),
                delete_type=operation.delete_type,
                occurrence=operation.slot,
                state=state,
                message=message,
                recurring=operation.row.rule is not None,
            )
        case PutResource():
            return OperationReport(
                Side.CALENDAR,
                "create" if operation.href is None else "update",
                operation.series.uid,
                operation.summary,
                _because(operation.why),
                occurrence=operation.slot or (operation.series.master.due if operation.series.master else None),
                fields=operation.changes,
                state=state,
                message=message,
                recurring=operation.series.rule is not None,
            )
        case DeleteResource():
            master = operation.series.master
            return OperationReport(
                Side.CALENDAR,
                "delete",
                operation.series.uid,
                master.summary if master is not None else "",
                _because(operation.why),
                occurrence=master.due if master is not None else None,
                state=state,
                message=message,
            )


def _before(operation: PatchRow, name: str) -> object:
    return operation.row.rule if name == "rule" else getattr(operation.row.task, name)


def _because(why: Why) -> str:
    """The rest of the sentence "..., because"."""
    where = NAMES[why.side]
    match why.verb:
        case "mended":
            return "the series lost it when LionDesk took over an edit of this and the following"
        case "spelled anew":
            return "the shape of this calendar is another one now; no task was edited"
        case "in shape":
            return "a calendar of its shape shows it so"
        case "put in order":
            return "the calendar's form of an edit does not show what LionDesk holds"
        case "renewed":
            return "the pair's settings or its contact say so since it was written"
        case "retired":
            return "it has been complete for longer than keep_completed; LionDesk keeps it"
        case "decided":
            return "you decided so"
        case "taken back":
            return "a run was taken back"
        case "split":
            return f"this and the following were edited in {where}"
        case verb:
            return f"it was {verb} in {where}"


def waiting(each: Waiting) -> OperationReport:
    """An edit that waits for its row."""
    gone = each.why.verb == "deleted"
    return OperationReport(
        Side.LIONDESK,
        "delete" if gone else "update",
        each.uid,
        each.summary,
        _because(each.why),
        update_type=None if gone else each.request,
        delete_type=each.request if gone else None,
        occurrence=each.slot,
        fields=each.changes,
        state="waiting",
        message="LionDesk has not made that task yet; it is told when it has.",
        recurring=True,
    )


def given_up(each: Dropped) -> DroppedReport:
    """An edit that waits no longer."""
    return DroppedReport(each.uid, each.summary, each.slot, each.because)


def disputed(conflict: Conflict) -> ConflictReport:
    """A conflict with both values."""
    dispute = conflict.dispute
    return ConflictReport(
        dispute.uid,
        dispute.summary,
        dispute.slot,
        dispute.field,
        dispute.liondesk,
        dispute.calendar,
        conflict.winner,
        conflict.because,
    )
