import { loggableError } from "../../loggable-error.ts";
import type { Deployment } from "../../model/deployment.ts";
import { isDatabase } from "../is-database.ts";
import { adoptGenerations } from "./adoption.ts";
import { type Generation, generationsIn, ONE_DATABASE, placeAmong } from "./generations.ts";

/** A part of time with the databases that have its messages. */
export interface Period {
  /** Milliseconds; the end does not belong to it. */
  since: number;
  until: number;
  databases: readonly D1Database[];
}

/**
 * Where messages are in D1. The database of a message follows from its time and its conversation alone, so databases are
 * added without moving anything. Conversations, and how far their messages are copied, stay in the index.
 */
export class Archive {
  /** The database of everything but messages. */
  readonly index: D1Database;
  /** In the order of time. */
  readonly periods: readonly Period[];

  private constructor(index: D1Database, periods: readonly Period[]) {
    this.index = index;
    this.periods = periods;
  }

  /** @param find a database by the name of its binding; throws if there is none */
  static of(
    index: D1Database,
    generations: readonly Generation[] = ONE_DATABASE,
    find: (name: string) => D1Database = () => index,
  ): Archive {
    const periods = generations.map(({ since, databases }, at) => ({
      since,
      until: generations[at + 1]?.since ?? Number.POSITIVE_INFINITY,
      databases: databases.map((name) => (name === "DB" ? index : find(name))),
    }));
    return new Archive(index, periods);
  }

  /** Whether everything is in one database. */
  get isOne(): boolean {
    return this.periods.every(({ databases }) => databases.length === 1 && databases[0] === this.index);
  }

  /** Every database that has messages, once. */
  get databases(): D1Database[] {
    return [...new Set(this.periods.flatMap(({ databases }) => databases))];
  }

  /** The database of a message. @param timestamp its place in the log of its conversation (ms) */
  of(conversationId: string, timestamp: number): D1Database {
    return databaseIn(this.periodOf(timestamp), conversationId);
  }

  /** The databases that may have messages of a conversation, once each. */
  allOf(conversationId: string): D1Database[] {
    return [...new Set(this.periods.map((period) => databaseIn(period, conversationId)))];
  }

  /** Things with a place in a conversation's log, by the database of that place. */
  byDatabase<T>(
    all: readonly T[],
    placeOf: (each: T) => { conversationId: string; timestamp: number },
  ): Map<D1Database, T[]> {
    return Map.groupBy(all, (each) => {
      const { conversationId, timestamp } = placeOf(each);
      return this.of(conversationId, timestamp);
    });
  }

  /** The period of a time (ms). */
  periodOf(timestamp: number): Period {
    const period = this.periods.findLast(({ since }) => since <= timestamp) ?? this.periods[0];
    if (period === undefined) throw new Error("an archive without databases");
    return period;
  }
}

function databaseIn({ databases }: Period, conversationId: string): D1Database {
  const found =
    databases.length === 1 ? databases[0] : databases[placeAmong(databases.length, conversationId)];
  if (found === undefined) throw new Error("a generation without databases");
  return found;
}

/** The bindings that the archive needs; those of further databases have the names that `ARCHIVE` gives. */
export type ArchiveEnv = Pick<Deployment, "DB" | "ARCHIVE">;

const archives = new WeakMap<D1Database, { variable: unknown; archive: Archive }>();

/**
 * The archive of this isolate. Throws with a sentence for the owner if `ARCHIVE` is wrong or a binding is missing.
 * Whether it fits the messages that are there is not known: that is for what can do without some of them.
 */
export function archiveOf(env: ArchiveEnv): Archive {
  const known = archives.get(env.DB);
  if (known !== undefined && known.variable === env.ARCHIVE) return known.archive;
  const archive = Archive.of(env.DB, generationsIn(env.ARCHIVE), (name) => {
    const binding = databaseNamed(env, name);
    if (binding === undefined) throw new Error(`ARCHIVE names ${name}, which is no binding of a D1 database`);
    return binding;
  });
  archives.set(env.DB, { variable: env.ARCHIVE, archive });
  return archive;
}

const adopted = new WeakSet<Archive>();

/**
 * The archive of this isolate, once it is known that its list fits the messages that are there. Fails otherwise: what is
 * written would be lost to sight when the list is right again, and what is read would lack messages. Fails if D1 fails.
 */
export async function adoptedArchive(env: ArchiveEnv): Promise<Archive> {
  const archive = archiveOf(env);
  if (adopted.has(archive)) return archive;
  const find = (name: string) => databaseNamed(env, name);
  const problem = await adoptGenerations(env.DB, generationsIn(env.ARCHIVE), find);
  if (problem !== undefined) throw new ArchiveMisfit(`ARCHIVE does not fit the messages in D1: ${problem}`);
  adopted.add(archive);
  return archive;
}

class ArchiveMisfit extends Error {
  override name = "ArchiveMisfit";
}

/** Why nothing can be archived, as a sentence for the owner; undefined if `ARCHIVE` is right. Fails if D1 fails. */
export async function archiveProblem(env: ArchiveEnv): Promise<string | undefined> {
  try {
    archiveOf(env);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  try {
    await adoptedArchive(env);
    return undefined;
  } catch (error) {
    if (error instanceof ArchiveMisfit) return error.message;
    throw error;
  }
}

/** Takes a new list, once a day, while its last generation has not begun, also where nobody sends. Never rejects. */
export async function checkArchive(env: ArchiveEnv): Promise<void> {
  try {
    await adoptedArchive(env);
  } catch (error) {
    console.error("archive: no message is copied to D1:", loggableError(error));
  }
}

/** A database by the name of its binding; undefined if there is none. */
export function databaseNamed(env: ArchiveEnv, name: string): D1Database | undefined {
  const binding: unknown = Reflect.get(env, name);
  return isDatabase(binding) ? binding : undefined;
}
