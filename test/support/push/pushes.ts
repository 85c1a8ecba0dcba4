import type { Installation } from "../../../src/model/installation.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import type { Target } from "../../../src/push/provider.ts";
import type { Push } from "../../../src/push/push-work.ts";

/** A device, a bare one of no kind unless it says otherwise. */
export function device(fields: Partial<Installation> = {}): Installation {
  return {
    id: "65537a0e00000000000000d1",
    deviceType: "android",
    deviceToken: undefined,
    installationId: undefined,
    registrationId: undefined,
    vendor: undefined,
    channels: [],
    valid: true,
    badge: 0,
    subscription: undefined,
    fields: {},
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000,
    ...fields,
  };
}

/** An Android device with Google's services. */
export const phone = (registrationId: string): Installation => device({ vendor: "fcm", registrationId });

/** Somebody's device as a target, Jerry's unless told otherwise. */
export function target(installation: Installation, clientId: string | undefined = "Jerry"): Target {
  return { installation, clientId };
}

/** A push that is worth something for an hour. */
export function push(content: JsonObject, fields: Partial<Push> = {}): Push {
  return {
    id: "AYvOVgAAq3-NXrXVMZ0gVQ",
    cause: {
      type: "message",
      conversationId: "65537a0e0000000000000001",
      messageId: "AYvOVgAAq3-NXrXVMZ0gVQ",
    },
    content,
    environment: "prod",
    teamId: undefined,
    topic: undefined,
    expiresAt: Date.now() + 3_600_000,
    ...fields,
  };
}
