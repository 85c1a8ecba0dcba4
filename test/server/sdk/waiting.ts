import type { ArgumentLists, Emitter } from "./sdk-types.ts";

/** Far beyond what a loaded machine needs, far below the test's own limit. */
const DEADLINE = 30_000;
const POLL = 50;

/** The next event that matches. Ask before doing what causes it. */
export function next<Events extends ArgumentLists<Events>, Name extends keyof Events>(
  emitter: Emitter<Events>,
  event: Name,
  matching: (...args: Events[Name]) => boolean = () => true,
): Promise<Events[Name]> {
  const heard = new Promise<Events[Name]>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      emitter.off(event, listener);
    };
    const listener = (...args: Events[Name]) => {
      if (!matching(...args)) return;
      stop();
      resolve(args);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`no "${String(event)}" within ${DEADLINE} ms`));
    }, DEADLINE);
    emitter.on(event, listener);
  });
  // A test that fails earlier never awaits this; its own failure is the one to report.
  heard.catch(() => {});
  return heard;
}

/** Records the events from now on, in order. */
export function record<Events extends ArgumentLists<Events>, Name extends keyof Events>(
  emitter: Emitter<Events>,
  event: Name,
) {
  const heard: Events[Name][] = [];
  emitter.on(event, (...args) => heard.push(args));
  return heard;
}

/** Asks again until the answer satisfies. */
export async function eventually<Answer>(
  ask: () => Answer | Promise<Answer>,
  satisfies: (answer: Answer) => boolean,
): Promise<Answer> {
  const end = Date.now() + DEADLINE;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)} after ${DEADLINE} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}
