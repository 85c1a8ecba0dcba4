import { expect, test } from "vitest";
import { CommandQueue } from "../../../src/conversation/command-queue.ts";
import { subscription } from "./people.ts";

/** Commands that begin and end are noted by client and serial. */
function queueOf(refreshing: () => Promise<void> | undefined = () => undefined) {
  const begun: string[] = [];
  const finish = new Map<string, () => void>();
  const queue = new CommandQueue(
    ({ clientId }, { serial, needsCheck }) => {
      const name = `${clientId} ${serial}`;
      begun.push(name);
      return needsCheck ? new Promise((resolve) => finish.set(name, resolve)) : Promise.resolve();
    },
    { refreshSettings: refreshing },
  );
  const add = (clientId: string, serial: number, needsCheck = false) =>
    queue.add(subscription(clientId), command("conversation.mute", serial, needsCheck));
  return { queue, begun, add, end: (name: string) => finish.get(name)?.() };
}

function command(name: "conversation.mute" | "conversation.count", serial: number, needsCheck: boolean) {
  return {
    name,
    conversationId: "chat",
    serial,
    appId: undefined,
    clientId: undefined,
    installationId: undefined,
    service: undefined,
    needsCheck,
    pushes: "never" as const,
  };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

test("[I2] a policy check holds up the next commands of its client, and those of no other client", async () => {
  const { begun, add, end } = queueOf();
  const all = [add("tom", 1, true), add("tom", 2), add("tom", 3, true), add("jerry", 1), add("tom", 4)];
  await settled();
  expect(begun).toEqual(["jerry 1", "tom 1"]);
  end("tom 1");
  await settled();
  expect(begun).toEqual(["jerry 1", "tom 1", "tom 2", "tom 3"]);
  end("tom 3");
  await Promise.all(all);
  expect(begun.at(-1)).toBe("tom 4");
});

test("a command of an idle client begins at once", async () => {
  const { begun, add, end } = queueOf();
  void add("tom", 1);
  expect(begun).toEqual(["tom 1"]);
  const checked = add("tom", 2, true);
  await settled();
  end("tom 2");
  await checked;
  void add("tom", 3);
  expect(begun).toEqual(["tom 1", "tom 2", "tom 3"]);
});

test("[I2] a command that needs fresh settings holds up all commands behind it, in order", async () => {
  const fetches: (() => void)[] = [];
  const { begun, queue, add } = queueOf(() =>
    fetches.length > 0 ? undefined : new Promise((resolve) => fetches.push(resolve)),
  );
  void add("tom", 1);
  const count = command("conversation.count", 2, false);
  const all = [queue.add(subscription("tom"), count), add("jerry", 1), add("tom", 3)];
  await settled();
  expect(begun).toEqual(["tom 1"]);
  fetches[0]?.();
  await Promise.all(all);
  expect(begun).toEqual(["tom 1", "tom 2", "jerry 1", "tom 3"]);
});
