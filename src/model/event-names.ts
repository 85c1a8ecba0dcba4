/** The hooks before an event: the app's server may refuse or rewrite (H-01, H-04 to H-08, H-10). */
export const beforeEvents = [
  "messageReceived",
  "messageUpdate",
  "conversationStart",
  "conversationAdd",
  "conversationRemove",
  "conversationUpdate",
  "rtmClientSign",
] as const;

/** The hooks after an event, which the event log stores too (H-02, H-03, H-05 to H-09, G-05). */
export const afterEvents = [
  "messageSent",
  "receiversOffline",
  "conversationStarted",
  "conversationAdded",
  "conversationRemoved",
  "clientOnline",
  "clientOffline",
] as const;

/** What the app's hooks and word list did to messages: for the event log alone. */
export const decisionEvents = ["messageRefused", "messageChanged"] as const;

/**
 * What the event log stores: events, what became of pushes, what was decided about messages, and requests that were
 * passed on to an upstream.
 */
export const loggedNames = [...afterEvents, "pushSettled", ...decisionEvents, "requestPassed"] as const;

/** Names of hooks; LeanEngine puts an underscore before each. */
export const eventNames = [...beforeEvents, ...afterEvents] as const;

export type BeforeEventName = (typeof beforeEvents)[number];
export type AfterEventName = (typeof afterEvents)[number];
export type LoggedName = (typeof loggedNames)[number];
export type EventName = (typeof eventNames)[number];
