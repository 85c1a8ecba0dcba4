import { beforeEach, describe, expect, test } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { Mirror } from "../../../../src/conversation/mirror/mirror.ts";
import type { HostedMessage, MirrorHost } from "../../../../src/conversation/mirror/mirror-host.ts";
import { MirrorRecords } from "../../../../src/conversation/mirror/mirror-records.ts";
import type { ConversationState } from "../../../../src/conversation/state.ts";
import type { MirrorReport } from "../../../../src/database/mirror-progress.ts";
import type {
  MessageThere,
  PatchedMessage,
  PatchOutcome,
  PostedMessage,
  PostOutcome,
  Sought,
  TheirMessage,
} from "../../../../src/mirror/hosted-app.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { append, message, pairChat } from "../people.ts";

/** Which message of LeanCloud is which message here, in every order of answers, hooks and crashes. */

const NOON = 1_000_000;

/** LeanCloud and the object around the mirror. Posts are answered when the test says so. */
class Surroundings implements MirrorHost {
  clock = NOON;
  isOn = true;
  wait: number | undefined;
  history: (TheirMessage & { from: string; content: string })[] | undefined = [];
  readonly posts: { message: PostedMessage; answer: (outcome: PostOutcome) => void }[] = [];
  readonly patches: PatchedMessage[] = [];
  readonly looks: Sought[] = [];
  readonly reads: { theirs: TheirMessage; answer: (there: MessageThere) => void }[] = [];
  readonly alarms: number[] = [];
  readonly reports: MirrorReport[] = [];

  hosted() {
    if (!this.isOn) return undefined;
    return {
      post: (message: PostedMessage) =>
        new Promise<PostOutcome>((answer) => void this.posts.push({ message, answer })),
      patch: async (patched: PatchedMessage): Promise<PatchOutcome> => {
        this.patches.push(patched);
        return { outcome: "sent" };
      },
      message: (theirs: TheirMessage) =>
        new Promise<MessageThere>((answer) => void this.reads.push({ theirs, answer })),
      find: async (sought: Sought) => {
        this.looks.push(sought);
        return this.history?.filter(
          ({ from, content }) => from === sought.from && content === sought.content,
        );
      },
    };
  }

  allowance = async () => this.wait;

  report = async (report: MirrorReport) => void this.reports.push(report);

  now = () => this.clock;

  sendAfter = (delay: number) => void this.alarms.push(delay);
}

let sql: MemorySql;
let state: ConversationState;
let around: Surroundings;
let mirror: Mirror;

beforeEach(() => {
  sql = new MemorySql();
  state = pairChat(sql);
  around = new Surroundings();
  mirror = wake();
});

const wake = () => new Mirror(state, new MirrorRecords(conversationTables(sql)), around);

const turns = async () => {
  for (let turn = 0; turn < 30; turn++) await undefined;
};

/** Tom says something here. */
async function said(at: number, content = "hello"): Promise<void> {
  mirror.stored(append(state, message(at, { content })));
  await turns();
}

async function answer(outcome: PostOutcome, at = around.posts.length - 1): Promise<void> {
  around.posts[at]?.answer(outcome);
  await turns();
}

/** The time of the next attempt has come. */
async function later(): Promise<void> {
  around.clock += 600_000;
  void mirror.send();
  await turns();
}

const theirs = (id: string, more: Partial<HostedMessage> = {}): HostedMessage => {
  return { id, sentAt: NOON + 5, from: "tom", content: "hello", address: undefined, ...more };
};

/** The hook of LeanCloud calls. */
function hooked(told: HostedMessage): Promise<string> {
  return mirror.receive(told, () => {
    const { id, from, content } = told;
    return append(state, message(state.nextTime(around.clock), { id, from, content })).timestamp;
  });
}

const contents = () => state.log.after(0, 100).map((each) => each.message.content);

const unknown: PostOutcome = { outcome: "unknown", why: "no answer" };

describe("a post", () => {
  test("goes out one after the other, in order", async () => {
    await said(NOON, "one");
    await said(NOON + 1, "two");
    expect(around.posts.map((post) => post.message.content)).toEqual(["one"]);
    await answer({ outcome: "sent", id: "A", sentAt: NOON });
    expect(around.posts.map((post) => post.message.content)).toEqual(["one", "two"]);
  });

  test("whose hook is faster than its answer is known", async () => {
    await said(NOON);
    const call = hooked(theirs("A"));
    await turns();
    await answer({ outcome: "sent", id: "A", sentAt: NOON + 5 });
    expect(await call).toBe("known");
    expect(contents()).toEqual(["hello"]);
  });

  test("that is on its way does not hide the same words of the same sender from the other side", async () => {
    await said(NOON);
    const call = hooked(theirs("B"));
    await turns();
    await answer({ outcome: "sent", id: "A", sentAt: NOON + 5 });
    expect(await call).toBe("added");
    expect(await hooked(theirs("A"))).toBe("known");
    expect(contents()).toEqual(["hello", "hello"]);
  });

  test("without an answer is the message that the hook brings, and is not repeated", async () => {
    await said(NOON);
    await answer(unknown);
    expect(await hooked(theirs("A"))).toBe("known");
    await later();
    expect(around.posts).toHaveLength(1);
    expect(await hooked(theirs("A"))).toBe("known");
    expect(contents()).toEqual(["hello"]);
  });

  test("without an answer is looked for before it is repeated", async () => {
    await said(NOON);
    await answer(unknown);
    around.history = [{ ...theirs("A"), content: "hello" }];
    await later();
    expect(around.posts).toHaveLength(1);
    expect(await hooked(theirs("A"))).toBe("known");
    await said(NOON + 700_000);
    await answer(unknown);
    await later();
    // That one is another message: it was known before.
    expect(around.posts).toHaveLength(3);
  });

  test("is not repeated while nobody can say whether it arrived", async () => {
    await said(NOON);
    await answer(unknown);
    around.history = undefined;
    await later();
    await later();
    expect(around.posts).toHaveLength(1);
    expect(around.reports.at(-1)).toMatchObject({ waiting: 1, problem: expect.any(String) });
  });

  test("that was under way in a crash is looked for by the content that it had, and its edit follows", async () => {
    await said(NOON);
    const [sent] = state.log.after(0, 1);
    if (sent === undefined) throw new Error("nothing sent");
    const patched = { ...sent.message, content: "edited", patchedAt: NOON + 9 };
    state.log.patched.rewrite(patched);
    mirror = wake();
    mirror.changed(patched);
    around.history = [{ ...theirs("A"), content: "hello" }];
    await later();
    expect(around.looks).toMatchObject([{ content: "hello" }]);
    expect(around.posts).toHaveLength(1);
    await turns();
    expect(around.patches).toMatchObject([
      { id: "A", sentAt: NOON + 5, conversation: { id: "pairChat" }, from: "tom", content: "edited" },
    ]);
  });

  test("that was not taken is repeated without a look, and later each time", async () => {
    await said(NOON);
    await answer({ outcome: "not taken", why: "status 429" });
    await later();
    await answer({ outcome: "not taken", why: "status 429" });
    await later();
    expect(around.posts).toHaveLength(3);
    expect(around.looks).toEqual([]);
    await answer({ outcome: "sent", id: "A", sentAt: NOON + 5 });
    expect(around.reports.at(-1)).toMatchObject({ waiting: 0, problem: undefined });
  });

  test("waits for the app's allowance of this minute", async () => {
    around.wait = 40_000;
    await said(NOON);
    expect(around.posts).toEqual([]);
    around.wait = undefined;
    await mirror.send();
    expect(around.posts).toEqual([]);
    await later();
    expect(around.posts).toHaveLength(1);
  });
});

test("nothing is written while nothing is mirrored", async () => {
  around.isOn = false;
  await said(NOON);
  expect(mirror.records.areNone).toBe(true);
  expect(around.alarms).toEqual([]);
});

test("messages that wait when the mirror is turned off are dropped, and counted", async () => {
  around.wait = 1_000;
  await said(NOON, "one");
  await said(NOON + 1, "two");
  around.isOn = false;
  await later();
  expect(mirror.records.first).toBeUndefined();
  expect(around.reports.at(-1)).toMatchObject({ leftOut: 2, waiting: 0 });
});

describe("a change over there", () => {
  /** The hook of LeanCloud says that a message may have changed. */
  function hookedChange(id = "A"): Promise<string> {
    return mirror.receiveChange({ id, sentAt: NOON + 5 }, ({ place, content }) => change(place, content));
  }

  function change(place: number, content = "recalled"): void {
    const now = state.log.at(place);
    if (now === undefined) throw new Error("nothing there");
    const recalled = content === "recalled";
    state.log.patched.rewrite({ ...now, content, recalled, patchedAt: state.nextTime(around.clock) });
  }

  async function read(there: MessageThere): Promise<void> {
    await turns();
    around.reads.at(-1)?.answer(there);
  }

  const found = (content: string): MessageThere => ({ outcome: "found", content });

  beforeEach(async () => {
    await hooked(theirs("A"));
  });

  test("is made here, once, and does not go back", async () => {
    for (const outcome of ["changed", "known"]) {
      const call = hookedChange();
      await read(found("edited"));
      expect(await call).toBe(outcome);
    }
    await later();
    expect(contents()).toEqual(["edited"]);
    expect([around.patches, around.posts]).toEqual([[], []]);
  });

  test("that is a recall is one here, and nothing changes the message after it", async () => {
    const call = hookedChange();
    await read(found('{"_lctype":-127}'));
    expect(await call).toBe("changed");
    expect(await hookedChange()).toBe("known");
    expect(contents()).toEqual(["recalled"]);
  });

  test("does not undo one made here that is still to go there", async () => {
    around.wait = 1_000;
    const place = state.log.head;
    change(place, "edited here");
    const changed = state.log.at(place);
    if (changed !== undefined) mirror.changed(changed);
    expect(await hookedChange()).toBe("known");
    expect([contents(), around.reads]).toEqual([["edited here"], []]);
  });

  test("does not undo one made here while it is read", async () => {
    const call = hookedChange();
    await turns();
    change(state.log.head, "edited here");
    await read(found("edited there"));
    expect(await call).toBe("known");
    expect(contents()).toEqual(["edited here"]);
  });

  test("waits if it cannot be read, and is left alone where the message is gone or was never here", async () => {
    const unread = hookedChange();
    await read({ outcome: "unknown", why: "no answer" });
    expect(await unread).toBe("later");
    const gone = hookedChange();
    await read({ outcome: "none" });
    expect(await gone).toBe("known");
    expect(await hookedChange("B")).toBe("missing");
    expect(contents()).toEqual(["hello"]);
  });
});
