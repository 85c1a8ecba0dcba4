import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { vendorNames } from "../../../src/model/provider-name.ts";
import { addressProblems } from "../../../src/settings/address-problems.ts";
import { merge } from "../../../src/settings/merge.ts";
import { patchProblem, settingsFrom } from "../../../src/settings/schema.ts";
import { withoutSecrets } from "../../../src/settings/secrets.ts";
import { profileProblems } from "../../../src/settings/vendors/vendor-settings.ts";

/** Everything that a profile must have. */
const profiles: Record<(typeof vendorNames)[number], Record<string, string>> = {
  hms: { appId: "101234567", appSecret: "s3cret" },
  honor: { appId: "104403145", clientId: "client", clientSecret: "s3cret" },
  mi: { appSecret: "s3cret", package: "com.example.cheese" },
  oppo: { appKey: "key", masterSecret: "s3cret" },
  vivo: { appId: "10004", appKey: "key", appSecret: "s3cret" },
  meizu: { appId: "110000", appSecret: "s3cret" },
};
const each = vendorNames.map((name) => [name, profiles[name]] as const);

const settingsOf = (push: Json) => settingsFrom({ push }, false).settings;

describe("[N-14] the profiles of a phone maker", () => {
  test.each(each)(
    "[N-14] the profiles of %s may be the fields without defaults alone, and lack none of them",
    (name, profile) => {
      expect(patchProblem({ push: { [name]: { _default: profile } } })).toBeUndefined();
      expect(settingsFrom({ push: { [name]: { _default: profile } } }, false).ignored).toEqual([]);
      for (const field of Object.keys(profile)) {
        const { [field]: _, ...rest } = profile;
        const { settings, ignored } = settingsFrom({ push: { [name]: { _default: rest } } }, false);
        expect(settings.push[name]).toEqual({});
        expect(ignored).toEqual([`push.${name}._default.${field}: is missing`]);
      }
    },
  );

  test.each(each)("[N-14] the secrets of %s are never shown again", (name, profile) => {
    const settings = settingsOf({ [name]: { _default: profile, second: profile } });
    const shown = JSON.stringify(withoutSecrets(settings));
    expect(shown).not.toContain("s3cret");
    expect(shown.match(/\*\*\*/g)).toHaveLength(2);
  });

  test.each(each)(
    "[N-14] a patch of %s changes only the fields that it names, and null removes a profile",
    (name, profile) => {
      const stored = { push: { [name]: { _default: profile, second: profile } } };
      const patch = { push: { [name]: { _default: { url: "https://example.com/" }, second: null } } };
      expect(patchProblem(patch)).toBeUndefined();
      expect(merge(stored, patch)).toEqual({
        push: { [name]: { _default: { ...profile, url: "https://example.com/" } } },
      });
    },
  );

  test.each(each)("[N-14] the addresses of %s are checked as all others", (name, profile) => {
    const url = "http://10.0.0.1/";
    expect(patchProblem({ push: { [name]: { _default: { url: "10.0.0.1" } } } })).toContain(
      "must be an http",
    );
    const settings = settingsOf({ [name]: { _default: { ...profile, url } } });
    expect(addressProblems(settings, (asked) => (asked === url ? "is private" : undefined))).toEqual([
      `push.${name}._default.url: is private`,
    ]);
  });

  test.each(each)("[N-14] the profiles of %s need a default one", (name, profile) => {
    expect(profileProblems(settingsOf({ [name]: { second: profile } }).push)).toEqual([
      `push.${name}: needs a profile named _default`,
    ]);
    expect(profileProblems(settingsOf({ [name]: { _default: profile, second: profile } }).push)).toEqual([]);
    expect(profileProblems(settingsOf({}).push)).toEqual([]);
  });

  test.each<[string, Json, string]>([
    ["a name with a blank", { "my app": profiles.hms }, "push.hms.my app: must be a profile's name"],
    ["an unknown field", { _default: { appid: "1" } }, "push.hms._default.appid: is not a setting"],
    ["a hidden secret", { _default: { appSecret: "***" } }, "push.hms._default.appSecret: is shown as ***"],
    ["a secret with a blank", { _default: { appSecret: "a b" } }, "push.hms._default.appSecret: must be"],
    ["an app id that is a name", { _default: { appId: "cheese" } }, "push.hms._default.appId: must be"],
    ["a list", [], "push.hms: must be an object of profiles"],
    ["a text", { _default: "x" }, "push.hms._default: must be an object of settings"],
  ])("[N-14] a patch of profiles with %s is refused", (_, hms, problem) => {
    expect(patchProblem({ push: { hms } })).toContain(problem);
  });

  test("[N-14] more than a hundred profiles are refused", () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`p${at}`, profiles.hms]));
    expect(patchProblem({ push: { hms: many } })).toContain("push.hms: must have at most 100 profiles");
  });

  test("[N-14] a stored field that this version does not accept takes its profile with it, and nothing else", () => {
    const hms = {
      _default: { ...profiles.hms, click: "new" },
      second: { ...profiles.hms, appId: "no digits" },
    };
    const { settings, ignored } = settingsFrom({ push: { hms, appName: "Cheese" } }, false);
    expect(settings.push.hms).toMatchObject({ _default: { click: "intent" } });
    expect(Object.keys(settings.push.hms)).toEqual(["_default"]);
    expect(settings.push.appName).toBe("Cheese");
    expect(ignored).toHaveLength(3);
  });
});
