import type { MessageRecord } from "../../model/records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import type { HistoryRequest } from "../log/history-pages.ts";
import type { MessageLocation } from "../server-calls.ts";
import type { SubscriberImport } from "./service-import.ts";
import type { Subscriber } from "./subscribers.ts";

/** Who a message is for. */
export type AudienceName = "clients" | "subscribers" | "everybody";

/** A broadcast to everybody that has not ended, with its message. */
export interface ValidBroadcast {
  message: MessageRecord;
  /** Milliseconds. */
  validTill: number;
}

/** The calls of the app's server to a service conversation (http-api §2.4): what each asks, and its answer. */
export interface ServiceCalls {
  subscribe: { asked: { clientId: string }; answer: undefined };
  unsubscribe: { asked: { clientId: string }; answer: undefined };
  /** A page in the order of client ids; `after` is the last client of the page before. */
  subscribers: { asked: { after: string | undefined; limit: number }; answer: Subscriber[] };
  /** Takes over subscribers of another service: what became of each. */
  importSubscribers: { asked: { subscribers: Subscriber[] }; answer: SubscriberImport[] };
  subscriberCount: { asked: undefined; answer: number };
  /** What a client and the service said to each other, and what was broadcast to subscribers. */
  dialogue: { asked: { clientId: string; request: HistoryRequest }; answer: MessageRecord[] };
  /** Who a message is for; undefined if there is none. */
  audienceOf: { asked: MessageLocation; answer: AudienceName | undefined };
  /** A page of the broadcasts to everybody that have not ended, the newest first. */
  broadcasts: { asked: { skip: number; limit: number }; answer: ValidBroadcast[] };
  /** Deletes a broadcast to everybody: devices that have it keep it. */
  deleteBroadcast: { asked: MessageLocation; answer: undefined };
  /** Takes a message out of what one client may read. */
  hideFrom: { asked: MessageLocation & { clientId: string }; answer: undefined };
}

export type ServiceCall = keyof ServiceCalls;
export type Asked<Name extends ServiceCall> = ServiceCalls[Name]["asked"];
export type Answer<Name extends ServiceCall> = ServiceCalls[Name]["answer"] | Refused;
