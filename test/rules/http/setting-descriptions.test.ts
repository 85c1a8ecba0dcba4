import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { describeSettings } from "../../../src/http/admin/setting-descriptions.ts";
import { isObject, type Json } from "../../../src/model/json.ts";
import { defaultSettings, settingsSchema, settingsSchemaOf } from "../../../src/settings/schema.ts";

/* What the API and the console say about settings (G-06). */

const described = describeSettings(settingsSchema);
const named = (path: string) => described.find((each) => each.path === path);

describe("[G-06] descriptions of settings", () => {
  test.each(described)("[G-06] the setting $path says what it does in a sentence", ({ description }) => {
    expect(description).toMatch(/^[A-Z`].{10,}[.\]]$/);
  });

  test("[G-06] the defaults of the descriptions are those that count", () => {
    for (const demo of [false, true]) {
      const settings: Json = JSON.parse(JSON.stringify(defaultSettings(demo)));
      for (const { path, default: value } of describeSettings(settingsSchemaOf(demo))) {
        const found = path
          .split(".")
          .reduce<Json | undefined>((group, name) => (isObject(group) ? group[name] : undefined), settings);
        expect([path, value]).toEqual([path, found]);
      }
    }
  });

  test("[G-06] a description has the type, choices, range and kind of its setting", () => {
    expect(named("limits.members")?.schema).toEqual({ type: "integer", minimum: 1, maximum: 10_000 });
    expect(named("hooks.onFailure")?.schema).toMatchObject({ enum: ["ignore", "refuse"] });
    expect(named("security.signLogin")?.schema).toEqual({ type: "boolean" });
    expect(named("security.origins")?.schema).toMatchObject({ type: "array", maxItems: 100 });
    const secrets = described.filter(({ secret }) => secret).map(({ path }) => path);
    expect(secrets).toEqual(["hooks.key", "webhooks.secret", "serviceHook.secret", "push.webhook.secret"]);
    const readOnly = described.filter((each) => each.read_only).map(({ path }) => path);
    expect(readOnly).toEqual(["broadcasts.unexpired", "keywords.version", "history.archivedSince"]);
    expect(named("hooks.url")).toMatchObject({ nullable: true, default: null });
    const whole = described.filter((each) => each.whole).map(({ path }) => path);
    expect(whole).toEqual(["push.static", "push.fcm.serviceAccount", "push.webPush"]);
    expect(named("limits.members")).toMatchObject({ nullable: false });
  });

  test("[G-06] every setting that an owner sets is in docs/settings.md", async () => {
    const page = await readFile("docs/settings.md", "utf8");
    const missing = described.filter((each) => !each.read_only && !page.includes(`\`${each.path}\``));
    expect(missing.map(({ path }) => path)).toEqual([]);
  });
});
