import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { problemIn } from "../../../src/http/problem.ts";

const message = v.strictObject({ from: v.object({ client: v.string("must be a text") }) });

describe("what is wrong with a request", () => {
  test.each([
    [{}, "from: is missing"],
    [{ from: {} }, "from.client: is missing"],
    [{ from: { client: 1 } }, "from.client: must be a text"],
    ["text", 'Invalid type: Expected Object but received "text"'],
  ])("the body %j is refused with the place and the reason", (body, problem) => {
    const { issues } = v.safeParse(message, body);
    expect(issues?.map(problemIn)).toEqual([problem]);
  });
});
