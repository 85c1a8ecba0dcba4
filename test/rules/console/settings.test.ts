import { describe, expect, test } from "vitest";
import { changesOf, differencesOf, patchOf } from "../../../console/views/settings/changes.ts";
import { chinese } from "../../../console/views/settings/chinese.ts";
import {
  controlOf,
  readTyped,
  type Setting,
  typedOf,
  valueAt,
} from "../../../console/views/settings/setting.ts";
import { describeSettings } from "../../../src/http/admin/setting-descriptions.ts";
import type { Json } from "../../../src/model/json.ts";
import { merge } from "../../../src/settings/merge.ts";
import { defaultSettings, settingsSchema } from "../../../src/settings/schema.ts";

/* What the console makes of settings (G-06): what each is edited with, and the patch that comes of what was typed. */

const settings: Setting[] = describeSettings(settingsSchema);
const defaults: Json = JSON.parse(JSON.stringify(defaultSettings(false)));

function named(path: string): Setting {
  const found = settings.find((each) => each.path === path);
  if (found === undefined) throw new Error(`there is no setting ${path}`);
  return found;
}

const read = (path: string, typed: string) => readTyped(named(path), typed);

/** The settings after what was typed was saved. */
function saved(values: Json, typed: Record<string, string>): Json {
  const { changes, problems } = changesOf(settings, values, typed);
  expect([...problems]).toEqual([]);
  return merge(values, JSON.parse(JSON.stringify(patchOf(changes))));
}

test("[G-06] the console has a Chinese sentence for every setting, and for no other", () => {
  expect(Object.keys(chinese).toSorted()).toEqual(settings.map(({ path }) => path).toSorted());
  const english = settings.filter(({ path }) => !/\p{Script=Han}/u.test(chinese[path] ?? ""));
  expect(english.map(({ path }) => path)).toEqual([]);
});

describe("[G-06] a setting is edited with what fits it", () => {
  test.each([
    ["messages.allowEdit", "switch"],
    ["limits.members", "number"],
    ["hooks.onFailure", "choice"],
    ["users.where", "choice"],
    ["hooks.url", "line"],
    ["hooks.key", "secret"],
    ["security.origins", "lines"],
    ["webhooks.events", "checks"],
    ["push.static", "json"],
    ["push.hms", "json"],
    ["push.apns.keys", "fixed"],
    ["keywords.version", "fixed"],
  ])("[G-06] the setting %s is edited with: %s", (path, control) => {
    expect(controlOf(named(path))).toBe(control);
  });

  test.each(settings)("[G-06] the default of $path, typed as it is shown, is no change", (setting) => {
    if (controlOf(setting) === "fixed" || setting.secret) return;
    const typed = { [setting.path]: typedOf(setting, setting.default) };
    expect(changesOf(settings, defaults, typed)).toEqual({ changes: [], problems: new Map() });
  });
});

describe("[G-06] what is typed is read as the API would take it", () => {
  test("[G-06] a number has to be whole and in its range", () => {
    expect(read("limits.members", " 501 ")).toEqual({ value: 501 });
    const problem = { problem: { kind: "number", range: [1, 10_000] } };
    for (const typed of ["0", "10001", "1.5", "1e3", "", "many"])
      expect(read("limits.members", typed)).toEqual(problem);
  });

  test("[G-06] an empty text is null where a setting may be null", () => {
    for (const path of ["hooks.url", "push.static", "users.where", "hooks.key"])
      expect(read(path, "")).toEqual({ value: null });
    expect(read("push.hms", "")).toMatchObject({ problem: { kind: "json" } });
  });

  test("[G-06] a list has an entry on each line, none twice", () => {
    expect(read("security.origins", " https://a.example \n\nhttps://b.example\nhttps://a.example")).toEqual({
      value: ["https://a.example", "https://b.example"],
    });
    expect(read("files.types", "image/png\nno type")).toEqual({ problem: { kind: "form" } });
    const hundredOne = Array.from({ length: 101 }, (_, index) => `https://${index}.example`).join("\n");
    expect(read("security.origins", hundredOne)).toEqual({ problem: { kind: "long", most: 100 } });
  });

  test("[G-06] an object is JSON, and what is none names its place", () => {
    expect(read("push.static", '{"alert": "New"}')).toEqual({ value: { alert: "New" } });
    expect(read("push.static", "[1]")).toEqual({ problem: { kind: "object" } });
    expect(read("push.static", '{"alert": ')).toMatchObject({ problem: { kind: "json" } });
  });

  test("[G-06] a secret is taken with its spaces, and *** is shown for none", () => {
    expect(read("hooks.key", " a key ")).toEqual({ value: " a key " });
    expect(typedOf(named("hooks.key"), "***")).toBe("");
  });
});

describe("[G-06] the patch of what was typed", () => {
  test("[G-06] a patch names what differs, and a default is set back", () => {
    const values = merge(defaults, { limits: { members: 900 } });
    const typed = { "limits.members": "500", "limits.messageBytes": "1024", "messages.allowEdit": "false" };
    const { changes } = changesOf(settings, values, typed);
    expect(changes.map(({ setting, before, after }) => [setting.path, before, after])).toEqual([
      ["limits.messageBytes", 32_768, 1_024],
      ["limits.members", 900, 500],
    ]);
    expect(patchOf(changes)).toEqual({ limits: { members: null, messageBytes: 1_024 } });
  });

  test("[G-06] secrets within an object that stay *** are not in the patch, and so they are kept", () => {
    const account = { appId: "1", appSecret: "***", category: "IM" };
    const values = merge(defaults, { push: { hms: { _default: account, other: account } } });
    const typed = { "push.hms": JSON.stringify({ _default: { appId: "2", appSecret: "***" } }) };
    const { changes } = changesOf(settings, values, typed);
    expect(patchOf(changes)).toEqual({
      push: { hms: { _default: { appId: "2", category: null }, other: null } },
    });
  });

  test("[G-06] an object that a patch replaces is in it as a whole", () => {
    const values = merge(defaults, { push: { static: { alert: "Old", badge: "Increment" } } });
    const after = saved(values, { "push.static": '{"alert": "New", "badge": "Increment"}' });
    expect(valueAt(after, "push.static")).toEqual({ alert: "New", badge: "Increment" });
  });

  test("[G-06] a value that is no value is no change, and is told", () => {
    const { changes, problems } = changesOf(settings, defaults, {
      "limits.members": "0",
      "hooks.url": "https://a.example",
    });
    expect(changes.map(({ setting }) => setting.path)).toEqual(["hooks.url"]);
    expect([...problems.keys()]).toEqual(["limits.members"]);
  });
});

test("[G-06] what another owner changed meanwhile is told by setting", () => {
  const theirs = merge(defaults, { limits: { members: 900 }, hooks: { url: "https://a.example" } });
  const told = differencesOf(settings, defaults, theirs);
  expect(told.map(({ setting, before, after }) => [setting.path, before, after])).toEqual([
    ["limits.members", 500, 900],
    ["hooks.url", null, "https://a.example"],
  ]);
});
