import { describe, expect, test } from "vitest";
import { verdictByCode, verdictOnStranger } from "../../../../src/push/vendors/code-table.ts";

const NOW = 1_700_000_000_000;
const answer = (status: number, headers = {}) => ({ status, headers: new Headers(headers), text: "" });

describe("an answer that is not the maker's", () => {
  test.each([
    [200, { outcome: "later", retryAfter: undefined }],
    [302, { outcome: "later", retryAfter: undefined }],
    [401, { outcome: "later", retryAfter: undefined }],
    [403, { outcome: "failed" }],
    [429, { outcome: "later", retryAfter: 60_000 }],
    [500, { outcome: "later", retryAfter: undefined }],
  ])("a page with the status %d in place of a maker's answer decides by its status", (status, verdict) => {
    expect(verdictOnStranger("Huawei", answer(status), NOW)).toMatchObject({
      ...verdict,
      why: `status ${status}: an answer that is not Huawei's`,
    });
  });

  test("a page in place of a maker's answer may wish for a delay", () => {
    const wish = answer(429, { "Retry-After": "7" });
    expect(verdictOnStranger("Huawei", wish, NOW)).toMatchObject({ outcome: "later", retryAfter: 7_000 });
  });
});

describe("a code of a maker's", () => {
  const said = { code: "7", words: "busy" };

  test.each([
    [200, "failed"],
    [401, "later"],
    [502, "later"],
  ])(
    "a code that is not in a maker's table has failed, unless the status %d says otherwise",
    (status, outcome) => {
      expect(verdictByCode(said, {}, answer(status), NOW)).toMatchObject({ outcome, why: "code 7: busy" });
    },
  );

  test("neither a maker's code nor its words can forge a line of the log, or fill it", () => {
    const forged = { code: `1\npush ${"x".repeat(5_000)}`, words: `\r\n${"y".repeat(5_000)}` };
    const { outcome, ...rest } = verdictByCode(forged, {}, answer(200), NOW);
    const why = "why" in rest ? rest.why : "";
    expect(outcome).toBe("failed");
    expect(why).toMatch(/^code [^\n\r]+$/);
    expect(why.length).toBeLessThan(250);
  });
});
