// What an app built on ical.js shows of the .ics on standard input: every occurrence through a day, as JSON.
//
//     node read.js KIND THROUGH      KIND: vtodo or vevent; THROUGH: the last day, as 2026-03-31
//
// Times are on the wall clock of their own zone, as the file's VTIMEZONE has it.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const [kind, through] = process.argv.slice(2);
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);

const last = ICAL.Time.fromDateString(through);
const text = (component, name) => component.getFirstPropertyValue(name);

function shown(component, start) {
  const anchor = text(component, "dtstart");
  const due = start.clone();
  if (text(component, "due")) due.addDuration(text(component, "due").subtractDateTz(anchor));
  return {
    uid: text(component, "uid"),
    summary: text(component, "summary"),
    due: due.toString(),
    zone: due.zone.tzid,
    done: text(component, "status") === "COMPLETED",
    description: text(component, "description"),
    contact: text(component, "contact"),
    categories: component.getAllProperties("categories").flatMap((each) => each.getValues()),
    reminder: text(component, "x-liondesk-reminder"),
    completed: text(component, kind === "vtodo" ? "completed" : "x-liondesk-completed")?.toString() ?? null,
  };
}

const components = calendar.getAllSubcomponents(kind);
const found = [];
for (const master of components.filter((each) => !each.hasProperty("recurrence-id"))) {
  const uid = text(master, "uid");
  if (!master.hasProperty("rrule")) {
    found.push(shown(master, text(master, "dtstart")));
    continue;
  }
  const exceptions = components.filter((each) => each.hasProperty("recurrence-id") && text(each, "uid") === uid);
  const series = new ICAL.Event(master, { exceptions });
  const slots = series.iterator();
  for (let slot = slots.next(); slot && slot.compareDateOnlyTz(last, ICAL.Timezone.localTimezone) <= 0; slot = slots.next()) {
    const { item, startDate } = series.getOccurrenceDetails(slot);
    found.push(shown(item.component, startDate));
  }
}
process.stdout.write(JSON.stringify(found));
