import * as v from "valibot";
import type { Admin } from "./admin.ts";
import { Refusal } from "./options.ts";

export const testFlags = {
  vendor: { type: "string" },
  token: { type: "string" },
  installation: { type: "string" },
  alert: { type: "string" },
} as const;

/** The server waits so long for a provider, and a little more (ms). */
const DEADLINE = 60_000;

const Result = v.object({
  provider: v.string(),
  outcome: v.string(),
  why: v.optional(v.string()),
  answers: v.array(v.object({ status: v.number(), body: v.string() })),
});

type Values = { [Flag in keyof typeof testFlags | "profile"]?: string | undefined };

/** Pushes to one device; the text to print, with what its provider answered. Throws a `Refusal` (1) if it was not sent. */
export async function pushTest(admin: Admin, values: Values): Promise<string> {
  const { vendor, token, installation, profile, alert } = values;
  const isNamed = installation ? !vendor && !token : vendor && token;
  if (!isNamed) throw new Refusal("push -- test takes --installation, or --vendor and --token", 2);
  const device = installation ? { installation } : { vendor, registrationId: token, deviceProfile: profile };
  const data = alert ? { data: { alert } } : {};
  const answer = await admin.ask("POST", "/admin/push/test", { ...device, ...data }, DEADLINE);
  const { provider, outcome, why, answers } = v.parse(Result, answer);
  const lines = answers.map(({ status, body }) => `${status} ${body}`);
  if (outcome === "sent") return [`Sent by ${provider}.`, ...lines].join("\n");
  const next = outcome === "later" ? ["A message's push would be tried again."] : [];
  throw new Refusal([`Not sent by ${provider} (${outcome}): ${why}`, ...lines, ...next].join("\n"), 1);
}
