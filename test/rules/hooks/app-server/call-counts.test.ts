import { expect, test } from "vitest";
import type { HookCall } from "../../../../src/hooks/app-server/hook-call.ts";
import type { Counts } from "../../../../src/metrics/counts.ts";
import { Meter } from "../../../../src/metrics/meter.ts";
import type { Report } from "../../../../src/metrics/report.ts";
import { serverWith, settingsWith } from "../../../support/app-hooks.ts";
import { noUsage } from "../../../support/meter.ts";

const CALL: HookCall = { id: "1", at: 0, name: "messageSent", parameters: {}, address: undefined };

test("calls of the app's server are counted by endpoint, with how long they took and which of them failed", async () => {
  let now = 1_700_000_000_000;
  const shown: Report[] = [];
  const show = async (report: Report) => shown.push(report) > 0;
  const meter = new Meter({ store: async () => {}, show }, () => now, noUsage);
  const statuses = [204, 500];
  const settings = settingsWith({ webhooks: { url: "https://app.example.com/", events: ["messageSent"] } });
  const server = serverWith(settings, {
    meter,
    now: () => now,
    fetch: async () => {
      now += 300;
      return new Response(null, { status: statuses.shift() ?? 204 });
    },
  });
  await server.callWebhook(CALL);
  await server.callWebhook(CALL);
  await server.callWebhook({ ...CALL, name: "clientOnline" });
  await server.callEngine(CALL);
  await meter.show();
  expect(Object.values<Counts>(shown[0]?.minutes ?? {})).toEqual([
    {
      "hooks.webhook.calls": 2,
      "hooks.webhook.failures": 1,
      "hooks.webhook.ms": 600,
      "hooks.webhook.ms_1000": 2,
      "hooks.webhook.max_ms": 300,
    },
  ]);
});
