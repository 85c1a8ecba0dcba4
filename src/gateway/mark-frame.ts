import type { Command } from "../protocol/commands.ts";
import { withPolicyCheck, withPushPolicy } from "../protocol/policy-fields.ts";
import { pushPolicyBy } from "../push/providers.ts";
import { needsLoginCheck, needsPolicyCheck, type Settings } from "../settings/schema.ts";

/** Messages may be pushed. A login binds a device to its client (C-12), and a logout unbinds it. */
const NEEDS_PUSH_POLICY: ReadonlySet<Command["name"]> = new Set(["message.send", "session.open"]);

/** Adds what the settings require for a frame, for the object that handles it. */
export function withPolicy({ name, pushes }: Command, frame: Uint8Array, settings: Settings): Uint8Array {
  const isLogin = name === "session.open" || name === "session.refresh";
  const needsCheck = isLogin ? needsLoginCheck(settings) : needsPolicyCheck(settings);
  const policy = NEEDS_PUSH_POLICY.has(name) ? pushPolicyBy(settings) : "never";
  const checked = needsCheck ? withPolicyCheck(frame) : frame;
  // The client's own value is overruled.
  return policy === "never" && pushes === "never" ? checked : withPushPolicy(checked, policy);
}
