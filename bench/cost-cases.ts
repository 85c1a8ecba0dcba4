import { setTimeout as sleep } from "node:timers/promises";
import { type Counts, difference, readCounts } from "./counts.ts";
import { DirectFrame, deliveredFrame, readFrame } from "./frames.ts";
import { ParleyClient } from "./parley-client.ts";
import { openPhoneMakers } from "./phone-makers.ts";
import { addPhone, setUpProviders } from "./programs.ts";
import { nextSequence } from "./room.ts";
import type { Server } from "./server.ts";
import { inParallel } from "./sockets.ts";

/** People who talk as people do: a message when the one before it was read, seconds apart. */
export interface CostCase {
  name: string;
  members: number;
  /** Members online, the author among them. */
  online: number;
  /** Whether members who are away have a phone that messages are pushed to. */
  isPushed: boolean;
  /** So many conversations of this kind at once. */
  conversations: number;
  /** The most that a million messages may cost, in dollars. */
  budget?: number;
}

export const costCases: readonly CostCase[] = [
  {
    name: "one-to-one, both online",
    members: 2,
    online: 2,
    isPushed: false,
    conversations: 10,
    budget: 3,
  },
  {
    name: "one-to-one, one away and pushed to",
    members: 2,
    online: 1,
    isPushed: true,
    conversations: 10,
    budget: 4,
  },
  { name: "a group of 10, 3 online", members: 10, online: 3, isPushed: false, conversations: 5 },
  {
    name: "a group of 100, 20 online",
    members: 100,
    online: 20,
    isPushed: false,
    conversations: 2,
    budget: 6,
  },
  { name: "a group of 500, 50 online", members: 500, online: 50, isPushed: false, conversations: 1 },
];

/** The case whose messages a month's bill is made of: as many recipients, some online, all others pushed to. */
export const monthCase: CostCase = {
  name: "a group of 6, 2 online, the others pushed to",
  members: 6,
  online: 2,
  isPushed: true,
  conversations: 5,
};

/** What was counted of a case. */
export interface CountedCase {
  name: string;
  /** Messages. */
  times: number;
  /** Frames that gateways received from devices, and sent to them. */
  frames: number;
  counts: Counts;
}

const WARM_UP = 2;
const ROUNDS = 10;
/** Longer than the second in which follow-up work for D1 is collected. */
const APART = 3_000; // ms
/** Longer than all that a first message and a login leave to do. */
const SETTLED = 13_000; // ms

/**
 * Plays each case and counts the server's work for its messages, acknowledgements and reads. Each has a server to
 * itself; all play at the same time, since nothing here is a matter of time.
 */
export async function countCases(start: () => Promise<Server>, appId: string): Promise<CountedCase[]> {
  const makers = await openPhoneMakers();
  const servers: Server[] = [];
  try {
    const plays: (() => Promise<CountedCase>)[] = [];
    for (const each of [...costCases, monthCase]) {
      const server = await start();
      servers.push(server);
      plays.push(await prepareCase(server.url, appId, makers.settings, each));
    }
    return await Promise.all(plays.map((play) => play()));
  } finally {
    makers.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Has everybody log in who is online, and returns what plays and counts. */
async function prepareCase(
  server: URL,
  appId: string,
  push: object,
  { name, members, online, isPushed, conversations }: CostCase,
): Promise<() => Promise<CountedCase>> {
  await setUpProviders(server, isPushed ? { ...push, static: { alert: "news" } } : null);
  const chats = await inParallel(conversations, 1, async (index) => {
    const ids = Array.from({ length: members }, (_, member) => `member-${member}-of-${index}`);
    const people = await inParallel(online, 5, (member) =>
      ParleyClient.logIn(server, appId, ids[member] ?? ""),
    );
    if (isPushed) for (const away of ids.slice(online)) await addPhone(server, "fcm", away);
    return openChat(people, ids);
  });
  const playRounds = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      await Promise.all(chats.map((chat) => chat.say(round)));
      await sleep(APART);
    }
    await sleep(SETTLED);
  };
  const frames = () => chats.reduce((sum, chat) => sum + chat.frames, 0);
  return async () => {
    await playRounds(WARM_UP);
    const before = await readCounts(server);
    const framesBefore = frames();
    await playRounds(ROUNDS);
    const counts = difference(await readCounts(server), before);
    const counted = { name, times: ROUNDS * conversations, frames: frames() - framesBefore, counts };
    await Promise.all(chats.map((chat) => chat.close()));
    return counted;
  };
}

interface Chat {
  readonly frames: number;
  /** Says something. Whoever is online acknowledges it, and reads this one or the next. */
  say(round: number): Promise<void>;
  close(): Promise<void>;
}

async function openChat(people: readonly ParleyClient[], members: string[]): Promise<Chat> {
  const [author, ...others] = people;
  if (author === undefined) throw new Error("nobody is online");
  const id = await author.start(members);
  const frame = new DirectFrame(author.clientId, id);
  let frames = 0;
  let round = 0;
  for (const [index, person] of others.entries()) {
    person.delivered = () => {
      person.send(deliveredFrame(person.clientId, id));
      frames += 2;
      if ((round + index) % 2 !== 0) return;
      person.send(readFrame(person.clientId, id));
      frames += 2; // the unread count comes back
    };
  }
  return {
    get frames() {
      return frames;
    },
    say: async (now) => {
      round = now;
      frames += 2;
      await author.sendMessage(frame, nextSequence());
    },
    close: async () => {
      await Promise.all(people.map((person) => person.leave()));
    },
  };
}
