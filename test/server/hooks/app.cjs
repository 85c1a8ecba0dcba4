/*
 * The hooks of a chat app as its developers write them, on the official engine. The words of a message and the names
 * of clients decide what a hook does. Every request and every call of a hook is printed, one JSON object a line.
 */
const { createServer } = require("node:http");
const AV = require("leanengine");

const { HOOKS, PORT = "0" } = process.env;

AV.init({
  appId: process.env.LEANCLOUD_APP_ID,
  appKey: process.env.LEANCLOUD_APP_KEY,
  masterKey: process.env.LEANCLOUD_APP_MASTER_KEY,
  // The SDK requires it and never calls it: these hooks use no storage.
  serverURL: "http://127.0.0.1",
});

const wordsOf = (content) => JSON.parse(content)._lctext;
const withWords = (content, words) => JSON.stringify({ ...JSON.parse(content), _lctext: words });
const some = (members, name) => members.some((id) => id.startsWith(name));
const never = () => new Promise(() => {});
const nothing = async () => {};

/** Calls that wait for a message of another sender, by conversation. */
const waiting = new Map();

const hooks = {
  async onIMMessageReceived({ content, convId }) {
    const words = wordsOf(content);
    if (words.includes("casino")) return { drop: true, code: 7, detail: "no advertising" };
    if (words === "rude")
      return { content: withWords(content, "polite"), code: 8, detail: "mind your words" };
    if (words === "shouted") return { content: withWords(content, "SHOUTED") };
    if (words.startsWith("psst ")) return { toPeers: [words.slice("psst ".length)] };
    if (words === "no answer") return never();
    if (words !== "after you") return {};
    return new Promise((resolve) => {
      waiting.set(convId, () => resolve({ content: withWords(content, "thank you") }));
    });
  },
  async onIMMessageUpdate({ content, recall }) {
    if (recall) return { drop: true, code: 3, detail: "said is said" };
    if (wordsOf(content).includes("casino")) return { drop: true, code: 7, detail: "no advertising" };
    if (wordsOf(content) === "rude")
      return { content: withWords(content, "polite"), code: 8, detail: "mind" };
    return {};
  },
  async onIMConversationStart({ attr }) {
    return attr.name === "forbidden" ? { reject: true, code: 9, detail: "no such talk" } : {};
  },
  async onIMConversationAdd({ members }) {
    return some(members, "Butch") ? { reject: true, code: 10, detail: "no dogs" } : {};
  },
  async onIMConversationRemove({ members }) {
    return some(members, "Spike") ? { reject: true, code: 11, detail: "he stays" } : {};
  },
  async onIMConversationUpdate({ attr, mute }) {
    if (mute) return { reject: true, code: 13, detail: "listen" };
    if (attr?.name === "forbidden") return { reject: true, code: 12, detail: "no such name" };
    return attr?.name === "good" ? { attr: { name: "better" } } : {};
  },
  async onIMClientSign({ sessionToken }) {
    const id = /^session-of-(.+)$/.exec(sessionToken)?.[1];
    return id === undefined ? { result: false, error: "log in first" } : { result: true, objectId: id };
  },
  async onIMMessageSent({ convId }) {
    waiting.get(convId)?.();
  },
  onIMReceiversOffline: nothing,
  onIMConversationStarted: nothing,
  onIMConversationAdded: nothing,
  onIMConversationRemoved: nothing,
  onIMClientOnline: nothing,
  onIMClientOffline: nothing,
};

const print = (line) => console.log(JSON.stringify(line));

for (const name of HOOKS === undefined ? Object.keys(hooks) : HOOKS.split(",")) {
  AV.Cloud[name]((request) => {
    print({ hook: name, params: request.params });
    return hooks[name](request.params);
  });
}

const engine = AV.express();
const server = createServer((request, response) => {
  print({ request: `${request.method} ${request.url}` });
  engine(request, response);
});
server.listen(Number(PORT), "127.0.0.1", () => console.log("listening", server.address().port));
