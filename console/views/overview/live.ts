import { useEffect, useState } from "preact/hooks";
import * as v from "valibot";
import { ApiError } from "../../api/api-error.ts";
import { readServerEvents } from "../../api/server-events.ts";
import { sessionState } from "../../api/session.ts";
import { waitAfter } from "./backoff.ts";

const PATH = "/admin/metrics/live";

const snapshotShape = v.object({
  minutes: v.array(
    v.object({ at: v.number(), counts: v.record(v.string(), v.number()), messages: v.number() }),
  ),
  online: v.nullable(v.number()),
  users_today: v.nullable(v.number()),
  archive_behind_seconds: v.nullable(v.number()),
});

/** What the server counts now. */
export type Snapshot = v.InferOutput<typeof snapshotShape>;

/** How the stream is. The last snapshot stays while it is not live. */
export interface Live {
  phase: "connecting" | "live" | "lost" | "paused";
  snapshot: Snapshot | undefined;
}

/** Follows what the server counts, while the page is in sight. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ phase: "connecting", snapshot: undefined });
  useEffect(() => {
    const end = new AbortController();
    void follow(end.signal, (change) => setLive((former) => ({ ...former, ...change })));
    return () => end.abort();
  }, []);
  return live;
}

/** Never rejects; ends with the signal. */
async function follow(signal: AbortSignal, onChange: (change: Partial<Live>) => void): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    if (document.hidden) {
      onChange({ phase: "paused" });
      await untilSeen(signal);
      continue;
    }
    const error = await read(signal, (snapshot) => {
      failures = 0;
      onChange({ phase: "live", snapshot });
    });
    if (signal.aborted || document.hidden) continue;
    // A stream that ends in order is asked for again: the server may be another version.
    if (error === undefined) {
      await pause(waitAfter(0), signal);
      continue;
    }
    onChange({ phase: "lost" });
    if (error instanceof ApiError && error.status === 401) await untilSignedIn(signal);
    else await pause(waitAfter(++failures), signal);
  }
}

/** Reads one stream, until it ends or the page is hidden. Resolves to why it broke. */
async function read(signal: AbortSignal, onSnapshot: (snapshot: Snapshot) => void): Promise<unknown> {
  const hidden = new AbortController();
  const onHidden = () => document.hidden && hidden.abort();
  document.addEventListener("visibilitychange", onHidden);
  try {
    await readServerEvents(PATH, AbortSignal.any([signal, hidden.signal]), ({ event, data }) => {
      if (event === "snapshot") onSnapshot(v.parse(snapshotShape, JSON.parse(data)));
    });
    return undefined;
  } catch (error) {
    return error ?? new Error("broken");
  } finally {
    document.removeEventListener("visibilitychange", onHidden);
  }
}

/** Waits until something happens, or the signal ends it. `start` returns what stops waiting. */
function until(signal: AbortSignal, start: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stop = start(done);
    signal.addEventListener("abort", done);
  });
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  until(signal, (done) => {
    const timer = setTimeout(done, milliseconds);
    return () => clearTimeout(timer);
  });

const untilSeen = (signal: AbortSignal): Promise<void> =>
  until(signal, (done) => {
    document.addEventListener("visibilitychange", done);
    return () => document.removeEventListener("visibilitychange", done);
  });

const untilSignedIn = (signal: AbortSignal): Promise<void> =>
  until(signal, (done) => sessionState.subscribe(() => sessionState.get().phase === "signed in" && done()));
