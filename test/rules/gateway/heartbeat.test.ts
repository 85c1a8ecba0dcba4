import { expect, test } from "vitest";
import { Heartbeat } from "../../../src/gateway/heartbeat.ts";

const SILENCE = 400; // s
const IDLE = 50; // s
const JAVA = "LeanCloud-Java-SDK/8.2.28";

/** A socket's heartbeat behind a clock that is cranked by hand. */
class Pulse {
  readonly heartbeat: Heartbeat;
  /** Seconds at which the socket was sent something for being idle. */
  readonly keptAlive: number[] = [];
  silentAt: number | undefined;
  /** How often the timer looked. */
  looks = 0;
  #now = 1_000_000;
  readonly #start = this.#now;
  #timer: { at: number; run: () => void } | undefined;

  constructor({ silence = SILENCE, idle = IDLE } = {}) {
    this.heartbeat = new Heartbeat({
      now: () => this.#now,
      timer: (milliseconds, run) => {
        if (this.#timer !== undefined) throw new Error("a second timer");
        const timer = { at: this.#now + milliseconds, run };
        this.#timer = timer;
        return () => {
          if (this.#timer === timer) this.#timer = undefined;
        };
      },
      silenceLimits: () => ({ silence: silence * 1000, idle: idle * 1000 }),
      deviceIsSilent: () => {
        this.silentAt = this.seconds;
      },
      socketIsIdle: () => {
        this.keptAlive.push(this.seconds);
        this.heartbeat.sent();
      },
    });
    this.heartbeat.start();
  }

  get seconds(): number {
    return (this.#now - this.#start) / 1000;
  }

  get isWatched(): boolean {
    return this.#timer !== undefined;
  }

  wait(seconds: number): void {
    const end = this.#now + seconds * 1000;
    while (this.#timer !== undefined && this.#timer.at <= end) {
      const { at, run } = this.#timer;
      this.#timer = undefined;
      this.#now = Math.max(this.#now, at);
      this.looks += 1;
      run();
    }
    this.#now = end;
  }
}

test("[C-06] a device that sends nothing for the set time is lost, whatever it was sent", () => {
  const pulse = new Pulse();
  for (let second = 0; second < SILENCE - 1; second += 1) {
    pulse.wait(1);
    pulse.heartbeat.sent();
    pulse.heartbeat.sentMessage();
  }
  expect(pulse.silentAt).toBeUndefined();
  pulse.wait(1);
  expect([pulse.silentAt, pulse.isWatched]).toEqual([SILENCE, false]);
});

test("[C-06] a heartbeat every 180 s keeps a device connected", () => {
  const pulse = new Pulse();
  for (let beats = 0; beats < 500; beats += 1) {
    pulse.wait(180);
    pulse.heartbeat.received();
    pulse.heartbeat.receivedHeartbeat();
  }
  expect(pulse.silentAt).toBeUndefined();
  pulse.wait(SILENCE);
  expect(pulse.silentAt).toBe(500 * 180 + SILENCE);
});

test.each([JAVA, "LeanCloud-Java-SDK/6.0.5", "LeanCloud-Swift-SDK/17.11.0", "LeanCloud-Objc-SDK/13.9.0"])(
  "[C-06] %s has invisible heartbeats and may be silent for as long as it is sent no message",
  (ua) => {
    const pulse = new Pulse();
    pulse.heartbeat.identify(ua);
    pulse.heartbeat.sent();
    pulse.wait(86_400);
    expect(pulse.silentAt).toBeUndefined();
    pulse.heartbeat.sentMessage();
    pulse.wait(1);
    pulse.heartbeat.received();
    pulse.wait(86_400);
    expect(pulse.silentAt).toBeUndefined();
  },
);

test("[C-06] a device with invisible heartbeats is lost if it acknowledges no message, counted from the first one", () => {
  const pulse = new Pulse();
  pulse.heartbeat.identify(JAVA);
  pulse.wait(1000);
  pulse.heartbeat.sentMessage();
  pulse.wait(SILENCE / 2);
  pulse.heartbeat.sentMessage();
  pulse.wait(SILENCE);
  expect(pulse.silentAt).toBeGreaterThanOrEqual(1000 + SILENCE);
  expect(pulse.silentAt).toBeLessThanOrEqual(1000 + SILENCE + IDLE);
});

test.each(["js/5.0.0-rc.8", "LeanCloud-CSharp-SDK/2.4.1", "raw/1"])(
  "[C-06] %s is lost without frames",
  (ua) => {
    const pulse = new Pulse();
    pulse.heartbeat.identify(ua);
    pulse.wait(SILENCE);
    expect(pulse.silentAt).toBe(SILENCE);
  },
);

test("[C-06] a device that sent one heartbeat is expected to send more, whatever its SDK", () => {
  const pulse = new Pulse();
  pulse.heartbeat.unidentified();
  pulse.heartbeat.received();
  pulse.heartbeat.receivedHeartbeat();
  pulse.wait(SILENCE);
  expect(pulse.silentAt).toBe(SILENCE);
});

test("[C-06] a device whose SDK is known stays known when it logs in for live queries too", () => {
  const pulse = new Pulse();
  pulse.heartbeat.identify("js/5.0.0-rc.8");
  pulse.heartbeat.unidentified();
  pulse.wait(SILENCE);
  expect(pulse.silentAt).toBe(SILENCE);
});

test("an idle socket is sent an echo every 50 s, and a busy socket none", () => {
  const pulse = new Pulse();
  pulse.wait(120);
  expect(pulse.keptAlive).toEqual([50, 100]);
  for (let second = 0; second < 200; second += 1) {
    pulse.wait(1);
    if (second % 2 === 0) pulse.heartbeat.received();
    else pulse.heartbeat.sent();
  }
  expect(pulse.keptAlive).toEqual([50, 100]);
});

test("[I9] the heartbeat has one timer, which runs no more often than the socket could be idle", () => {
  const pulse = new Pulse();
  for (let second = 0; second < 300; second += 1) {
    pulse.wait(1);
    pulse.heartbeat.received();
    pulse.heartbeat.sent();
  }
  expect(pulse.looks).toBeLessThanOrEqual(300 / IDLE);
  pulse.heartbeat.stop();
  expect(pulse.isWatched).toBe(false);
});

test("without keep-alive nothing is sent, and a silent device is still lost", () => {
  const pulse = new Pulse({ idle: 0 });
  pulse.wait(SILENCE);
  expect([pulse.keptAlive, pulse.silentAt]).toEqual([[], SILENCE]);
});
