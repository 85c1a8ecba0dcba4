import { expect, test, vi } from "vitest";
import type { PresenceChange } from "../../../src/app/app-stub.ts";
import { PRESENCE_AT_ONCE, PRESENCE_WAITING } from "../../../src/bounds.ts";
import { PresenceReporter } from "../../../src/client/presence-reporter.ts";

/** The app, which receives one call after the other; the test answers each. */
class App {
  readonly calls: PresenceChange[][] = [];
  readonly #answers: { resolve(): void; reject(error: Error): void }[] = [];

  readonly tell = (changes: PresenceChange[]) => {
    this.calls.push(changes);
    return new Promise<void>((resolve, reject) => this.#answers.push({ resolve, reject }));
  };

  async answer(error?: Error): Promise<void> {
    const next = this.#answers.shift();
    if (error === undefined) next?.resolve();
    else next?.reject(error);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const comes = (clientId: string): PresenceChange => ({ clientId, online: true });
const goes = (clientId: string): PresenceChange => ({ clientId, online: false });

test("presence changes during a call to the app go with the next call, all of them together", async () => {
  const app = new App();
  const presence = new PresenceReporter();
  for (const clientId of ["Tom", "Jerry", "Spike"]) presence.changed(comes(clientId), app.tell);
  expect(app.calls).toEqual([[comes("Tom")]]);
  presence.changed(goes("Tom"), app.tell);
  await app.answer();
  expect(app.calls.slice(1)).toEqual([[comes("Jerry"), comes("Spike"), goes("Tom")]]);
  await app.answer();
  expect(app.calls).toHaveLength(2);
  presence.changed(goes("Jerry"), app.tell);
  expect(app.calls.slice(2)).toEqual([[goes("Jerry")]]);
});

test("[I11] while the app does not answer nothing waits, and later it receives only the latest state", async () => {
  const app = new App();
  const presence = new PresenceReporter();
  for (let times = 0; times < 3; times += 1) {
    presence.changed(comes("Tom"), app.tell);
    presence.changed(goes("Tom"), app.tell);
  }
  expect(app.calls).toEqual([[comes("Tom")]]);
  await app.answer();
  expect(app.calls.slice(1)).toEqual([[goes("Tom")]]);
  await app.answer();
  expect(app.calls).toHaveLength(2);
});

test("[I11] reports that fail are lost, and the next ones are sent", async () => {
  vi.spyOn(console, "warn").mockReturnValue();
  const app = new App();
  const presence = new PresenceReporter();
  presence.changed(comes("Tom"), app.tell);
  presence.changed(comes("Jerry"), app.tell);
  await app.answer(new Error("not today"));
  expect(app.calls.slice(1)).toEqual([[comes("Jerry")]]);
  await app.answer();
  presence.changed(goes("Tom"), app.tell);
  expect(app.calls.slice(2)).toEqual([[goes("Tom")]]);
});

test("[I11] if the reporting object died, the next one reports what was collected", async () => {
  let now = 0;
  const [dead, app] = [new App(), new App()];
  const presence = new PresenceReporter(() => now);
  presence.changed(comes("Tom"), dead.tell);
  presence.changed(comes("Jerry"), app.tell);
  now = 5_999;
  presence.changed(goes("Jerry"), app.tell);
  expect(app.calls).toEqual([]);
  now = 6_000;
  presence.changed(comes("Spike"), app.tell);
  expect(app.calls).toEqual([[goes("Jerry"), comes("Spike")]]);
  presence.changed(comes("Tyke"), app.tell);
  // If it is not dead after all, there is still only one reporter.
  await dead.answer();
  expect([dead.calls.length, app.calls.length]).toEqual([1, 1]);
  await app.answer();
  expect(app.calls.slice(1)).toEqual([[comes("Tyke")]]);
});

test("[I13] one call names 500 clients at most, and the newest 10,000 are remembered while the app is silent", async () => {
  const app = new App();
  const presence = new PresenceReporter();
  presence.changed(comes("Tom"), app.tell);
  const many = Array.from({ length: PRESENCE_WAITING + 1 }, (_, index) => comes(`client-${index}`));
  for (const change of many) presence.changed(change, app.tell);
  for (let calls = 0; calls <= PRESENCE_WAITING / PRESENCE_AT_ONCE; calls += 1) await app.answer();
  expect(Math.max(...app.calls.map((changes) => changes.length))).toBe(PRESENCE_AT_ONCE);
  expect(app.calls.slice(1).flat()).toEqual(many.slice(1));
});
