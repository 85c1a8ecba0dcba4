import { describe, expect, test } from "vitest";
import { consolePath, idOfPart, pathPart } from "../../../console/ui/path.ts";
import * as server from "../../../src/http/dot-ids.ts";

describe.each([".", "..", "%2E", "%2E%2E", "%252E", "%2E.", "a/b", "...", ".a", "奶酪", "50%"])(
  "the id %j",
  (id) => {
    test("has an address of its own, which browsers leave as it is", () => {
      const path = consolePath("users", id);
      expect(new URL(path, "http://im.example.com").pathname).toBe(path);
    });

    test("is found in its part of a path, by the console and by the server", () => {
      const part = decodeURIComponent(pathPart(id));
      expect([idOfPart(part), server.idOfPart(part)]).toEqual([id, id]);
    });
  },
);
