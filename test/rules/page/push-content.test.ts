import { describe, expect, test } from "vitest";
import { shownFor } from "../../../page/push-content.ts";

describe("what a notification shows", () => {
  test("[P-08] the content's title and alert", () => {
    const shown = shownFor({ title: "Tom", alert: "Hello, Jerry", _id: "a-push" });
    expect(shown).toEqual({ title: "Tom", options: { body: "Hello, Jerry", tag: "a-push" } });
  });

  test("[P-08] the parts of an alert as Apple has it; the content's own title goes first", () => {
    const alert = { title: "Tom", body: "Hello, Jerry" };
    expect(shownFor({ alert })).toMatchObject({ title: "Tom", options: { body: "Hello, Jerry" } });
    expect(shownFor({ title: "Cheese", alert }).title).toBe("Cheese");
  });

  test("[P-08] its icon and badge where they are pictures: for a phone they are a name and a number", () => {
    const { options } = shownFor({
      alert: "Hello",
      icon: "https://app.example/tom.png",
      badge: "/badge.png",
    });
    expect(options).toMatchObject({ icon: "https://app.example/tom.png", badge: "/badge.png" });
    expect(shownFor({ alert: "Hello", icon: "ic_cheese", badge: "Increment" }).options).toEqual({
      body: "Hello",
    });
    expect(shownFor({ alert: "Hello", badge: 3 }).options).toEqual({ body: "Hello" });
  });

  test.each([undefined, null, "Hello", 3, [], {}, { title: "", alert: 3 }, { alert: { body: {} } }])(
    "something even where there is nothing to show: %j",
    (content) => {
      expect(shownFor(content)).toEqual({ title: "Parley", options: {} });
    },
  );
});
