"""A believable book of tasks of a real-estate agent, for the demo and for anybody's first look."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.sandbox.seed import Seed, SeedClient, SeedContact, SeedUser

ZONE = "America/Los_Angeles"
CATEGORIES = ["Call", "E-mail", "Showing", "Open house", "Paperwork", "Follow-up", "Office"]
CALL, EMAIL, SHOWING, OPEN_HOUSE, PAPERWORK, FOLLOW_UP, OFFICE = range(1, 8)

_CONTACTS = [
    ("Maria", "Delgado", "maria.delgado@example.com", "310 555 0117", ""),
    ("Tom", "Whitaker", "tom.whitaker@example.com", "424 555 0142", "Whitaker Dental"),
    ("Priya", "Raman", "priya.raman@example.com", "213 555 0163", ""),
    ("George", "Okafor", "george.okafor@example.com", "562 555 0190", "Okafor & Sons"),
    ("Susan", "Lindqvist", "susan.lindqvist@example.com", "818 555 0124", "Pacific Escrow"),
    ("Ben", "Castellano", "ben.castellano@example.com", "626 555 0155", "Golden State Lending"),
]
MARIA, TOM, PRIYA, GEORGE, SUSAN, BEN = range(1, 7)

_SINGLE: list[tuple[int, str, str, int, int | None, str]] = [
    (
        -9,
        "10:00",
        "Listing presentation at 418 Alder Court",
        SHOWING,
        GEORGE,
        "Bring the comparables and the staging quote.",
    ),
    (-6, "14:00", "Order pest inspection for 418 Alder Court", PAPERWORK, GEORGE, ""),
    (
        -4,
        "09:30",
        "Send buyer agreement to the Delgados",
        EMAIL,
        MARIA,
        "Signed copy goes into the transaction folder.",
    ),
    (
        -2,
        "16:00",
        "Call Tom Whitaker about his budget",
        CALL,
        TOM,
        "Pre-approved up to 850,000; ask about the down payment.",
    ),
    (-1, "11:00", "Book photographer for 418 Alder Court", OFFICE, GEORGE, ""),
    (
        0,
        "13:30",
        "Call Priya Raman back about the condo",
        CALL,
        PRIYA,
        "She saw the listing on Marina Way, HOA is her worry.",
    ),
    (1, "10:00", "Showing: 27 Marina Way, unit 5", SHOWING, PRIYA, "Lockbox 4471, concierge needs a day's notice."),
    (1, "15:00", "Review appraisal with Ben Castellano", CALL, BEN, ""),
    (2, "09:00", "Walk-through at 9 Juniper Lane", SHOWING, MARIA, "Check the water heater and the garage opener."),
    (3, "12:00", "Deposit due: Delgado, 9 Juniper Lane", PAPERWORK, MARIA, "Three business days after acceptance."),
    (6, "11:30", "Lunch with Susan Lindqvist, Pacific Escrow", FOLLOW_UP, SUSAN, "Café on Ocean Avenue."),
    (
        9,
        "17:00",
        "Inspection contingency ends: 9 Juniper Lane",
        PAPERWORK,
        MARIA,
        "Removal form or an extension, in writing.",
    ),
    (16, "10:00", "Sign loan documents with the Delgados", PAPERWORK, MARIA, ""),
    (
        24,
        "14:00",
        "Hand over the keys: 9 Juniper Lane",
        SHOWING,
        MARIA,
        "Basket from the flower shop, ordered the day before.",
    ),
]
"""Days from today, time, description, category, contact, notes. What lies before today is complete, but for two."""

_OVERDUE = {"Call Tom Whitaker about his budget", "Book photographer for 418 Alder Court"}


def believable_book(now: datetime) -> Seed:
    """Some twenty tasks around the aware moment `now`: single and recurring, done and to do, with contacts.

    User 1 is Ann Agent with the token `sandbox-ann`; user 2, of her team, is Leo Marsh with `sandbox-leo`; the OAuth
    client is `sandbox-app` with the secret `sandbox-secret`.
    """
    today = now.astimezone(ZoneInfo(ZONE)).date()
    return Seed(
        users=[
            SeedUser(first_name="Ann", last_name="Agent", timezone=ZONE, token="sandbox-ann"),  # noqa: S106  # it opens nothing but the sandbox
            SeedUser(first_name="Leo", last_name="Marsh", timezone=ZONE, token="sandbox-leo"),  # noqa: S106  # the same
        ],
        clients=[SeedClient(id="sandbox-app", secret="sandbox-secret", name="LionDesk bridge")],  # noqa: S106  # the same
        categories=list(CATEGORIES),
        contacts=[
            SeedContact(first_name=first, last_name=last, email=email, mobile_phone=phone, company=company)
            for first, last, email, phone, company in _CONTACTS
        ],
        tasks=[*_single_tasks(today), *_recurring_tasks(today)],
    )


def _single_tasks(today: date) -> list[dict[str, object]]:
    return [
        {
            "description": description,
            "due_at": f"{today + timedelta(days=days)}T{time}:00",
            "category_id": category,
            "contact_id": contact,
            "notes": notes,
            "reminder_type": 1,
            "status": "complete" if days < 0 and description not in _OVERDUE else "incomplete",
        }
        for days, time, description, category, contact, notes in _SINGLE
    ]


def _recurring_tasks(today: date) -> list[dict[str, object]]:
    monday = today - timedelta(days=today.weekday())
    first_of_month = today.replace(day=1)
    first_tuesday = first_of_month + timedelta(days=(1 - first_of_month.weekday()) % 7)
    return [
        {
            "description": "Office meeting",
            "due_at": f"{monday - timedelta(weeks=2)}T09:00:00",
            "recurrence_rule": "FREQ=WEEKLY;BYDAY=MO",
            "category_id": OFFICE,
            "notes": "Bring the week's numbers.",
            "completed_rows": 3 if today > monday else 2,
        },
        {
            "description": "Open house at 418 Alder Court",
            "due_at": f"{monday + timedelta(days=6)}T13:00:00",
            "recurrence_rule": "FREQ=WEEKLY;BYDAY=SU;COUNT=4",
            "category_id": OPEN_HOUSE,
            "contact_id": GEORGE,
            "notes": "Signs at both corners, cookies, sign-in sheet.",
            "reminder_type": 3,
        },
        {
            "description": "Call five past clients",
            "due_at": f"{monday + timedelta(days=3)}T16:30:00",
            "recurrence_rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
            "category_id": CALL,
            "reminder_type": 1,
        },
        {
            "description": "Newsletter to the farm area",
            "due_at": f"{first_tuesday}T08:00:00",
            "recurrence_rule": "FREQ=MONTHLY;BYDAY=1TU",
            "category_id": EMAIL,
            "notes": "Sold prices, one recipe, one market chart.",
            "completed_rows": int(first_tuesday < today),
        },
        {
            "description": "Mileage log to the bookkeeper",
            "due_at": f"{first_of_month}T00:00:00",
            "is_all_day": True,
            "recurrence_rule": "FREQ=MONTHLY;BYMONTHDAY=-1",
            "category_id": PAPERWORK,
        },
        {
            "description": "Home anniversary: Tom Whitaker",
            "due_at": f"{today + timedelta(days=11)}T10:00:00",
            "recurrence_rule": "FREQ=YEARLY",
            "category_id": FOLLOW_UP,
            "contact_id": TOM,
            "notes": "Three years on Birch Street. A card, then a call.",
        },
    ]
