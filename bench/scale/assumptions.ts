import { assumptions as costs } from "../cost-model.ts";

const { month, stored } = costs;

/**
 * How people use an app, where nothing that is counted tells; what a person does in a day is as in docs/costs.md.
 * Whoever knows their app better changes it and runs the simulation again.
 */
export const assumptions = {
  daysInMonth: month.days,
  /** Messages of a person in a day: log-normal, so that few write most. */
  sends: { mean: month.sends, sigma: 1.2 },
  /** Where they are written. The rest is in rooms, by the rooms' own rates. */
  shares: { chats: 0.6, groups: 0.4 },
  logins: month.logins,
  newsPerLogin: month.newsPerLogin,
  hoursOnline: month.hoursOnline,
  /** Members of a conversation who are online while something is said in it, beside the author. */
  online: { chat: 0.5, group: 0.2 },
  /** Of what is delivered, so much is read on its own; the rest is read together with later messages. */
  readsPerDelivery: 0.5,
  /** Of messages with somebody who is away, so many are pushed. */
  pushed: 1,
  /** Two-party chats of a person, with a log-normal share of what is said in chats. */
  chats: { each: 4, sigma: 1.5 },
  /** Groups: members by Zipf's law up to `limits.members`, with log-normal liveliness. */
  groups: { memberships: 3, least: 3, exponent: 2.5, sigma: 1.5 },
  /** One room for so many people, those present by Zipf's law; the largest has a tenth of all. */
  rooms: { peoplePerRoom: 1_000, largestShare: 0.1, exponent: 1, enteredWithin: 600 },
  /** Messages a second in a room with one person; with more, by the square root of their number. */
  roomTalk: 0.02,
  /** The busiest hour, by the mean of a day. */
  peak: 3,
  /** The busiest minute of a conversation, by its peak hour; nobody reads more messages a second. */
  burst: { factor: 10, messagesMost: 2 },
  /** Conversations that begin in a day, for each person. */
  starts: 0.1,
  /** People who come for the first time, of those of a day. */
  newcomers: 0.01,
  /** Requests over HTTP that take a quota of the app, for each person and day. */
  requests: 0.2,
  /** A notification to everybody in a day, its deliveries spread by the queue over this time (s). */
  notifications: { perDay: 1, within: 3_600, devicesEach: 1, devicesPerDelivery: 100 },
  /** Isolates: sockets of a gateway's, and awake objects of another. */
  isolates: { sockets: 3_000, objects: 50 },
  /** An isolate reports after so many messages (`src/metrics/meter.ts`), or this time (s). */
  reports: { messages: 1_000, seconds: 900 },
  /** How long a conversation stays awake after something happened (s). */
  awake: 60,
  /** KB stored for a message. */
  stored,
} as const;
