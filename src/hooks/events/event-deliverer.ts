import { withDeadline } from "../../deadline.ts";
import { loggableError } from "../../loggable-error.ts";
import {
  type AppEvent,
  type EventTarget,
  isReported,
  type QueuedEvent,
  type ReportedEvent,
} from "../../model/app-events.ts";
import type { OfflineEvent } from "../../push/offline-push.ts";
import type { QueueMessage } from "../../queue/queue.ts";
import type { Settings } from "../../settings/schema.ts";
import type { AppServer } from "../app-server/app-server.ts";
import { failedAnswer, type HookAnswer } from "../app-server/hook-answer.ts";
import { eventCall } from "../app-server/hook-call.ts";
import { isWrittenToService } from "../app-server/service-hook.ts";

export type EventMessage = QueueMessage<QueuedEvent>;

/** The event log in D1 (G-05). Saving an event again changes nothing. */
export interface EventLog {
  save(events: AppEvent[]): Promise<void>;
  /** Deletes events from before a time (ms). */
  dropBefore(time: number): Promise<void>;
}

export interface EventDelivererHost {
  settings: Settings;
  server: AppServer;
  log: EventLog;
  /** Pushes to offline recipients, if the settings want it. */
  push(event: OfflineEvent): Promise<void>;
  /** Adds events to the queue, with a delay in seconds. */
  queue(events: QueuedEvent[], delaySeconds: number): Promise<void>;
  /** A target did not take an event: it gets it again. */
  late(): void;
  now(): number;
}

/** Concurrent calls to one endpoint: events of one batch need not wait for each other, nor flood the endpoint. */
const CALLS_AT_ONCE = 4;
/** After so many calls in a row without a response, the rest of the batch waits for the next attempt. */
const UNANSWERED_MAX = 3;
/** How often a message is sent to the hook of services again. */
const SERVICE_RETRIES = 3;
const LOG_DEADLINE = 8_000; // ms for D1
/** More than the hook, D1 and the queue may take together (ms): an earlier timeout would repeat the push. */
const PUSH_DEADLINE = 60_000;
const DELAY_FIRST = 5; // seconds
const DELAY_LAST = 15 * 60; // seconds
const DAY = 24 * 60 * 60 * 1_000; // ms

interface Delivery {
  message: EventMessage;
  targets: EventTarget[];
  failed: EventTarget[];
}

/**
 * Delivers events to the event log, the engine, the webhook and push. Each target receives each event at least once and
 * in no guaranteed order. A target that fails is retried with growing delays and does not affect the others.
 */
export class EventDeliverer {
  #droppedAt = Number.NEGATIVE_INFINITY;

  /** Consumes one batch. Settles every message of it and never rejects. */
  async consume(messages: readonly EventMessage[], host: EventDelivererHost): Promise<void> {
    const deliveries = messages.map((message) => ({
      message,
      targets: targetsOf(message.body, host),
      failed: [],
    }));
    const { server } = host;
    await Promise.all([
      save(deliveries, host),
      each("engine", deliveries, (event) => server.callEngine(eventCall(event))),
      each("webhook", deliveries, (event) => server.callWebhook(eventCall(event))),
      each("push", deliveries, (event) => push(event, host)),
      toServiceHook(deliveries, host),
      this.#dropOld(host),
    ]);
    await Promise.all(deliveries.map((delivery) => settle(delivery, host)));
  }

  /** At most once a day, as events arrive: a log without new events may keep its old rows. */
  async #dropOld({ log, settings, now }: EventDelivererHost): Promise<void> {
    if (now() - this.#droppedAt < DAY) return;
    this.#droppedAt = now();
    try {
      const oldest = now() - settings.events.logDays * DAY;
      await withDeadline(log.dropBefore(oldest), LOG_DEADLINE, "old events");
    } catch (error) {
      console.warn("event log: old rows stay until tomorrow:", loggableError(error));
    }
  }
}

/** The current targets of an event. Push itself calls the hook `receiversOffline` (H-03). */
function targetsOf(event: QueuedEvent, { settings, server }: EventDelivererHost): EventTarget[] {
  const targets: EventTarget[] = settings.events.logDays > 0 ? ["log"] : [];
  if (event.name === "receiversOffline") targets.push("push");
  else if (isReported(event)) {
    if (server.hasEngine) targets.push("engine");
    if (server.listensFor(event.name)) targets.push("webhook");
    if (server.hasServiceHook && isWrittenToService(event)) targets.push("service");
  }
  return event.only === undefined ? targets : targets.filter((target) => target === event.only);
}

async function save(deliveries: Delivery[], { log }: EventDelivererHost): Promise<void> {
  const due = deliveries.filter(({ targets }) => targets.includes("log"));
  if (due.length === 0) return;
  try {
    const events = due.map(({ message }) => eventOf(message.body));
    await withDeadline(log.save(events), LOG_DEADLINE, "event log");
  } catch (error) {
    console.warn(`event log: ${due.length} events are late:`, loggableError(error));
    for (const { failed } of due) failed.push("log");
  }
}

/** What clients wrote goes to the hook of services together (V-06). What it does not take is given up in the end. */
async function toServiceHook(deliveries: Delivery[], { server }: EventDelivererHost): Promise<void> {
  const due = deliveries.filter(({ targets }) => targets.includes("service"));
  if (due.length === 0) return;
  const events = due.map(({ message }) => eventOf(message.body)).filter(isWrittenToService);
  const answer = await attempt(() => server.callServiceHook(events));
  if (answer.outcome !== "failed") return;
  const again = due.filter(({ message }) => attemptsOf(message) <= SERVICE_RETRIES);
  for (const { failed } of again) failed.push("service");
  console.warn(
    `the hook of services: ${again.length} messages are late, ${due.length - again.length} given up: ${answer.why}`,
  );
}

/** Delivers an endpoint's events, a few at a time. */
async function each(
  target: EventTarget,
  deliveries: Delivery[],
  deliver: (event: ReportedEvent) => Promise<HookAnswer>,
): Promise<void> {
  const due = deliveries.filter(({ targets }) => targets.includes(target));
  const waiting = due.values();
  let unanswered = 0;
  let why: string | undefined;
  const work = async () => {
    for (const { message, failed } of waiting) {
      if (unanswered >= UNANSWERED_MAX) {
        failed.push(target);
        continue;
      }
      const event = eventOf(message.body);
      if (!isReported(event)) continue;
      const answer = await attempt(() => deliver(event));
      const failure = answer.outcome === "failed" ? answer.failure : undefined;
      unanswered = failure === "unanswered" || failure === "resting" ? unanswered + 1 : 0;
      if (answer.outcome !== "failed") continue;
      why = answer.why;
      if (failure !== "final") failed.push(target);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
  if (why === undefined) return;
  const late = due.filter(({ failed }) => failed.includes(target)).length;
  console.warn(`${target}: ${late} of ${due.length} events are late; some failed: ${why}`);
}

async function push(event: AppEvent, host: EventDelivererHost): Promise<HookAnswer> {
  if (event.name !== "receiversOffline") return { outcome: "not called" };
  await withDeadline(host.push(event), PUSH_DEADLINE, "push");
  return { outcome: "answered", result: undefined };
}

async function attempt(deliver: () => Promise<HookAnswer>): Promise<HookAnswer> {
  try {
    return await deliver();
  } catch (error) {
    return failedAnswer("unable", loggableError(error));
  }
}

/**
 * Settles a message: acknowledged, or retried. If only some targets failed, they get messages of their own, since a
 * retry would reach the others twice.
 */
async function settle(
  { message, targets, failed }: Delivery,
  { queue, late }: EventDelivererHost,
): Promise<void> {
  for (const _ of failed) late();
  if (failed.length === 0) return message.ack();
  const attempted = attemptsOf(message);
  const delaySeconds = delayAfter(attempted);
  if (failed.length === targets.length) return message.retry({ delaySeconds });
  try {
    const event = eventOf(message.body);
    const pending = failed.map((target): QueuedEvent => ({ ...event, only: target, attempted }));
    await queue(pending, delaySeconds);
    message.ack();
  } catch (error) {
    console.warn("events: all targets get one again:", loggableError(error));
    message.retry({ delaySeconds });
  }
}

/** Retries all messages later, while the settings are unknown. */
export function postpone(messages: readonly EventMessage[]): void {
  for (const message of messages) message.retry({ delaySeconds: delayAfter(attemptsOf(message)) });
}

/** All attempts of an event, this one included, also those before it had a message for this target alone. */
function attemptsOf({ attempts, body }: EventMessage): number {
  return attempts + (body.attempted ?? 0);
}

function delayAfter(attempts: number): number {
  return Math.min(DELAY_FIRST * 2 ** (attempts - 1), DELAY_LAST);
}

function eventOf({ only: _, attempted: __, ...event }: QueuedEvent): AppEvent {
  return event;
}
