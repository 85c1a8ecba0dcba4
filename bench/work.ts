import { setTimeout as sleep } from "node:timers/promises";
import { type Counts, difference, readCounts } from "./counts.ts";
import { DirectFrame, deliveredFrame, echoFrame, readFrame } from "./frames.ts";
import { IMPORT_PATH, importApp } from "./import.ts";
import { ParleyClient } from "./parley-client.ts";
import { openPhoneMakers } from "./phone-makers.ts";
import { addPhone, notify, setUpProviders, setUpPush } from "./programs.ts";
import { nextSequence } from "./room.ts";
import { inParallel } from "./sockets.ts";

/** A piece of work as the budgets name it, and its cost. */
export interface Work {
  name: string;
  times: number;
  counts: Counts;
}

export const workNames = {
  firstLogin: "a client's very first login",
  login: "login, no news",
  flow: "send to 1 subscribed member, in full flow",
  wideAudience: 10,
  wideFlow: "send to 10 subscribed members, in full flow",
  alone: "send, the only one within a second",
  read: "read",
  acknowledge: "acknowledge a delivery",
  leave: "a subscribed member's device goes without a word",
  offline: "send, first to a member now offline",
  away: "send, further to a member offline",
  news: "login, news in 1 conversation",
  unsubscribed: "send, first to a member online without a subscription",
  pushedFlow: "send to 1 subscribed member, in full flow, push set up",
  pushed: "send, further to a member offline, push set up",
  pushedByFcm: "a notification to a phone, by FCM",
  pushedByMaker: "a notification to a phone, by Huawei",
  metered: "send in full flow, ten thousand of them",
  idle: "an idle hour's heartbeats, then sleep",
  importedMessages: 50,
  imported: "import of a conversation with 50 messages",
} as const;

const TIMES = 20;
const FLOW = 200; // messages in full flow
/** Enough of them for some reports of usage, whose own rows and requests are looked at. */
const METERED = 10_000;
const IN_FLIGHT = 20;
/** Longer than the second in which follow-up work for D1 is collected. */
const SETTLED = 5_000; // ms
/** Longer than the ten seconds after which an object checks for deliveries that a crash left pending. */
const PENDING_SETTLED = 13_000; // ms
/** The alarm of what was said, which writes what D1 lacks of the conversation's row, comes after three minutes. */
const ALARMS_DONE = 185_000; // ms
/** Longer than a notification takes to its provider, through the queue. */
const PUSHED = 5_000; // ms
/** An isolate keeps no token of keys that are newer to it. */
const KEYS_KNOWN = 11_000; // ms
/** Reports of what is counted are this far apart. */
const REPORT_PAUSE = 11_000; // ms
const HOUR_OF_ECHOES = 20; // at 180 s
const ASLEEP = 13_000; // ms

interface Chat {
  id: string;
  frame: DirectFrame;
}

/** Performs client actions one by one, and counts the server's work for each. */
export async function countWork(server: URL, appId: string): Promise<Work[]> {
  const done: Work[] = [];
  const spend = async (name: string, times: number, settling: number, work: () => Promise<unknown>) => {
    const before = await readCounts(server);
    await work();
    await sleep(settling);
    done.push({ name, times, counts: difference(await readCounts(server), before) });
  };
  const each = (task: (index: number) => Promise<unknown>) => inParallel(TIMES, 10, task);

  const everybody: ParleyClient[] = [];
  const logIn = async (clientId: string) => {
    const client = await ParleyClient.logIn(server, appId, clientId);
    everybody.push(client);
    return client;
  };
  /** A session from which nothing comes for six minutes ends. */
  const alarmsDone = async () => {
    await Promise.all(everybody.map((client) => client.ask(echoFrame)));
    await sleep(ALARMS_DONE);
  };
  const idle: ParleyClient[] = [];
  await spend(workNames.firstLogin, TIMES, SETTLED, () =>
    each(async (index) => idle.push(await logIn(`idle-${index}`))),
  );
  everybody.length = 0;
  await Promise.all(idle.splice(0).map((client) => client.logOut()));
  await spend(workNames.login, TIMES, SETTLED, () =>
    each(async (index) => idle.push(await logIn(`idle-${index}`))),
  );
  // The last of what was counted of the logins is reported with the next frame, which may be a heartbeat.
  await sleep(REPORT_PAUSE);
  await idle[0]?.ask(echoFrame);
  await sleep(SETTLED);
  await spend(workNames.idle, TIMES, ASLEEP, () =>
    Promise.all(
      idle.map(async (client) => {
        for (let echo = 0; echo < HOUR_OF_ECHOES; echo++) await client.ask(echoFrame);
      }),
    ),
  );
  await spend(workNames.imported, TIMES, SETTLED, () =>
    importApp(server, IMPORT_PATH, { conversations: TIMES, messagesEach: workNames.importedMessages }),
  );

  const sender = await logIn("sender");
  const friends = await inParallel(TIMES, 10, (index) => logIn(`friend-${index}`));
  const chats = await inParallel(TIMES, 10, async (index) =>
    chatWith(sender, friends.slice(index, index + 1)),
  );
  const big = await chatWith(
    sender,
    await inParallel(workNames.wideAudience, 10, (index) => logIn(`near-${index}`)),
  );
  const small = await chatWith(sender, [await logIn("only")]);
  await alarmsDone();

  await spend(workNames.flow, FLOW, SETTLED, () => sendMany(sender, small, FLOW));
  await spend(workNames.wideFlow, FLOW, SETTLED, () => sendMany(sender, big, FLOW));

  const sendToAll = () => Promise.all(chats.map((chat) => sendMany(sender, chat, 1)));
  await sendToAll(); // the alarm of what is said within minutes is set by the first
  await sleep(SETTLED);
  await spend(workNames.alone, TIMES, SETTLED, sendToAll);
  await alarmsDone();
  await spend(workNames.read, TIMES, SETTLED, () =>
    each(async (index) => friends[index]?.send(readFrame(`friend-${index}`, chats[index]?.id ?? ""))),
  );
  await spend(workNames.acknowledge, TIMES, SETTLED, () =>
    each(async (index) => friends[index]?.send(deliveredFrame(`friend-${index}`, chats[index]?.id ?? ""))),
  );

  await spend(workNames.leave, TIMES, SETTLED, () =>
    Promise.all(
      friends.splice(0).map((friend) => {
        everybody.splice(everybody.indexOf(friend), 1);
        return friend.leave();
      }),
    ),
  );
  await spend(workNames.offline, TIMES, PENDING_SETTLED, sendToAll);
  await spend(workNames.away, TIMES, SETTLED, sendToAll);
  await setUpPush(server, true);
  await sendToAll(); // their alarm serves the next ones too
  await sleep(SETTLED);
  await spend(workNames.pushed, TIMES, PENDING_SETTLED, sendToAll);
  await alarmsDone();
  await spend(workNames.pushedFlow, FLOW, SETTLED, () => sendMany(sender, small, FLOW));
  await setUpPush(server, false);
  await countPushes(server, spend);
  await spend(workNames.news, TIMES, SETTLED, () =>
    each(async (index) => friends.push(await logIn(`friend-${index}`))),
  );
  await spend(workNames.unsubscribed, TIMES, PENDING_SETTLED, sendToAll);

  await spend(workNames.metered, METERED, SETTLED, () =>
    inParallel(IN_FLIGHT, IN_FLIGHT, () => sendMany(sender, small, METERED / IN_FLIGHT)),
  );
  await Promise.all(everybody.map((client) => client.leave()));
  return done;
}

type Spend = (name: string, times: number, settling: number, work: () => Promise<unknown>) => Promise<void>;

/** Notifications by Google's service and by a phone maker's, one after another. */
async function countPushes(server: URL, spend: Spend): Promise<void> {
  const makers = await openPhoneMakers();
  await setUpProviders(server, makers.settings);
  for (const [name, vendor] of [
    [workNames.pushedByFcm, "fcm"],
    [workNames.pushedByMaker, "HMS"],
  ] as const) {
    await addPhone(server, vendor);
    await notify(server, vendor); // the first one fetches a token, and notes that the keys work
    await sleep(KEYS_KNOWN);
    await notify(server, vendor); // this one keeps it
    await sleep(PUSHED);
    await spend(name, TIMES, PUSHED, async () => {
      for (let push = 0; push < TIMES; push++) await notify(server, vendor);
    });
  }
  await setUpProviders(server, null);
  makers.close();
}

/** Starts a conversation with these members and waits until all are subscribed. */
async function chatWith(sender: ParleyClient, others: readonly ParleyClient[]): Promise<Chat> {
  const id = await sender.start([sender, ...others].map((client) => client.clientId));
  const chat = { id, frame: new DirectFrame(sender.clientId, id) };
  await sendMany(sender, chat, 1);
  return chat;
}

/** One after another, each sent when the one before it is acknowledged. */
async function sendMany(sender: ParleyClient, chat: Chat, count: number): Promise<void> {
  for (let message = 0; message < count; message++) await sender.sendMessage(chat.frame, nextSequence());
}
