import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/push/provider.ts";
import { callProvider, eachTarget, retryAfterOf } from "../../../src/push/provider-calls.ts";

const sent: Outcome = { outcome: "sent" };
const now = Date.UTC(2026, 10, 25, 12);

describe("[I11] a delivery to many devices", () => {
  test("[I11] a delivery has its outcomes in the order of the devices", async () => {
    const answers = Array.from({ length: 6 }, () => Promise.withResolvers<Outcome>());
    const outcomes = eachTarget(answers, ({ promise }) => promise);
    for (const [index, { resolve }] of [...answers.entries()].reverse()) {
      resolve({ outcome: "failed", why: String(index) });
      await Promise.resolve();
    }
    expect((await outcomes).map((outcome) => "why" in outcome && outcome.why)).toEqual([..."012345"]);
  });

  test("[I11] a delivery calls six devices at a time", async () => {
    const calls: PromiseWithResolvers<Outcome>[] = [];
    let underWay = 0;
    let most = 0;
    const outcomes = eachTarget(Array.from({ length: 20 }), () => {
      most = Math.max(most, ++underWay);
      const call = Promise.withResolvers<Outcome>();
      calls.push(call);
      return call.promise.finally(() => underWay--);
    });
    for (const call of calls) {
      call.resolve(sent);
      await new Promise(setImmediate);
    }
    expect(await outcomes).toHaveLength(20);
    expect(most).toBe(6);
  });

  test("[I11] a delivery begins no call after a minute, because its queue waits", async () => {
    let time = now;
    const call = async (): Promise<Outcome> => {
      time += 25_000;
      return sent;
    };
    const outcomes = await eachTarget(Array.from({ length: 20 }), call, () => time);
    expect(outcomes.filter(({ outcome }) => outcome === "sent").length).toBeLessThan(10);
    expect(outcomes.at(-1)).toMatchObject({ outcome: "later" });
  });

  test("[I11] a delivery ends after several calls in a row without an answer", async () => {
    let calls = 0;
    const outcomes = await eachTarget(Array.from({ length: 50 }), async () => {
      calls += 1;
      throw new Error("connection refused");
    });
    // Three, and those that were under way by then.
    expect(calls).toBeLessThanOrEqual(3 + 5);
    expect(outcomes).toHaveLength(50);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ outcome: "later", retryAfter: undefined });
  });

  test("[I11] a delivery goes on if every other call has an answer", async () => {
    const outcomes = await eachTarget([...Array(50).keys()], async (index) => {
      if (index % 2 === 0) throw new Error("connection reset");
      return sent;
    });
    expect(outcomes.filter(({ outcome }) => outcome === "sent")).toHaveLength(25);
  });
});

describe("[I11] the delay that a provider asks for", () => {
  test.each([
    ["120", 120_000],
    ["0", 0],
    ["Wed, 25 Nov 2026 12:05:00 GMT", 300_000],
    ["Wed, 25 Nov 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["", undefined],
  ])("[I11] a provider's Retry-After is read: %s", (value, milliseconds) => {
    expect(retryAfterOf(new Headers({ "retry-after": value }), now)).toBe(milliseconds);
  });

  test("[I11] there is no delay without a Retry-After", () => {
    expect(retryAfterOf(new Headers(), now)).toBeUndefined();
  });
});

describe("[I11] a call to a provider", () => {
  test("[I11] a call to a provider follows no redirect, reads the whole answer and leaves nothing running", async () => {
    let signal: AbortSignal | null | undefined;
    const answer = await callProvider(
      async (_url, init) => {
        expect(init.redirect).toBe("manual");
        signal = init.signal;
        return new Response("moved", { status: 307, headers: { "retry-after": "1" } });
      },
      ...(["https://push.example.com/", { method: "POST" }] as const),
    );
    expect(answer).toMatchObject({ status: 307, text: "moved" });
    expect(signal?.aborted).toBe(true);
  });
});
