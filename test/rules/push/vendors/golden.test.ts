import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { honor } from "../../../../src/push/vendors/honor.ts";
import { huawei } from "../../../../src/push/vendors/huawei.ts";
import { meizu } from "../../../../src/push/vendors/meizu.ts";
import { oppo } from "../../../../src/push/vendors/oppo.ts";
import { vivo } from "../../../../src/push/vendors/vivo.ts";
import { xiaomi } from "../../../../src/push/vendors/xiaomi.ts";
import { settingsWith } from "../../../support/app-hooks.ts";
import { goldenOf } from "../../../support/push/vendors/golden-push.ts";

const FILES = fileURLToPath(new URL("../../../fixtures/vendor-pushes/", import.meta.url));

/** An app that is set up at every maker. */
const { push } = settingsWith({
  push: {
    hms: { _default: { appId: "101234567", appSecret: "secret", badgeClass: "com.example.Main" } },
    honor: {
      _default: {
        appId: "104403145",
        clientId: "client",
        clientSecret: "secret",
        badgeClass: "com.example.Main",
      },
    },
    mi: {
      _default: {
        appSecret: "secret",
        package: "com.example.cheese",
        channelId: "103",
        templateId: "P10001",
        titleParam: "name",
        bodyParam: "words",
        activity: "com.example.cheese.ChatActivity",
      },
    },
    meizu: { _default: { appId: "110370", appSecret: "secret" } },
    oppo: { _default: { appKey: "key", masterSecret: "secret", activity: "com.example.Chat" } },
    vivo: { _default: { appId: "105542118", appKey: "key", appSecret: "secret" } },
  },
});

function profileIn<Profile>(profiles: Record<string, Profile>): Profile {
  const { _default: profile } = profiles;
  if (profile === undefined) throw new Error("no default profile");
  return profile;
}

/* The files were read line by line beside the makers' documents: a change of one is a change of what phones do. */
test.each<[string, () => Promise<object>]>([
  ["hms", () => goldenOf(huawei, profileIn(push.hms))],
  ["honor", () => goldenOf(honor, profileIn(push.honor))],
  ["mi", () => goldenOf(xiaomi, profileIn(push.mi))],
  ["mi-intl", () => goldenOf(xiaomi, profileIn(push.mi), "mi-intl")],
  ["meizu", () => goldenOf(meizu, profileIn(push.meizu))],
  ["oppo", () => goldenOf(oppo, profileIn(push.oppo))],
  ["vivo", () => goldenOf(vivo, profileIn(push.vivo), "vivo", { result: 0, taskId: "1" })],
])("one LeanCloud push is sent to %s as its file has it", async (name, golden) => {
  const text = `${JSON.stringify(await golden(), undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot(`${FILES}${name}.json`);
});
