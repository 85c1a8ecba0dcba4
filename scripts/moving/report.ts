import { randomUUID } from "node:crypto";
import { Refusal } from "../options.ts";
import type { AppAt } from "./credentials.ts";
import type { Pace } from "./pace.ts";
import { type Findings, type Position, type Run, type RunState, reportBody } from "./report-body.ts";

/** The least time between two reports (ms). */
const BETWEEN = 10_000;
/** Of one report, and of the last one with its second attempt (ms). */
const DEADLINE = 3_000;
/** An older server does not know reports; another one does not take this key, or anything. */
const NEVER_TAKEN: readonly number[] = [401, 403, 404, 405, 501];

/**
 * Tells a server how a command is going, so that its owner sees it there: when it begins, then every 10 seconds at most
 * while there is news, and how it ended. It holds nothing up and breaks nothing: a report that fails is left out.
 */
export class Report {
  readonly #to: AppAt;
  readonly #run: Run & { id: string };
  readonly #between: number;
  #phase: "running" | "ended" | "refused" = "running";
  #position: Position | undefined;
  #findings: () => Findings = () => ({});
  /** Waits until a report is due; none while one is under way. */
  #due: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | undefined;
  #hasNews = false;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(to: AppAt, run: Omit<Run, "startedAt">, pace: Pace) {
    this.#to = to;
    this.#run = { ...run, id: randomUUID(), startedAt: Date.now() };
    this.#between = BETWEEN * pace.scale;
    this.#plan();
  }

  /** @param findings what each report asks for */
  tellsOf(findings: () => Findings): void {
    this.#findings = findings;
  }

  at(position: Position): void {
    this.#position = position;
    this.#plan();
  }

  /** Does the command's work, and tells how it ended. Returns and throws what the work does. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      await this.#end({ state: "done" });
      return result;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      await this.stopped(error instanceof Refusal ? why : `It failed: ${why}`);
      throw error;
    }
  }

  /** Tells that the command stops here. Resolves when that is told, or cannot be. */
  stopped(why: string): Promise<void> {
    return this.#end({ state: "stopped", why });
  }

  async #end(state: RunState): Promise<void> {
    if (this.#phase !== "running") return;
    this.#phase = "ended";
    clearTimeout(this.#due);
    // An earlier report must not come after the last one.
    await this.#underWay;
    const signal = AbortSignal.timeout(DEADLINE);
    if (!(await this.#send(state, signal))) await this.#send(state, signal);
  }

  /** Sends what is new as soon as the next report is due. That keeps no process alive. */
  #plan(): void {
    this.#hasNews = true;
    if (this.#phase !== "running" || this.#due !== undefined || this.#underWay !== undefined) return;
    const wait = Math.max(0, this.#sentAt + this.#between - performance.now());
    this.#due = setTimeout(() => {
      this.#due = undefined;
      this.#hasNews = false;
      this.#sentAt = performance.now();
      this.#underWay = this.#send({ state: "running" }, AbortSignal.timeout(DEADLINE)).then(() => {
        this.#underWay = undefined;
        if (this.#hasNews) this.#plan();
      });
    }, wait).unref();
  }

  /** Whether the server has it, or never will. Never rejects. */
  async #send(state: RunState, signal: AbortSignal): Promise<boolean> {
    const { server, appId, masterKey } = this.#to;
    try {
      const response = await fetch(`${server}/admin/moving/${this.#run.id}`, {
        method: "PUT",
        headers: {
          "X-LC-Id": appId,
          "X-LC-Key": `${masterKey},master`,
          "Content-Type": "application/json",
        },
        body: reportBody(this.#run, state, this.#position, this.#findings()),
        signal,
        redirect: "manual",
      });
      await response.arrayBuffer();
      const isRefused = NEVER_TAKEN.includes(response.status);
      if (isRefused) this.#phase = "refused";
      return response.ok || isRefused;
    } catch {
      // The next one tells all of this, too.
      return false;
    }
  }
}
