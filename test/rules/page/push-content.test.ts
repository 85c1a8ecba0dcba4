import { describe, expect, test } from "vitest";
import { shownFor } from "../../../page/push-content.ts";

describe("what a notification shows", () => {
  test("[P-08] a notification shows the content's title and alert", () => {
    const shown = shownFor({ title: "Tom", alert: "Hello, Jerry", _id: "a-push" });
    expect(shown).toEqual({ title: "Tom", options: { body: "Hello, Jerry", tag: "a-push" } });
  });

  test("[P-08] a notification shows the parts of Apple's alert, and the content's own title first", () => {
    const alert = { title: "Tom", body: "Hello, Jerry" };
    expect(shownFor({ alert })).toMatchObject({ title: "Tom", options: { body: "Hello, Jerry" } });
    expect(shownFor({ title: "Cheese", alert }).title).toBe("Cheese");
  });

  test("[P-08] a notification shows an icon and a badge that are pictures", () => {
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
    "a notification shows something for content with nothing to show: %j",
    (content) => {
      expect(shownFor(content)).toEqual({ title: "Parley", options: {} });
    },
  );
});
