import type { Report } from "./report.ts";

/** Where progress goes. */
export interface Terminal {
  /** Lines of text or JSON. */
  out(line: string): void;
  /** The one line that is written over again and again; undefined where nobody watches. */
  status: ((line: string) => void) | undefined;
}

/** How often progress is shown, in milliseconds. */
const WATCHED = 200;
const LOGGED = 30_000;
const AS_JSON = 1_000;

interface Stage {
  name: string;
  /** Rows when this run began, to tell its speed. */
  before: number;
  rows: number;
  /** How much of the stage is done, from 0 to 1; undefined where it cannot be known. */
  share: { before: number; now: number } | undefined;
  since: number;
}

/**
 * Tells how a command goes: one line that changes where somebody watches, else a line now and then, or events as JSON
 * for scripts; and a server, if there is a report to it. No secret comes here.
 */
export class Progress {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #report: Report | undefined;
  #stage: Stage | undefined;
  #shownAt = 0;

  constructor(terminal: Terminal, json: boolean, report?: Report) {
    this.#terminal = terminal;
    this.#json = json;
    this.#report = report;
  }

  /**
   * A stage begins, or goes on.
   *
   * @param rows what it has already
   * @param share how much of it that is
   */
  begin(name: string, rows = 0, share?: number): void {
    const both = share === undefined ? undefined : { before: share, now: share };
    this.#stage = { name, before: rows, rows, share: both, since: performance.now() };
    this.#report?.at({ stage: name, rows, share });
    this.#event("begin", { stage: name, rows }, undefined);
  }

  /**
   * Rows so far, and how much of the stage that is.
   *
   * @param place where it is, for people
   */
  advance(rows: number, share?: number, place?: string): void {
    const stage = this.#stage;
    if (stage === undefined) return;
    stage.rows = rows;
    if (share !== undefined) stage.share = { before: stage.share?.before ?? 0, now: Math.min(1, share) };
    this.#report?.at({ stage: stage.name, rows, share: stage.share?.now });
    const now = performance.now();
    const every = this.#json ? AS_JSON : this.#terminal.status === undefined ? LOGGED : WATCHED;
    if (now - this.#shownAt < every) return;
    this.#shownAt = now;
    const { rate, seconds } = speedOf(stage, now);
    const line = lineOf(stage, rate, seconds, place);
    if (this.#json) this.#event("progress", { stage: stage.name, rows, rate, remaining: seconds }, line);
    else if (this.#terminal.status !== undefined) this.#terminal.status(line);
    else this.#terminal.out(line);
  }

  /** The stage is done. */
  end(rows: number): void {
    const name = this.#stage?.name ?? "";
    this.#stage = undefined;
    this.#report?.at({ stage: name, rows, share: 1 });
    this.#event("end", { stage: name, rows }, `${name}: ${plain(rows)}`);
  }

  pause(why: string, milliseconds: number): void {
    const seconds = Math.round(milliseconds / 1000);
    this.#event("pause", { why, seconds }, `Pause of ${durationOf(seconds)}: ${why}.`);
  }

  say(text: string): void {
    this.#event("note", { text }, text);
  }

  /** The last event, with what there is to tell. */
  finish(event: string, details: object, text: string): void {
    this.#event(event, details, text);
  }

  /** @param text for people; undefined for what only scripts need */
  #event(event: string, details: object, text: string | undefined): void {
    if (this.#json) this.#terminal.out(JSON.stringify({ event, ...details }));
    else if (text !== undefined) this.#terminal.out(text);
  }
}

/** Rows a second in this run, and the seconds that are left, if that can be told. */
export function speedOf(stage: Stage, now: number): { rate: number; seconds: number | undefined } {
  const elapsed = Math.max(1, now - stage.since) / 1000;
  const rate = Math.round((stage.rows - stage.before) / elapsed);
  const { before, now: share } = stage.share ?? { before: 0, now: 0 };
  const gained = share - before;
  return { rate, seconds: gained > 0 ? Math.round(((1 - share) / gained) * elapsed) : undefined };
}

function lineOf(stage: Stage, rate: number, seconds: number | undefined, place?: string): string {
  const share = stage.share === undefined ? "" : `, ${Math.floor(stage.share.now * 100)} %`;
  const left = seconds === undefined ? "" : `, ${durationOf(seconds)} left`;
  const where = place === undefined ? "" : `, ${place}`;
  return `${stage.name}: ${plain(stage.rows)}${share}, ${plain(rate)}/s${left}${where}`;
}

export function durationOf(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function plain(count: number): string {
  return count.toLocaleString("en");
}

/** The terminal of a process: progress on standard error, what was asked for on standard output. */
export function processTerminal(json: boolean): Terminal {
  const watched = !json && process.stderr.isTTY;
  const clear = watched ? "\r\u001b[K" : "";
  return {
    out: (line) => (json ? process.stdout : process.stderr).write(`${clear}${line}\n`),
    status: watched
      ? (line) => {
          process.stderr.write(`${clear}${line.slice(0, (process.stderr.columns || 80) - 1)}`);
        }
      : undefined,
  };
}
