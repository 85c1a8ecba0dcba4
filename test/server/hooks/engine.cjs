/*
 * An app's hooks as its developers write them, on the official engine. Their parameters decide what they do, so that
 * one engine serves all tests. Prints its port once it listens.
 */
const { createServer } = require("node:http");
const AV = require("leanengine");

AV.init({
  appId: "demo-app",
  appKey: "demo-key",
  masterKey: "demoMasterKey0003",
  hookKey: "demo-hook-key",
  // The SDK requires it and never calls it: these hooks use no storage.
  serverURL: "http://127.0.0.1",
});

const never = () => new Promise(() => {});
const base64 = (text) => Buffer.from(text).toString("base64");

AV.Cloud.onIMMessageReceived(async ({ params, meta }) => {
  switch (params.content) {
    case "secret":
      return { drop: true, code: 4242, detail: "not here" };
    case "rude":
      return { content: "polite", code: 7, detail: "watch your language" };
    case base64("picture"):
      return { content: base64("thumbnail") };
    case "as bytes":
      return { content: base64("bytes"), bin: true };
    case "for Jerry":
      return { toPeers: ["Jerry", "Butch"] };
    case "slow":
      return never();
    case "throw":
      throw new AV.Cloud.Error("no such word", { code: 300 });
    case "crash":
      throw new TypeError("a bug");
    case "echo":
      return params;
    case "what do you see?":
      return { content: JSON.stringify({ ...params, address: meta.remoteAddress }) };
    default:
      return undefined;
  }
});

AV.Cloud.onIMMessageUpdate(async ({ params }) => ({ content: `${params.content}, says ${params.fromPeer}` }));

AV.Cloud.onIMReceiversOffline(async ({ params }) => {
  if (params.content === "hush") return { skip: true };
  if (params.content === "wake Jerry")
    return { offlinePeers: ["Jerry"], pushMessage: '{"alert":"!"}', force: true };
  return { pushMessage: { alert: `${params.mentionOfflinePeers} from ${params.fromPeer}` } };
});

AV.Cloud.onIMConversationStart(async ({ params }) =>
  params.attr.name === "forbidden" ? { reject: true, code: 9, detail: `not for ${params.members}` } : {},
);

AV.Cloud.onIMConversationUpdate(async ({ params }) =>
  "mute" in params ? { mute: !params.mute, attr: { name: "x" } } : { attr: { name: "better" }, mute: true },
);

AV.Cloud.onIMClientOnline(async ({ params }) => {
  console.log("online", JSON.stringify(params));
});

AV.Cloud.onIMClientSign(async ({ params }) =>
  params.sessionToken === "token-of-Tom"
    ? { result: true, objectId: "Tom" }
    : { result: false, error: "who are you?" },
);

const server = createServer(AV.express()).listen(0, "127.0.0.1", () => {
  console.log("listening", server.address().port);
});
