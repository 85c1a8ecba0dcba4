import type { Metrics } from "./series.ts";

export type AttentionValues = Record<string, string | number>;

/** What the owner should look at. */
export interface Attention {
  severity: "error" | "warning" | "notice";
  code: string;
  text: string;
  /** The names and numbers of the text, to write it in another language. */
  values: AttentionValues;
  /** In ms; null if it is not known. */
  since: number | null;
  /** The part of the console where it is seen or mended. */
  link: string;
}

/** How the parts of a server are; null for what does not answer or is not there. */
export interface ServerFacts {
  d1: { answers: boolean; bytes: number | null };
  archive: {
    completeUntil: number | null;
    behindSeconds: number | null;
    problem: string | null;
    /** Those that have messages, `DB` among them, which is `d1` as well. */
    databases: { name: string; receives: boolean; answers: boolean; bytes: number | null }[];
  };
  queues: Record<string, number | null> | null;
  mirror: { waiting: number; waitingSince: number | null; problem: string | null } | null;
  switchesOff: { setting: string; allows: string }[] | null;
  host: {
    restarts: number;
    startedAt: number;
    descriptors: number | null;
    descriptorsMax: number | null;
  } | null;
  /** The last hour. */
  metrics: Metrics | null;
}

const ARCHIVE_BEHIND = 120; // seconds
/** On a single machine the archive's time stands still for some seconds after a start, however quiet the server was. */
const ARCHIVE_UNKNOWN = 60_000; // ms
const QUEUE_LONG = 1_000;
const MIRROR_WAITS = 5 * 60_000; // ms
/** Of the 10 GB that one D1 may have. */
const STORAGE_FULL = 8_000_000_000; // bytes
const DESCRIPTORS_FULL = 0.8;
/** Fewer failures in an hour than this may be chance. */
const FAILURES_FEW = 3;
const FAILURES_SHARE = 0.1;
const EVENTS_LATE = 10;
const QUOTA_HITS = 20;
/** The number of the error for too many commands (4116). */
const QUOTA_REFUSALS = "refusals.4116";

const RANK = { error: 0, warning: 1, notice: 2 };

/** What needs the owner, the worst first. */
export function attentionOf(facts: ServerFacts, now: number): Attention[] {
  const all = [...ofParts(facts, now), ...ofCounts(facts.metrics)];
  return all.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
}

function* ofParts(facts: ServerFacts, now: number): Generator<Attention> {
  const { d1, archive, queues, mirror, switchesOff, host } = facts;
  if (!d1.answers)
    yield error(
      "d1_unanswered",
      "D1 does not answer: no client can be found, nothing new is listed.",
      "events",
      { database: "D1" },
    );
  if (d1.bytes !== null && d1.bytes >= STORAGE_FULL) yield storageFull("D1", d1.bytes);
  if (archive.problem !== null) {
    const { problem } = archive;
    yield error("archive_misfit", `Messages are not copied to D1. ${problem}.`, "", { problem });
  }
  for (const { name, receives, answers, bytes } of archive.databases) {
    if (name === "DB") continue;
    if (!answers) {
      const text = `D1's ${name} does not answer: history across conversations cannot be read.`;
      yield error("d1_unanswered", text, "events", { database: name });
    }
    if (receives && bytes !== null && bytes >= STORAGE_FULL) yield storageFull(name, bytes);
  }
  const hasJustStarted = host !== null && now - host.startedAt < ARCHIVE_UNKNOWN;
  if (!hasJustStarted && archive.behindSeconds !== null && archive.behindSeconds >= ARCHIVE_BEHIND) {
    const text = `The copy of messages in D1 is ${archive.behindSeconds} s behind.`;
    const values = { seconds: archive.behindSeconds };
    yield warning("archive_behind", text, "events", values, archive.completeUntil);
  }
  for (const [name, length] of Object.entries(queues ?? {})) {
    if (length !== null && length >= QUEUE_LONG)
      yield warning(
        "queue_long",
        `${length} entries wait in the queue "${name}".`,
        name === "events" ? "settings" : "push",
        { queue: name, entries: length },
      );
  }
  if (mirror?.waitingSince != null && now - mirror.waitingSince >= MIRROR_WAITS) {
    const { waiting, waitingSince, problem } = mirror;
    const text = `${waiting} messages wait to go to LeanCloud: ${problem ?? "it takes its time"}.`;
    yield warning("mirror_waits", text, "moving", { waiting, problem: problem ?? "" }, waitingSince);
  }
  if (host?.descriptors != null && host.descriptorsMax !== null) {
    const { descriptors, descriptorsMax: most } = host;
    if (descriptors >= most * DESCRIPTORS_FULL)
      yield error(
        "descriptors_full",
        `${descriptors} of ${most} files and sockets are open: raise ulimit -n.`,
        "",
        { open: descriptors, most },
      );
  }
  if (host !== null && host.restarts > 0)
    yield warning(
      "restarts",
      `The runtime crashed and was restarted ${times(host.restarts)}.`,
      "",
      { times: host.restarts },
      host.startedAt,
    );
  if (switchesOff !== null && switchesOff.length > 0) {
    const text = `Strangers may ${switchesOff.map(({ allows }) => allows).join("; ")}.`;
    yield notice("switches_off", text, "settings", { switches: switchesOff.length });
  }
}

function* ofCounts(metrics: Metrics | null): Generator<Attention> {
  if (metrics === null)
    return yield warning("metrics_unanswered", "What was counted cannot be read.", "events", {});
  const count = (name: string) => metrics.totals[name] ?? 0;
  const since = (name: string) => {
    const first = metrics.series[name]?.findIndex((value) => value > 0) ?? -1;
    return first < 0 ? null : metrics.from + first * metrics.bucket;
  };
  for (const provider of secondParts(metrics, "pushes")) {
    const [sent, failed, later] = ["sent", "failed", "later"].map((result) =>
      count(`pushes.${provider}.${result}`),
    );
    if (isMuch(failed, (sent ?? 0) + (failed ?? 0)))
      yield grave(
        sent,
        "provider_refuses",
        `${provider} refused ${times(failed)} in the last hour.`,
        "push",
        { provider, times: failed ?? 0 },
        since(`pushes.${provider}.failed`),
      );
    if (isMuch(later, (sent ?? 0) + (later ?? 0)))
      yield grave(
        sent,
        "provider_late",
        `${provider} did not take ${later} pushes in the last hour; they are tried again.`,
        "push",
        { provider, pushes: later ?? 0 },
        since(`pushes.${provider}.later`),
      );
  }
  for (const endpoint of secondParts(metrics, "hooks")) {
    const [calls = 0, failures = 0] = ["calls", "failures"].map((name) => count(`hooks.${endpoint}.${name}`));
    if (isMuch(failures, calls))
      yield grave(
        calls - failures,
        "hooks_fail",
        `${failures} of ${calls} calls of the ${endpoint} failed in the last hour.`,
        "settings",
        { endpoint, failures, calls },
        since(`hooks.${endpoint}.failures`),
      );
  }
  if (count("events.errors") >= EVENTS_LATE)
    yield warning(
      "events_late",
      `${count("events.errors")} events were not taken at once in the last hour.`,
      "events",
      { events: count("events.errors") },
      since("events.errors"),
    );
  if (isMuch(count("requests.failed"), count("requests")))
    yield warning(
      "requests_fail",
      `${count("requests.failed")} of ${count("requests")} requests failed in the last hour.`,
      "",
      { failed: count("requests.failed"), requests: count("requests") },
      since("requests.failed"),
    );
  if (count(QUOTA_REFUSALS) >= QUOTA_HITS)
    yield notice(
      "quota_hit",
      `${count(QUOTA_REFUSALS)} commands or logins were over a limit in the last hour.`,
      "settings",
      { times: count(QUOTA_REFUSALS) },
      since(QUOTA_REFUSALS),
    );
}

const isMuch = (failures = 0, all = 0) => failures >= FAILURES_FEW && failures >= all * FAILURES_SHARE;

/** The names after a first one: providers, endpoints. */
function secondParts({ totals }: Metrics, first: string): Set<string> {
  const parts = Object.keys(totals).map((name) => name.split("."));
  return new Set(
    parts.flatMap(([start, second]) => (start === first && second !== undefined ? [second] : [])),
  );
}

const times = (count = 0) => (count === 1 ? "once" : `${count} times`);

type Maker = (
  code: string,
  text: string,
  view: string,
  values: AttentionValues,
  since?: number | null,
) => Attention;

const maker =
  (severity: Attention["severity"]): Maker =>
  (code, text, view, values, since = null) => ({
    severity,
    code,
    text,
    values,
    since,
    link: view === "" ? "/console" : `/console/${view}`,
  });

const error = maker("error");
const warning = maker("warning");
const notice = maker("notice");

function storageFull(database: string, bytes: number): Attention {
  const gigabytes = Number((bytes / 1e9).toFixed(1));
  const text = `${database} has ${gigabytes.toFixed(1)} GB; one database may have 10.`;
  return warning("storage_full", text, "settings", { database, gigabytes });
}

/** An error if nothing went well, else a warning. */
function grave(good: number | undefined, ...rest: Parameters<Maker>): Attention {
  return good ? warning(...rest) : error(...rest);
}
