import type { Installation } from "../../../src/model/installation.ts";
import type { ProviderName } from "../../../src/model/provider-name.ts";
import type { Outcome, PushProvider, Target } from "../../../src/push/provider.ts";
import type { Push, PushDelivery } from "../../../src/push/push-work.ts";
import { device } from "../../support/push/pushes.ts";

export const NOON = Date.UTC(2026, 10, 25, 12); // ms
export const DAY = 24 * 60 * 60 * 1_000; // ms

/** Somebody's phone, an iPhone unless said otherwise, last heard of at noon. */
export function phoneOf(clientId: string, more: Partial<Installation> = {}): Installation {
  return device({
    id: `${clientId}'s phone`,
    deviceType: "ios",
    deviceToken: `token of ${clientId}`,
    channels: [clientId],
    createdAt: NOON,
    updatedAt: NOON,
    ...more,
  });
}

/** A provider for devices of some type, which records its pushes and has prepared outcomes. */
export class RecordingProvider implements PushProvider {
  readonly name: ProviderName;
  readonly sent: { push: Push; targets: readonly Target[] }[] = [];
  /** By installation; others are sent. */
  readonly outcomes = new Map<string, Outcome>();
  readonly #deviceType: string;

  constructor(name: ProviderName, deviceType: string) {
    this.name = name;
    this.#deviceType = deviceType;
  }

  serves({ deviceType }: Installation): boolean {
    return deviceType === this.#deviceType;
  }

  async send(push: Push, targets: readonly Target[]): Promise<Outcome[]> {
    this.sent.push({ push, targets });
    return targets.map(({ installation }) => this.outcomes.get(installation.id) ?? { outcome: "sent" });
  }

  /** The devices that were called, in order. */
  get called(): string[] {
    return this.sent.flatMap(({ targets }) => targets.map(({ installation }) => installation.id));
  }
}

/** Tom's message, on its provider to these people's phones. */
export function deliveryTo(clientIds: string[], more: Partial<PushDelivery> = {}): PushDelivery {
  const push: Push = {
    id: "message-1",
    content: { alert: "Tom: hello" },
    environment: "prod",
    teamId: undefined,
    cause: { type: "message", conversationId: "pairChat", messageId: "message-1" },
    topic: undefined,
    expiresAt: NOON + 7 * DAY,
  };
  const recipients = clientIds.map((clientId) => {
    return { installation: `${clientId}'s phone`, clientIds: [clientId] };
  });
  return { type: "deliver", push, provider: "apns", recipients, attempts: 0, ...more };
}
