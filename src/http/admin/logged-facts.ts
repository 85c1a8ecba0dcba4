import type { LoggedEvent } from "../../database/events.ts";
import type { Json, JsonObject } from "../../model/json.ts";

/** What the event log tells of one recipient of a message. */
export interface LoggedFacts {
  onlineWhenSent(clientId: string): { known: boolean; is?: boolean; source?: "log"; why?: string };
  pushed(clientId: string): { known: boolean; source?: "log"; why?: string; results: PushAttempt[] };
}

interface PushAttempt {
  at: number;
  outcome: Json;
  provider: Json | undefined;
  installation: Json | undefined;
  why: Json | undefined;
}

/**
 * Reads the entries of one message, the oldest first.
 *
 * @param isOn whether the log is on now
 */
export function loggedFacts(entries: readonly LoggedEvent[], isOn: boolean): LoggedFacts {
  const sent = entries.find(({ name }) => name === "messageSent");
  const online = namesIn(sent?.detail, "online");
  const offline = namesIn(sent?.detail, "offline");
  const attempts = Map.groupBy(
    entries.filter(({ name }) => name === "pushSettled").flatMap(attemptsIn),
    ({ clientId }) => clientId,
  );
  const why = isOn
    ? "the event log has no entry of it: it was off then, has been cleared since, or has not been written yet"
    : "the event log is off (events.logDays)";
  return {
    onlineWhenSent: (clientId) => {
      if (online.has(clientId)) return { known: true, is: true, source: "log" };
      if (offline.has(clientId)) return { known: true, is: false, source: "log" };
      return { known: false, why };
    },
    pushed: (clientId) => {
      const results = attempts.get(clientId)?.map(({ attempt }) => attempt) ?? [];
      if (results.length > 0) return { known: true, source: "log", results };
      if (online.has(clientId)) return { known: true, source: "log", why: "was online", results };
      return { known: false, why: sent === undefined ? why : "no push has been settled", results };
    },
  };
}

function namesIn(detail: JsonObject | undefined, list: string): Set<Json> {
  const names = detail?.[list];
  return new Set(Array.isArray(names) ? names : []);
}

/** An entry is about one device's clients, or about all for whom nothing was pushed. */
function attemptsIn({ at, detail }: LoggedEvent): { clientId: Json; attempt: PushAttempt }[] {
  const { outcome = null, provider, installation, why } = detail;
  const attempt = { at, outcome, provider, installation, why };
  return [...namesIn(detail, "clients")].map((clientId) => ({ clientId, attempt }));
}
