import { expect, test } from "vitest";
import { dayOf, everyDay, firstDay } from "../../../console/views/usage/days.ts";

test("[G-07] the usage of some days has each of them, those without use too", () => {
  const used = { day: "2026-03-01", messages: 3, dollars: 0.5 };
  expect(everyDay("2026-02-27", "2026-03-02", [used])).toEqual([
    { at: Date.parse("2026-02-27"), messages: 0, dollars: 0 },
    { at: Date.parse("2026-02-28"), messages: 0, dollars: 0 },
    { at: Date.parse("2026-03-01"), messages: 3, dollars: 0.5 },
    { at: Date.parse("2026-03-02"), messages: 0, dollars: 0 },
  ]);
});

test("[G-07] the last seven days are today and six before", () => {
  const now = Date.parse("2026-03-02T23:59:59Z");
  expect([firstDay(now, 7), dayOf(now)]).toEqual(["2026-02-24", "2026-03-02"]);
});
