import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { consumePushes } from "../../../src/push/consume-pushes.ts";
import { PUSH_LIFETIME, type PushWork } from "../../../src/push/push-work.ts";
import { named, say, start } from "../../support/chat.ts";
import { edit, namedBy, read, recall } from "../support/commands.ts";
import { CONVERSATIONS, done, rest, unreadOf } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, configure, maybeHibernate, openWorld, world } from "../support/world.ts";
import { RECEIVER, receivePushes } from "./receiver.ts";

/* A push that waits for its provider is looked at again before each attempt: what it tells of may be gone. */

beforeAll(() => openWorld());
beforeEach(() =>
  configure({ push: { webhook: { url: RECEIVER } }, messages: { allowEdit: true, allowRecall: true } }),
);
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ push: null, messages: null });
});

/** A message of Tom's to Jerry, whose push was put off. */
async function putOff() {
  const [tom, jerry] = named("tom", "jerry");
  const device = { deviceType: "ios", deviceToken: `phone of ${jerry}`, channels: [jerry] };
  const saved = await rest("POST", "/1.1/installations", device, appKeys);
  const { objectId: installation } = await saved.json<{ objectId: string }>();
  const toms = await WorkerdDevice.of(tom);
  const id = await start(toms, [tom, jerry]);
  const message = namedBy(id, await say(toms, id, "secret text"));
  const timestamp = Number(message.timestamp);
  const body: PushWork = {
    type: "deliver",
    provider: "webhook",
    recipients: [{ installation, clientIds: [jerry] }],
    attempts: 1,
    push: {
      id: message.mid,
      cause: { type: "message", conversationId: id, messageId: message.mid },
      content: { alert: "secret text" },
      environment: "prod",
      teamId: undefined,
      topic: undefined,
      expiresAt: timestamp + PUSH_LIFETIME,
    },
  };
  const path = `${CONVERSATIONS}/${id}/messages/${encodeURIComponent(message.mid)}`;
  return { tom, jerry, toms, id, message, timestamp, body, path };
}

type Waiting = Awaited<ReturnType<typeof putOff>>;

test.each<[string, number, (push: Waiting) => Promise<unknown>]>([
  ["nothing happened", 1, async () => {}],
  ["it was recalled", 0, ({ toms, message }) => recall(toms, message)],
  [
    "it was deleted over HTTP",
    0,
    ({ tom, path, timestamp }) => {
      return done("DELETE", `${path}?from_client=${tom}&timestamp=${timestamp}`);
    },
  ],
  [
    "its recipient was removed",
    0,
    ({ id, jerry }) => {
      return done("DELETE", `${CONVERSATIONS}/${id}/members`, { client_ids: [jerry] });
    },
  ],
  ["its conversation was deleted", 0, ({ id }) => done("DELETE", `${CONVERSATIONS}/${id}`)],
  [
    "its recipient read it elsewhere",
    0,
    async ({ jerry, id, message }) => {
      const jerrys = await WorkerdDevice.of(jerry);
      read(jerrys, id, { mid: message.mid, timestamp: Number(message.timestamp) });
      await expect.poll(() => unreadOf(jerry, id)).toBe(0);
    },
  ],
  [
    "it was edited, which what the app chose to push does not follow",
    1,
    ({ toms, message }) => {
      return edit(toms, message, "other text");
    },
  ],
])("[P-01] a push that waits while %s is sent %i times", async (_, times, meanwhile) => {
  const received = receivePushes();
  const waiting = await putOff();
  await meanwhile(waiting);
  await maybeHibernate();
  const message = { body: waiting.body, attempts: 1, ack: vi.fn(), retry: vi.fn() };
  await consumePushes([message], world);
  expect(received).toHaveLength(times);
  expect(message.ack).toHaveBeenCalledOnce();
  expect(message.retry).not.toHaveBeenCalled();
});
