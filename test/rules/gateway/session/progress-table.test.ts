import { expect, test } from "vitest";
import { ProgressTable } from "../../../../src/gateway/session/progress-table.ts";

test("[I4] [I5] the progress in one conversation does not affect another", () => {
  const table = new ProgressTable(() => false);
  table.use("chat").addNotice(30);
  table.use("chat").addCount({ upTo: 1, changedAt: 30 });
  expect(table.use("house").hasNotice(30)).toBe(false);
  expect(table.use("house").isStale({ upTo: 1, changedAt: 29 })).toBe(false);
});

test("[I13] progress is remembered for the 2,000 conversations used last, and for those in use", () => {
  const table = new ProgressTable((id) => id === "chat0");
  for (let at = 0; at <= 2_001; at += 1) table.use(`chat${at}`).addNotice(1);
  const remembered = ["chat0", "chat1", "chat2001"].map((id) => table.get(id)?.hasNotice(1) ?? false);
  expect(remembered).toEqual([true, false, true]);
  table.use("chat2").addNotice(2);
  table.use("another");
  expect([table.get("chat2"), table.get("chat3")].map((known) => known !== undefined)).toEqual([true, false]);
});
