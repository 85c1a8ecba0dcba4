import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refusal } from "../../../scripts/options.ts";
import { Supervisor, untilDone } from "../../../scripts/supervisor.ts";

/** A runtime that is ready, or fails, when the test says so. */
class FakeRuntime {
  readonly #outcomes: PromiseWithResolvers<URL>[] = [Promise.withResolvers()];
  disposed = false;

  get ready(): Promise<URL> {
    return this.#last.promise;
  }

  get #last(): PromiseWithResolvers<URL> {
    const last = this.#outcomes.at(-1);
    if (last === undefined) throw new Error("there is always one");
    return last;
  }

  serves(port: number): void {
    this.#last.resolve(new URL(`http://127.0.0.1:${port}`));
  }

  fails(why: string): void {
    const { promise } = this.#last;
    promise.catch(() => {});
    this.#last.reject(new Error(why));
  }

  /** Its workerd ends, and it starts another one by itself, as Miniflare does. */
  restarts(): void {
    this.#outcomes.push(Promise.withResolvers());
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }
}

let runtimes: FakeRuntime[];
let ports: number[];
let said: string[];

beforeEach(() => {
  vi.useFakeTimers();
  [runtimes, ports, said] = [[], [], []];
});
afterEach(() => void vi.useRealTimers());

function supervisor(isFinal: (error: unknown) => Refusal | undefined = () => undefined) {
  return new Supervisor<FakeRuntime>({
    port: 0,
    make: (port) => {
      ports.push(port);
      const runtime = new FakeRuntime();
      runtimes.push(runtime);
      return runtime;
    },
    isFinal,
    log: (line) => said.push(line),
  });
}

function latest(): FakeRuntime {
  const last = runtimes.at(-1);
  if (last === undefined) throw new Error("nothing was started");
  return last;
}

const after = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

test("a runtime that dies before it was ready is started again, with longer and longer pauses", async () => {
  const started = supervisor().start();
  for (const pause of [250, 500, 1_000]) {
    const count = runtimes.length;
    latest().fails("The Workers runtime failed to start.");
    await after(pause - 1);
    expect(runtimes).toHaveLength(count);
    await after(1);
    expect(runtimes).toHaveLength(count + 1);
  }
  latest().serves(8_787);
  expect((await started).port).toBe("8787");
  expect(said).toHaveLength(3);
  expect(said[0]).toContain("next try in 250 ms: The Workers runtime failed to start.");
  expect(runtimes.map(({ disposed }) => disposed)).toEqual([true, true, true, false]);
});

test("a start that no retry can mend is refused at once", async () => {
  const refusal = new Refusal("Not started: the port is taken", 1);
  const started = supervisor(() => refusal).start();
  latest().fails("taken");
  await expect(started).rejects.toBe(refusal);
  expect(runtimes).toHaveLength(1);
});

test("a start that keeps failing ends the process after less than a minute", async () => {
  const started = supervisor().start();
  started.catch(() => {});
  for (let seconds = 0; seconds < 60; seconds++) {
    latest().fails("no such library");
    await after(1_000);
  }
  await expect(started).rejects.toThrow(/^Not started after 9 attempts: no such library$/);
});

test("the supervisor waits for the runtime's own restart after a crash", async () => {
  const needsCheck = supervisor();
  const started = needsCheck.start();
  latest().serves(8_787);
  await started;
  latest().restarts();
  needsCheck.ended("killed");
  await after(100);
  expect(said).toEqual(["Parley: the runtime (workerd) ended: killed. Starting it again."]);
  latest().serves(8_787);
  await after(1);
  expect(said[1]).toBe("Parley is ready again");
  expect(runtimes).toHaveLength(1);
});

test("a failing restart is retried on the same port without a limit", async () => {
  const needsCheck = supervisor(() => new Refusal("taken", 1));
  const started = needsCheck.start();
  latest().serves(40_123);
  await started;
  latest().restarts();
  needsCheck.ended("killed");
  latest().fails("killed again");
  await after(100);
  for (let seconds = 0; seconds < 120; seconds++) {
    latest().fails("and again");
    await after(1_000);
  }
  const many = runtimes.length;
  expect(many).toBeGreaterThan(10);
  latest().serves(40_123);
  await after(10_000);
  latest().serves(40_123);
  await after(1);
  expect(new Set(ports.slice(1))).toEqual(new Set([40_123]));
  expect(said.at(-1)).toBe("Parley is ready again");
  expect(runtimes.slice(0, -1).every(({ disposed }) => disposed)).toBe(true);
});

test("a runtime that ends while the server stops is not started again", async () => {
  const needsCheck = supervisor();
  const started = needsCheck.start();
  latest().serves(8_787);
  await started;
  const stopped = needsCheck.stop();
  needsCheck.ended("killed");
  await after(60_000);
  await stopped;
  expect(runtimes).toHaveLength(1);
  expect(said).toEqual([]);
});

test("work that needs a runtime is repeated if the runtime dies, and not if the work itself fails", async () => {
  let calls = 0;
  const dying = async () => {
    if (++calls < 3) throw new Error("fetch failed");
    return "done";
  };
  const wrong = new Refusal("no such table", 1);
  const done = untilDone(
    "the work",
    dying,
    () => undefined,
    (line) => said.push(line),
  );
  await after(1_000);
  expect(await done).toBe("done");
  expect(said).toHaveLength(2);
  const refused = untilDone(
    "the work",
    () => Promise.reject(new Error("SQLITE_ERROR")),
    () => wrong,
    () => {},
  );
  await expect(refused).rejects.toBe(wrong);
});
