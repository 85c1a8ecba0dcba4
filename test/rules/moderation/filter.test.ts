import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filtered, isFiltered } from "../../../src/moderation/filter.ts";
import { WordList } from "../../../src/moderation/word-list.ts";
import { defaultSettings } from "../../../src/settings/schema.ts";

const cheese = new WordList(["cheese"]);

describe("[X-32] the filter of a typed message", () => {
  test.each([
    ['{"_lctype":-1,"_lctext":"my cheese"}', '{"_lctype":-1,"_lctext":"my ***"}'],
    ['{"_lctext":"cheese","_lctype":-1}', '{"_lctext":"***","_lctype":-1}'],
    ['{"_lctype":5,"_lctext":"cheese"}', '{"_lctype":5,"_lctext":"***"}'],
    ['{"_lctype":-1,"_lctext":"a \\"cheese\\"\\n"}', '{"_lctype":-1,"_lctext":"a \\"***\\"\\n"}'],
    ['{"_lctype":-1,"_lctext":"\\u0063heese"}', '{"_lctype":-1,"_lctext":"***"}'],
    ['{"_lctype":-1,"\\u005flctext":"cheese"}', '{"_lctype":-1,"\\u005flctext":"***"}'],
    [
      '{"_lctype":-1,"_lctext":"cheese","_lctext":"cheese"}',
      '{"_lctype":-1,"_lctext":"***","_lctext":"***"}',
    ],
  ])("[X-32] the text of a typed message is filtered: %s", (content, expected) => {
    expect(filtered(content, cheese)).toEqual({ content: expected });
  });

  test("[X-32] everything but the text of a typed message stays byte for byte", () => {
    const [before, after] = [
      ' {\n\t"2": 12345678901234567890 , "1":1.50e+2, "cheese":"cheese","_lctype" : -1,"_lctext": ',
      ', "_lcattrs":{"_lctext":"cheese","s":"\\u0041\\/","list":["_lctext","cheese",{}]}} ',
    ];
    expect(filtered(`${before}"the cheese"${after}`, cheese)).toEqual({
      content: `${before}"the ***"${after}`,
    });
  });

  test.each([
    '{"_lctype":-1,"_lctext":"milk","_lcattrs":{"food":"cheese"}}',
    '{"_lctype":-2,"_lcfile":{"url":"https://example.com/cheese.png"}}',
    '{"_lctype":-1,"_lctext":["cheese"]}',
    '{"_lctype":-1,"_lctext":null,"cheese":1}',
    '{"_lctype":-1,"_lcattrs":{"_lctext":"cheese"}}',
  ])("[X-32] only the text of a typed message is filtered, not %s", (content) => {
    expect(filtered(content, cheese)).toBeUndefined();
  });

  test("[X-32] only the text of a typed message changes, whatever its fields and text are", () => {
    const part = fc.constantFrom(
      "cheese",
      " ",
      '"',
      "\\",
      "{",
      "}",
      "[",
      ",",
      ":",
      "_lctext",
      "İ",
      "🧀",
      "\n",
    );
    const texts = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
    const fields = fc.dictionary(texts, fc.oneof(texts, fc.jsonValue(), fc.dictionary(texts, texts)));
    fc.assert(
      fc.property(fields, texts, fc.integer(), (others, text, type) => {
        const message = { ...others, _lctype: type, _lctext: text };
        const { content } = filtered(JSON.stringify(message), cheese) ?? { content: JSON.stringify(message) };
        expect(content).toBe(JSON.stringify({ ...message, _lctext: cheese.mask(text) ?? text }));
      }),
    );
  });
});

describe("[X-32] the filter of a message without a numeric type", () => {
  test.each([
    ["my cheese", "my ***"],
    ["{cheese", "{***"],
    ["{}cheese", "{}***"],
    ['{"_lctype":"-1","food":"cheese"}', '{"_lctype":"-1","food":"***"}'],
    ['{"cheese":1}', '{"***":1}'],
    ['[{"_lctype":-1},"cheese"]', '[{"_lctype":-1},"***"]'],
    ['"cheese"', '"***"'],
  ])("[X-32] all content of a message without a numeric type is filtered: %s", (content, expected) => {
    expect(filtered(content, cheese)).toEqual({ content: expected });
  });

  test("[X-32] filtering may break the JSON of a message without a numeric type", () => {
    expect(filtered('{"a":1}', new WordList(['"a":1']))).toEqual({ content: "{***}" });
  });
});

test("[X-32] binary content is not filtered", () => {
  expect(filtered(new TextEncoder().encode("cheese"), cheese)).toBeUndefined();
});

test("a message without any of the words is not changed, nor one that is masked already", () => {
  expect(filtered("milk", cheese)).toBeUndefined();
  expect(filtered("***", new WordList(["*"]))).toBeUndefined();
});

describe("[X-31] the conversations that are filtered", () => {
  const withList = { ...defaultSettings(false), keywords: { oneToOne: false, version: "v" } };
  const two = { ...withList, keywords: { oneToOne: true, version: "v" } };

  test.each([
    ["groups always", 3, withList, true],
    ["two people not", 2, withList, false],
    ["two people if the owner says so", 2, two, true],
    ["none without a list", 3, defaultSettings(false), false],
  ])("[X-31] conversations are filtered: %s", (_, members, settings, expected) => {
    expect(isFiltered(members, settings)).toBe(expected);
  });
});
