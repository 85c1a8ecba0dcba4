import { relaysAt } from "../../src/relay/tree.ts";
import { assumptions } from "./assumptions.ts";
import { logNormal, randomBy, zipf } from "./random.ts";
import { Rates } from "./rates.ts";
import { type ObjectKind, type UnitCost, unitCosts, type WorkUnit } from "./unit-costs.ts";

/** How the product is deployed, in the product's own numbers. */
export interface Deployment {
  /** Objects that share the app's presence and quotas, and which of them is a client's. */
  appShards: number;
  shardOf(clientId: string): number;
  /** Members of one conversation. */
  members: number;
  /** Sessions of one relay, and messages a second that a room delivers. */
  socketsPerRelay: number;
  roomMessagesPerSecond: number;
}

/** What an app of so many daily users does: in a day, and at each object in its busiest hour or minute. */
export interface AppLoad {
  users: number;
  deployment: Deployment;
  /** How much of each piece of work is done in a day. */
  daily: Record<WorkUnit, number>;
  /** Events a second, by kind of object. */
  events: Record<ObjectKind, Rates>;
  /** Messages a day: in conversations and in rooms. */
  messages: number;
}

const DAY = 86_400; // s
const { chats, groups, rooms, sends, shares, online, peak, burst } = assumptions;

/** An app by its number of users and a seed: the same numbers give the same app. */
export function simulateApp(users: number, seed: number, deployment: Deployment): AppLoad {
  const random = randomBy(seed);
  const events: AppLoad["events"] = {
    ConversationObject: new Rates(),
    ClientObject: new Rates(),
    RelayObject: new Rates(),
    AppObject: new Rates(),
    PushObject: new Rates(),
    MetricsObject: new Rates(),
  };
  const daily = nothingDone();
  addConversations(users, random, deployment, daily, events);
  const roomMessages = addRooms(users, random, deployment, daily, events);
  addClients(users, random, deployment, daily, events);
  addSingles(users, daily, events, events.ConversationObject.objects);
  return { users, deployment, daily, events, messages: daily.send + roomMessages };
}

function nothingDone(): Record<WorkUnit, number> {
  const units = Object.keys(unitCosts).map((unit) => [unit, 0]);
  return Object.fromEntries(units) as Record<WorkUnit, number>;
}

/** Events at one kind of object for a piece of work. */
function eventsAt(kind: ObjectKind, unit: WorkUnit): number {
  const { frames, calls }: UnitCost = unitCosts[unit];
  return (frames?.[kind] ?? 0) + (calls?.[kind] ?? 0);
}

function addConversations(
  users: number,
  random: () => number,
  { members: most }: Deployment,
  daily: Record<WorkUnit, number>,
  events: AppLoad["events"],
): void {
  const add = (messages: number, members: number, present: number) => {
    const away = members - 1 - present;
    const work: Partial<Record<WorkUnit, number>> = {
      send: messages,
      acknowledge: messages * present,
      read: messages * present * assumptions.readsPerDelivery,
      pushed: away > 0 ? messages * Math.min(1, away) * assumptions.pushed : 0,
    };
    let atConversation = 0;
    for (const [unit, times] of Object.entries(work) as [WorkUnit, number][]) {
      daily[unit] += times;
      atConversation += times * eventsAt("ConversationObject", unit);
    }
    // So many messages a second come in its busiest minute, and nobody would read more.
    const mean = messages / DAY;
    const busiest = Math.min(mean * peak * burst.factor, burst.messagesMost);
    if (messages > 0) events.ConversationObject.add((atConversation / messages) * busiest);
  };
  const perUser = sends.mean;
  const chatCount = Math.round((users * chats.each) / 2);
  const chatShare = (users * perUser * shares.chats) / chatCount;
  const drawChat = logNormal(random, chats.sigma);
  for (let chat = 0; chat < chatCount; chat++) add(chatShare * drawChat(), 2, online.chat);
  const size = zipf(random, groups.least, most, groups.exponent);
  const groupCount = Math.round((users * groups.memberships) / size.mean);
  const perMember = (users * perUser * shares.groups) / (groupCount * size.mean);
  const drawGroup = logNormal(random, groups.sigma);
  for (let group = 0; group < groupCount; group++) {
    const members = size.draw();
    add(perMember * members * drawGroup(), members, (members - 1) * online.group);
  }
  daily.start += users * assumptions.starts;
}

/** Relays that a room of so many has: whole levels, from the first on (`src/relay/tree.ts`). */
export function relaysFor(present: number, socketsPerRelay: number): number {
  if (present <= socketsPerRelay) return 0;
  let relays = 0;
  for (let level = 1, room = socketsPerRelay; room < present; level++) {
    relays += relaysAt(level);
    room += relaysAt(level) * socketsPerRelay;
  }
  return relays;
}

/** @returns messages a day */
function addRooms(
  users: number,
  random: () => number,
  { socketsPerRelay, roomMessagesPerSecond }: Deployment,
  daily: Record<WorkUnit, number>,
  events: AppLoad["events"],
): number {
  const count = Math.max(1, Math.round(users / rooms.peoplePerRoom));
  const largest = Math.max(10, users * rooms.largestShare);
  const opened = assumptions.hoursOnline * 3_600;
  let messages = 0;
  for (let rank = 1; rank <= count; rank++) {
    // A little off the law, so that not every app has the same rooms.
    const present = Math.max(2, (largest / rank ** rooms.exponent) * (0.9 + 0.2 * random()));
    const relays = relaysFor(present, socketsPerRelay);
    const said = assumptions.roomTalk * Math.sqrt(present);
    messages += said * opened;
    daily.roomSend += said * opened;
    daily.enterRoom += present;
    const delivered = Math.min(said, roomMessagesPerSecond);
    daily.relayedMessage += delivered * opened * relays;
    const entering = present / rooms.enteredWithin;
    // Relays register and report while people come; see bench/simulated-room.ts.
    const reports = (relays * 12) / rooms.enteredWithin;
    events.ConversationObject.add(said + (relays === 0 ? entering : reports));
    const each = Math.max(1, relays);
    for (let relay = 0; relay < relays; relay++)
      events.RelayObject.add(delivered + said / each + entering / each);
  }
  return messages;
}

function addClients(
  users: number,
  random: () => number,
  deployment: Deployment,
  daily: Record<WorkUnit, number>,
  events: AppLoad["events"],
): void {
  const { logins, newsPerLogin } = assumptions;
  daily.login += users * logins;
  daily.leave += users * logins;
  daily.news += users * logins * newsPerLogin;
  // Each conversation with news once had a first message for them while they were away.
  daily.firstToAway += users * logins * newsPerLogin;
  daily.firstLogin += users * assumptions.newcomers;
  daily.request += users * assumptions.requests;
  const ofLogins = logins * (eventsAt("ClientObject", "login") + eventsAt("ClientObject", "leave"));
  const woken = (daily.firstToAway / users) * eventsAt("ClientObject", "firstToAway");
  const reports = logins * (eventsAt("AppObject", "login") + eventsAt("AppObject", "leave"));
  const shards = Array.from({ length: deployment.appShards }, () => 0);
  const draw = logNormal(random, sends.sigma);
  for (let user = 0; user < users; user++) {
    // Who writes much is there often, and is written to much.
    const activity = draw();
    events.ClientObject.add(((ofLogins + woken) * activity * peak) / DAY);
    const shard = deployment.shardOf(`user-${user}`);
    shards[shard] = (shards[shard] ?? 0) + (reports * activity * peak) / DAY;
  }
  // A quota's name is at one shard, and the requests of an app take the same few.
  const quota = (daily.request * eventsAt("AppObject", "request") * peak) / DAY;
  for (const [shard, rate] of shards.entries()) events.AppObject.add(rate + (shard === 0 ? quota : 0));
}

/** Objects that there is one of. */
function addSingles(
  users: number,
  daily: Record<WorkUnit, number>,
  events: AppLoad["events"],
  conversations: number,
): void {
  const { notifications, isolates, reports, hoursOnline, awake } = assumptions;
  const deliveries = (users * notifications.devicesEach) / notifications.devicesPerDelivery;
  daily.notification += deliveries * notifications.perDay;
  events.PushObject.add((deliveries * eventsAt("PushObject", "notification")) / notifications.within);
  const sockets = (users * hoursOnline * peak) / 24;
  const writes = ((daily.send + daily.acknowledge) * peak) / DAY;
  // Of conversations, so many are awake that each is for a while after each message.
  const awakeObjects = Math.min(conversations, ((daily.send * peak) / DAY) * awake);
  const reporting = sockets / isolates.sockets + awakeObjects / isolates.objects;
  const rate = reporting / reports.seconds + writes / reports.messages;
  daily.metricsReport += (rate * DAY) / peak;
  events.MetricsObject.add(rate * eventsAt("MetricsObject", "metricsReport"));
}
