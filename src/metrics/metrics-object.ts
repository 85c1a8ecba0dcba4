// biome-ignore lint/style/noRestrictedImports: the shell of an object
import { DurableObject } from "cloudflare:workers";
import { appOf } from "../app/app.ts";
import type { Env } from "../bindings.ts";
import { counted } from "../usage/counted-env.ts";
import { countedStorage } from "../usage/counted-storage.ts";
import { usageOf } from "../usage/usage-of.ts";
import type { DayUsage, UsageReport } from "../usage/usage-report.ts";
import { KeptMetrics, type Snapshot } from "./kept-metrics.ts";
import { KeptUsage } from "./kept-usage.ts";
import type { MetricsStub } from "./metrics-stub.ts";
import { metricsTables } from "./metrics-tables.ts";
import type { Report } from "./report.ts";
import type { Metrics, Range } from "./series.ts";

/** For each shard of the app (ms): less than a report waits. */
const PRESENCE_DEADLINE = 800;

/** What all isolates count: a shell around its rules. There is one such object (`metricsOf`). */
export class MetricsObject extends DurableObject<Env> implements MetricsStub {
  readonly #kept: KeptMetrics;
  readonly #usage: KeptUsage;

  constructor(ctx: DurableObjectState, bindings: Env) {
    const env = counted(bindings);
    super(ctx, env);
    const app = {
      presence: () => appOf(env).presence(PRESENCE_DEADLINE),
      archivedUntil: () => appOf(env).archivedUntil(),
    };
    const tables = metricsTables(countedStorage(ctx.storage, usageOf(env)).sql);
    this.#kept = new KeptMetrics(tables, app, () => Date.now());
    this.#usage = new KeptUsage(tables);
  }

  async store(report: Report): Promise<void> {
    await this.#kept.store(report);
  }

  async show(report: Report): Promise<boolean> {
    return this.#kept.show(report);
  }

  async read(range: Range, unreported: Report): Promise<Metrics> {
    this.#kept.show(unreported);
    return this.#kept.read(range);
  }

  async watch(unreported: Report): Promise<Snapshot> {
    this.#kept.show(unreported);
    return this.#kept.watch();
  }

  async storeUsage(report: UsageReport): Promise<void> {
    this.#usage.store(report);
  }

  async usage(from: number, to: number, unreported: UsageReport): Promise<[number, DayUsage][]> {
    return this.#usage.read(from, to, unreported);
  }
}
