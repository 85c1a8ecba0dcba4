/*
 * An app's `_receiversOffline` as its developers write it, on the official engine. The words of a message decide its
 * answer. Prints its port once it listens.
 */
const { createServer } = require("node:http");
const AV = require("leanengine");

AV.init({
  appId: process.env.LEANCLOUD_APP_ID,
  appKey: process.env.LEANCLOUD_APP_KEY,
  masterKey: process.env.LEANCLOUD_APP_MASTER_KEY,
  // The SDK requires it and never calls it: this hook uses no storage.
  serverURL: "http://127.0.0.1",
});

AV.Cloud.onIMReceiversOffline(async ({ params }) => {
  const { content, offlinePeers } = params;
  const words = JSON.parse(content)._lctext;
  if (words === "hush") return { skip: true };
  if (words === "fire") return { pushMessage: JSON.stringify({ alert: "Fire!" }), force: true };
  if (words === "the first alone") return { offlinePeers: [offlinePeers.toSorted()[0]] };
  return words === "hello" ? { pushMessage: JSON.stringify({ alert: "The engine says hello" }) } : {};
});

const server = createServer(AV.express()).listen(0, "127.0.0.1", () => {
  console.log("listening", server.address().port);
});
