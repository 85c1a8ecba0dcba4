import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import { newObjectId } from "../protocol/object-id.ts";
import type { Outcome, PushProvider } from "./provider.ts";
import type { ProviderAnswer } from "./provider-calls.ts";

/** How long a test push may wait for its device (ms). */
const LIFETIME = 10 * 60_000;

/** What became of a test push. */
export interface TestResult {
  provider: PushProvider["name"];
  outcome: Outcome;
  /** What the phone maker's service answered, in order; empty for other providers. */
  answers: ProviderAnswer[];
}

/**
 * Pushes to one device at once, without a record, a second attempt or a removal. Undefined if no provider serves it.
 * Never rejects.
 *
 * @param providersHearing makes the providers that are set up; they tell the answers of phone makers' services
 */
export async function testPush(
  installation: Installation,
  content: JsonObject,
  providersHearing: (heard: (answer: ProviderAnswer) => void) => readonly PushProvider[],
  now: number,
): Promise<TestResult | undefined> {
  const answers: ProviderAnswer[] = [];
  const provider = providersHearing((answer) => answers.push(answer)).find((each) =>
    each.serves(installation),
  );
  if (provider === undefined) return undefined;
  const id = newObjectId(now);
  const push = {
    id,
    cause: { type: "notification" as const, notificationId: id },
    content,
    environment: "prod" as const,
    teamId: undefined,
    topic: undefined,
    expiresAt: now + LIFETIME,
  };
  const [outcome] = await provider.send(push, [{ installation, clientId: undefined }]);
  return { provider: provider.name, outcome: outcome ?? { outcome: "failed", why: "no outcome" }, answers };
}

/** A phone as a target that no installation needs to name. */
export function phoneNamed(device: {
  vendor: string;
  registrationId: string;
  profile: string | undefined;
}): Installation {
  const { vendor, registrationId, profile } = device;
  return {
    id: "test",
    deviceType: "android",
    deviceToken: undefined,
    installationId: undefined,
    registrationId,
    vendor,
    channels: [],
    valid: true,
    badge: 0,
    subscription: undefined,
    fields: profile === undefined ? {} : { deviceProfile: profile },
    createdAt: 0,
    updatedAt: 0,
  };
}
