import { expect, test } from "vitest";
import { contentOf, lineOf, textMessage } from "../../../console/parts/message-content.ts";

const contentOfJson = (value: unknown) => contentOf(JSON.stringify(value), false);

test("a message is shown by the type that SDKs give it", () => {
  expect(contentOf(textMessage("Hello"), false)).toEqual({ kind: "text", text: "Hello" });
  expect(contentOfJson({ _lctype: -127 })).toEqual({ kind: "recalled" });
  expect(contentOfJson({ _lctype: -5, _lcloc: { latitude: 1, longitude: 2 } })).toEqual({
    kind: "location",
    text: "",
    place: "1, 2",
  });
  const file = { url: "http://files/cheese.png", metaData: { name: "cheese.png" } };
  expect(contentOfJson({ _lctype: -2, _lcfile: file })).toEqual({
    kind: "file",
    type: "image",
    text: "",
    name: "cheese.png",
    url: file.url,
  });
});

test("a message of whatever form is shown as it stands", () => {
  for (const data of ["Hello", "[1]", "null", '{"_lctype": "-1"}', "{"])
    expect(contentOf(data, false)).toEqual({ kind: "raw", text: data });
  expect(contentOfJson({ _lctype: -2, _lcfile: 7 })).toMatchObject({ kind: "file", name: "" });
  expect(contentOfJson({ _lctype: 12, a: 1 })).toMatchObject({ kind: "custom", type: 12 });
  expect(contentOf("AAEC", true)).toEqual({ kind: "binary", bytes: 3 });
});

test("a message to choose from a list is said on one line, in words", () => {
  const text = {
    types: { image: "Picture", audio: "Sound", video: "Film", file: "File", location: "Place" },
    custom: (type: number) => `Type ${type}`,
    recalled: "Recalled",
    binary: (bytes: number) => `${bytes} bytes`,
  };
  const lines = [
    textMessage("Hello\n  Tom"),
    textMessage("a".repeat(41)),
    '{"_lctype":-127}',
    '{"_lctype":-2,"_lctext":"look"}',
  ].map((data) => lineOf(contentOf(data, false), text));
  expect(lines).toEqual(["Hello Tom", `${"a".repeat(40)}…`, "Recalled", "Picture look"]);
});
