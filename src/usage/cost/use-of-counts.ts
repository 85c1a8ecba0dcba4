import { gigabyteSeconds, type Use } from "./cost.ts";
import type { Prices } from "./prices.ts";

/** What is counted where it happens. */
export const usageCountNames = [
  "objectRows",
  "objectRowsRead",
  "databaseRows",
  "databaseRowsRead",
  "databaseCalls",
  /** Messages that came on sockets of objects. */
  "socketMessages",
  /** Calls, links and alarms of objects. */
  "otherEvents",
  /** Messages handed to queues. */
  "queued",
  /** Pushes that a conversation has made without a queue. */
  "directPushes",
  /** Requests, and batches of queues. */
  "workerRequests",
  /** Frames on users' sockets, both ways. */
  "frames",
] as const;
export type UsageCountName = (typeof usageCountNames)[number];
export type UsageCounts = Record<UsageCountName, number>;

/** The platform bills twenty messages on a socket as one request. */
export const MESSAGES_PER_REQUEST = 20;

/** What counts alone do not tell. */
export const costAssumptions = {
  /** How long an object is awake for each (ms). Most of it is waiting: for the disk, D1, a queue, a push provider. */
  awake: { socketMessage: 5, otherEvent: 20, databaseCall: 50, queued: 30, directPush: 150 },
  /** The Worker's processor for each (ms). */
  processor: { frame: 0.1, workerRequest: 5 },
  /** Written, read, removed. */
  operationsPerQueued: 3,
} as const;

/** What the platform bills for what was counted. How long objects are awake, and the processor, are estimates. */
export function useOfCounts(counts: UsageCounts, prices: Prices): Use {
  const { awake, processor, operationsPerQueued } = costAssumptions;
  const awakeFor =
    counts.socketMessages * awake.socketMessage +
    counts.otherEvents * awake.otherEvent +
    counts.databaseCalls * awake.databaseCall +
    counts.queued * awake.queued +
    counts.directPushes * awake.directPush;
  return {
    workerRequests: counts.workerRequests,
    workerMilliseconds: counts.frames * processor.frame + counts.workerRequests * processor.workerRequest,
    objectRequests: counts.socketMessages / MESSAGES_PER_REQUEST + counts.otherEvents,
    objectGigabyteSeconds: gigabyteSeconds(awakeFor / 1000, prices),
    objectRowsWritten: counts.objectRows,
    objectRowsRead: counts.objectRowsRead,
    databaseRowsWritten: counts.databaseRows,
    databaseRowsRead: counts.databaseRowsRead,
    queueOperations: counts.queued * operationsPerQueued,
  };
}
