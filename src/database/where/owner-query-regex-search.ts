import type { SQL } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { Condition } from "./condition.ts";
import { conditionToSql, type PatternCondition, type PatternMatches } from "./condition-to-sql.ts";
import type { QueryRefusal } from "./query-refusal.ts";
import {
  CANDIDATES_MAX,
  CHARACTERS_MAX,
  distinctValues,
  generalPatterns,
  slow,
  WORK_MAX,
} from "./regex-search.ts";

/**
 * The patterns of an owner's query that SQL cannot run, tested on the values of one slice of the table at a time. Each
 * value is tested once, and the limits count for all slices together.
 */
export class OwnerQueryRegexSearch {
  readonly #condition: Condition;
  readonly #trials: { matched: PatternCondition; tried: Map<string, boolean>; characters: number }[];
  readonly #work: number;

  /** @param work characters x instructions before other work may run */
  constructor(condition: Condition, work: number) {
    this.#condition = condition;
    this.#work = work;
    this.#trials = generalPatterns(condition).map((matched) => ({
      matched,
      tried: new Map(),
      characters: 0,
    }));
  }

  /**
   * The matching values of a slice, for each pattern.
   *
   * @param from the slice's rows: the SQL after FROM
   */
  async matchesIn(d1: DrizzleD1Database, from: SQL): Promise<PatternMatches | QueryRefusal> {
    const matches: PatternMatches = new Map();
    for (const trial of this.#trials) {
      const { matched, tried } = trial;
      const values = await valuesIn(d1, from, matched, conditionToSql(this.#condition));
      let work = 0;
      for (const value of values) {
        if (tried.has(value) || matched.pattern.type !== "general") continue;
        trial.characters += value.length;
        const cost = value.length * matched.pattern.cost;
        const isTooMuch =
          trial.characters > CHARACTERS_MAX || trial.characters * matched.pattern.cost > WORK_MAX;
        if (isTooMuch || tried.size >= CANDIDATES_MAX) return slow;
        work += cost;
        if (work > this.#work) {
          await yieldToEventLoop();
          work = cost;
        }
        tried.set(value, matched.pattern.matches(value));
      }
      matches.set(
        matched,
        values.filter((value) => tried.get(value)),
      );
    }
    return matches;
  }

  /** The text columns that patterns are tested on. */
  columns(): SQLiteColumn[] {
    return this.#trials.flatMap(({ matched: { field } }) => (field.type === "text" ? [field.column] : []));
  }

  /** Placeholder matches with as many parameters as there may be, to check a statement's size. */
  any(): PatternMatches {
    return new Map(this.#trials.map(({ matched }) => [matched, ["", "a"]]));
  }
}

async function valuesIn(
  d1: DrizzleD1Database,
  from: SQL,
  { field }: PatternCondition,
  superset: SQL,
): Promise<string[]> {
  if (field.type !== "text" && field.type !== "json") return [];
  const distinct = distinctValues(field, from, superset);
  return (await d1.all<{ value: string }>(distinct)).map(({ value }) => value);
}
