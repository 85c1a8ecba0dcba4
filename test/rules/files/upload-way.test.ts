import { expect, test } from "vitest";
import { providerFor } from "../../../src/files/upload-way.ts";

test.each([
  "LeanCloud-JS-SDK/4.15.2 (Weapp)",
  "LeanCloud-JS-SDK/4.15.2 (QQApp)",
  "LeanCloud-JS-SDK/4.12.0 (Alipay)",
  "LeanCloud-JS-SDK/4.12.0 (Baidu)",
  "LeanCloud-JS-SDK/4.12.0 (Toutiao)",
  "LeanCloud-JS-SDK/4.12.0 (QuickApp)",
  "LeanCloud-JS-SDK/4.12.0 (ReactNative)",
  "LeanCloud-JS-SDK/4.12.0 (Weapp/1.2; extra)",
])("[B-15] %s, which can upload nothing but a form, is asked for one", (agent) => {
  expect(providerFor("auto", [agent, "Mozilla/5.0"])).toBe("qiniu");
  expect(providerFor("put", [agent])).toBe("s3");
});

test.each([
  "LeanCloud-JS-SDK/4.15.2 (Browser)",
  "LeanCloud-JS-SDK/4.15.2 (Node.js)",
  "LeanCloud-JS-SDK/4.15.2",
  "LeanCloud-Java-SDK/8.2.28",
  "LeanCloud-Objc-SDK/14.0.0",
  "AVOS Cloud iOS-8.0 SDK",
  "LeanCloud-Swift-SDK/17.11.0",
  "LeanCloud-CSharp-SDK/2.4.1",
  "Mozilla/5.0 (Weapp)",
  undefined,
])("[B-15] %s is asked for one PUT", (agent) => {
  expect(providerFor("auto", [agent, undefined])).toBe("s3");
  expect(providerFor("form", [agent])).toBe("qiniu");
});
