import { createRequire } from "node:module";
import * as nodeAdapters from "@leancloud/platform-adapters-node";
import type { Sdk, SdkExports } from "./sdk-types.ts";

const require = createRequire(import.meta.url);

function loadFresh(entry: string, main: string) {
  for (const path of [entry, main]) delete require.cache[require.resolve(path)];
  return require(entry);
}

export const sdk5: Sdk = {
  version: "5.0.0-rc.8",
  major: 5,
  uniqueByDefault: true,
  load() {
    const exports: SdkExports & { setAdapters(adapters: object): void } = loadFresh(
      "leancloud-realtime/im.js",
      "leancloud-realtime/dist/im.js",
    );
    exports.setAdapters(nodeAdapters);
    return exports;
  },
};

export const sdk4: Sdk = {
  version: "4.3.1",
  major: 4,
  uniqueByDefault: false,
  load: () => require("leancloud-realtime-4"),
};

/** Connecting, logging in and coming back are tested with both, everything else with the newer one. */
export const sdks = [sdk5, sdk4];
