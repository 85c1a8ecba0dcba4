import { vi } from "vitest";

/** What the webhook for pushes was sent. */
export interface Received {
  conversationId: string | null;
  messageId: string | null;
  payload: Record<string, unknown>;
  expiresAt: number;
  recipients: { clientId: string | null; installation: Record<string, unknown> }[];
}

export const RECEIVER = "https://push.example.com/";

/**
 * Stands in for somebody's own sender, until mocks are restored: what it was sent. Everything else, the test runner's
 * own calls included, goes on.
 *
 * @param answer by which it answers; 204 without
 */
export function receivePushes(
  answer: () => Response = () => new Response(null, { status: 204 }),
): Received[] {
  const network = globalThis.fetch;
  const received: Received[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    if (request.url !== RECEIVER) return network(input, init);
    received.push(await request.json());
    return answer();
  });
  return received;
}
