import { describe, expect, test } from "vitest";
import { answerTo, questionIn } from "../../../src/files/file-info.ts";
import { fixture, joined, reading } from "./fixture.ts";

const OLD_JAVA = "LeanCloud-Java-SDK/6.0.5";

const answered = (question: "imageInfo" | "avinfo", bytes: Uint8Array, agent: string | null = null) =>
  answerTo(question, reading(bytes).reader, agent);

describe("what SDKs ask about a file", () => {
  test("a question is the name of a parameter, with any value and beside any others", () => {
    for (const [query, question] of [
      ["imageInfo", "imageInfo"],
      ["imageInfo=", "imageInfo"],
      ["v=1&avinfo", "avinfo"],
      ["imageView/2/w/100/h/100", undefined],
      ["imageMogr2/thumbnail/100x", undefined],
      ["name=imageInfo", undefined],
      ["", undefined],
    ] as const)
      expect(questionIn(new URLSearchParams(query))).toBe(question);
  });

  test("a picture has format, width, height and size", async () => {
    expect(await answered("imageInfo", fixture("still.png"))).toEqual({
      format: "png",
      width: 37,
      height: 21,
      size: fixture("still.png").length,
    });
  });

  test.each(["LeanCloud-Java-SDK/5.0.1", OLD_JAVA, "LeanCloud-Java-SDK/6.2.9"])(
    "%s, which looks for an object, finds everything about a picture in it",
    async (agent) => {
      const { format } = await answered("imageInfo", fixture("still.png"), agent);
      expect(format).toEqual({ format: "png", width: 37, height: 21 });
    },
  );

  test.each([
    "LeanCloud-Java-SDK/6.3.0",
    "LeanCloud-Java-SDK/8.2.28",
    "LeanCloud-Java-SDK/10.0.0",
    "okhttp/4.12.0",
  ])("%s finds the format of a picture as a text", async (agent) => {
    expect(await answered("imageInfo", fixture("still.png"), agent)).toMatchObject({ format: "png" });
  });

  test("sound has format, duration and size, in texts", async () => {
    expect(await answered("avinfo", fixture("tone.m4a"))).toEqual({
      format: {
        format_name: "mov,mp4,m4a,3gp,3g2,mj2",
        duration: "1.250",
        size: `${fixture("tone.m4a").length}`,
      },
    });
  });

  test("of what is neither, there is the size where Java before 6.3 needs it to send at all", async () => {
    expect(await answered("avinfo", joined("cheese"), OLD_JAVA)).toEqual({ format: { size: "6" } });
    expect(await answered("imageInfo", joined("cheese"), OLD_JAVA)).toEqual({});
    expect(await answered("avinfo", joined(""))).toEqual({ format: { size: "0" } });
  });
});
