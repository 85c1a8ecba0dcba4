import { rangesOfAll } from "./buckets.ts";
import { changeProblem, type Generation, generationsIn } from "./generations.ts";

/** What is needed of D1, which is another one before the start of a single machine. */
interface Database {
  prepare(query: string): Statement;
}

interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row>(): Promise<{ results: Row[] }>;
}

/** The row of the settings' table with the list that messages are written by. Without it that is the one database. */
const ROW = "archive";

const HAS_MESSAGES =
  "SELECT 1 FROM json_each(?) CROSS JOIN messages ON bucket = value->>0 AND timestamp >= value->>1 LIMIT 1";

/**
 * Makes a list the one that messages are written by. Resolves to a sentence for the owner if some of them would not be
 * found by it; then nothing is stored. Fails if D1 fails.
 *
 * @param find a database by the name of its binding, if there is one
 */
export async function adoptGenerations(
  index: Database,
  generations: readonly Generation[],
  find: (name: string) => Database | undefined,
): Promise<string | undefined> {
  const stored = await storedList(index);
  const before = generationsIn(stored);
  const problem = changeProblem(before, generations, Date.now());
  if (problem !== undefined && (await hasMessagesFrom(problem.from, before, find))) return problem.text;
  const list = JSON.stringify(generations);
  if (list !== (stored ?? JSON.stringify(before))) await store(index, list);
  return undefined;
}

async function storedList(index: Database): Promise<string | undefined> {
  const query = index.prepare("SELECT value FROM settings WHERE key = ?").bind(ROW);
  return (await query.all<{ value: string }>()).results[0]?.value;
}

async function store(index: Database, list: string): Promise<void> {
  const upsert =
    "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
  await index.prepare(upsert).bind(ROW, list).all();
}

/** Whether a list has put messages of a time (ms) or later somewhere, also as far as nobody can tell. */
async function hasMessagesFrom(
  from: number,
  list: readonly Generation[],
  find: (name: string) => Database | undefined,
): Promise<boolean> {
  const ranges = JSON.stringify(rangesOfAll(from, Number.MAX_SAFE_INTEGER));
  const concerned = list.filter((_, at) => (list[at + 1]?.since ?? Number.POSITIVE_INFINITY) > from);
  for (const name of new Set(concerned.flatMap(({ databases }) => databases))) {
    const query = find(name)?.prepare(HAS_MESSAGES).bind(ranges);
    if (query === undefined || (await query.all<unknown>()).results.length > 0) return true;
  }
  return false;
}
