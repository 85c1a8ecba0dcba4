/* An owner's LeanEngine project at LeanCloud with the hooks of docs/moving.md. Prints its port once it listens. */
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { runInNewContext } = require("node:vm");
const AV = require("leanengine");

const { LEANCLOUD_APP_ID, LEANCLOUD_APP_KEY, LEANCLOUD_APP_MASTER_KEY, LEANCLOUD_APP_HOOK_KEY } = process.env;
AV.init({
  appId: LEANCLOUD_APP_ID,
  appKey: LEANCLOUD_APP_KEY,
  masterKey: LEANCLOUD_APP_MASTER_KEY,
  hookKey: LEANCLOUD_APP_HOOK_KEY,
  // The SDK requires it and never calls it: the hook uses no storage.
  serverURL: "http://127.0.0.1",
});

const guide = readFileSync(join(__dirname, "../../../docs/moving.md"), "utf8");
const [, code] = /^```js\n(const (?:(?!^```).)*?AV\.Cloud\.onIMMessageSent.*?)^```$/ms.exec(guide);
runInNewContext(code, { AV, process, fetch, setTimeout, console: { error: console.log } });

const server = createServer(AV.express()).listen(0, "127.0.0.1", () => {
  console.log("listening", server.address().port);
});
