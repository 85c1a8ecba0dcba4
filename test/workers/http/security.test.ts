import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { named } from "../../support/chat.ts";
import {
  CONVERSATIONS,
  conversationOf,
  done,
  outcome,
  rest,
  type Sent,
  saidBy,
  textsIn,
} from "../support/rest.ts";
import { appKeys, http, masterKeys, openWorld, world } from "../support/world.ts";
import { accessTo, allOperations, type Described, exampleRequest } from "./operations.ts";

/** What the API does for those it is not for, and with input that means harm (I12). */

beforeAll(() => openWorld({ users: { where: "here" }, console: { enabled: true } }));

const operations = await allOperations();
const forMaster = operations.filter((operation) => accessTo(operation) === "masterKey");
const forApp = operations.filter((operation) => accessTo(operation) === "key");
const forAnyone = operations.filter((operation) => accessTo(operation) === undefined);

type Keys = Record<string, string>;

/** As its example says, but with these keys. */
function knock(operation: Described, keys: Keys): Promise<Response> {
  const { url, method, headers, body } = exampleRequest(operation);
  return http(url, { method, headers: { ...headers, ...keys }, body });
}

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

function signedBy(key: string, time: number, kind?: string): Keys {
  const parts = [md5(`${time}${key}`), time, ...(kind === undefined ? [] : [kind])];
  return { "x-lc-id": world.APP_ID, "x-lc-sign": parts.join(",") };
}

/** Whoever is not the app at all. */
const strangers: [string, Keys][] = [
  ["nobody", {}],
  ["an app id alone", { "x-lc-id": world.APP_ID }],
  ["a wrong key", { ...appKeys, "x-lc-key": `${world.APP_KEY}x` }],
  ["a wrong master key", { ...masterKeys, "x-lc-key": `${world.MASTER_KEY}x,master` }],
  ["the app key as a master key", { ...appKeys, "x-lc-key": `${world.APP_KEY},master` }],
  ["the master key without the word", { ...masterKeys, "x-lc-key": world.MASTER_KEY }],
  ["the right key of another app", { ...masterKeys, "x-lc-id": "another" }],
  ["an empty key", { ...masterKeys, "x-lc-key": "" }],
];

const appItself: [string, Keys][] = [
  ["the app key", appKeys],
  ["a signature by the app key", signedBy(world.APP_KEY, Date.now())],
];

async function expectUnauthorized(operation: Described, who: string, keys: Keys): Promise<void> {
  const response = await knock(operation, keys);
  const answer = { code: 401, error: "Unauthorized." };
  expect([who, response.status, await response.json()]).toEqual([who, 401, answer]);
}

describe("[I12] who may call what", () => {
  test("[I12] every operation needs the master key or the app key, except a few", () => {
    expect(forAnyone.map(({ id }) => id).toSorted()).toEqual([
      "downloadFile",
      "findHosts",
      "findSocket",
      "getSession",
      "listMemberRoles",
      "signIn",
      "signOut",
    ]);
    const reading = ["countUnread", "countUnread11", "countUnreadInConversation11", "listNotifications"];
    const history = ["listChatRoomMessages", "listLogs11", "listMessages", "listMessages11"];
    // What every copy of the app does with its own device.
    const devices = ["batch", "saveBatch", "saveInstallation", "saveInstallationOfClass"];
    devices.push("getInstallation", "getInstallationOfClass");
    devices.push("updateInstallation", "updateInstallationOfClass", "getWebPushKey");
    devices.push("registerBrowser", "forgetBrowser");
    // What users do with their own rows; what others may see of them is checked inside (C-05).
    const users = [
      "logIn",
      "logInByQuery",
      "readMe",
      "findUsers",
      "findUsersOfClass",
      "refreshSessionToken",
      "updatePassword",
    ];
    for (const action of ["signUp", "getUser", "updateUser", "deleteUser"])
      users.push(action, `${action}OfClass`);
    // Pushing itself is refused inside, unless the app allows it (N-13).
    const pushing = ["push", "pushToDevices", "getNotificationRow"];
    const files = ["announceFile", "endUpload", "addExternalFile", "addExternalFileByName", "getFileRow"];
    const expected = [...reading, ...history, ...devices, ...users, ...pushing, ...files];
    expected.push("signLogin", "signLogin11", "readDate");
    // How many are in a room is for everybody who may come in.
    expected.push("countPresentClientsOfGroup", "listPresentClientsOfGroup");
    expect(forApp.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
    expect(forMaster.length).toBeGreaterThan(30);
  });

  test.each(forMaster)("[I12] $method $path ($id) needs the master key", async (operation) => {
    for (const [who, keys] of [...strangers, ...appItself]) await expectUnauthorized(operation, who, keys);
  });

  test.each(forApp)("[I12] $method $path ($id) needs a key", async (operation) => {
    for (const [who, keys] of strangers) await expectUnauthorized(operation, who, keys);
  });

  test.each(["listMessages", "listChatRoomMessages", "listMessages11", "listLogs11"])(
    "[I12] the app key alone reads no history (%s)",
    async (id) => {
      const [operation] = forApp.filter((described) => described.id === id);
      if (operation === undefined) throw new Error(`no ${id}`);
      await expectUnauthorized(operation, "the app", appKeys);
    },
  );

  test("[I12] paths below /admin are refused alike, whether they exist or not", async () => {
    for (const path of ["/admin", "/admin/nothing", "/admin/settings/"]) {
      expect(await outcome(http(path, { headers: appKeys }))).toMatch(/^40[14] /);
    }
    expect(await outcome(http("/admin/nothing", { headers: appKeys }))).toBe("401 401");
    expect(await outcome(http("/admin/nothing", { headers: masterKeys }))).toBe("404 404");
  });

  test("[I12] a refused call changes nothing", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom]);
    const { "msg-id": messageId, timestamp }: Sent = await saidBy(tom, id, "hello");
    const path = `${CONVERSATIONS}/${id}`;
    const by = { from_client: tom, timestamp };
    const query = `?from_client=${tom}&timestamp=${timestamp}`;
    for (const [method, sub, body] of [
      ["PUT", "", { name: "x" }],
      ["POST", "/members", { client_ids: [jerry] }],
      ["DELETE", "/members", { client_ids: [tom] }],
      ["POST", "/mutes", { client_ids: [tom] }],
      ["POST", "/messages", { from_client: tom, message: "x" }],
      ["PUT", `/messages/${messageId}`, { ...by, message: "x" }],
      ["PUT", `/messages/${messageId}/recall`, by],
      ["DELETE", `/messages/${messageId}${query}`, undefined],
      ["DELETE", "", undefined],
    ] as const) {
      expect(await outcome(rest(method, path + sub, body, appKeys))).toBe("401 401");
    }
    expect(await textsIn(id)).toEqual(["hello"]);
    expect(await done("GET", `${path}/members`)).toEqual({ result: [tom] });
    expect(await done("GET", `${path}/mutes`)).toEqual({ result: [] });
  });
});

describe("[I12] [http-api §1.2] X-LC-Sign", () => {
  const time = Date.now();
  const stats = (headers: Keys) => outcome(http("/1.2/rtm/stats", { headers }));
  const digest = md5(`${time}${world.MASTER_KEY}`);
  const sign = (text: string): Keys => ({ "x-lc-id": world.APP_ID, "x-lc-sign": text });

  test("[I12] [http-api §1.2] an X-LC-Sign with the master key made within the hour has its rights", async () => {
    expect(await stats(sign(`${digest},${time},master`))).toBe("200");
    expect(await stats(signedBy(world.MASTER_KEY, time, "master"))).toBe("200");
    expect(await stats(signedBy(world.MASTER_KEY, time - 2 * 60 * 60 * 1_000, "master"))).toBe("401 401");
  });

  test.each([
    ["another time", `${digest},${time + 1},master`],
    ["another digest", `${digest.replace(/^./, (first) => (first === "0" ? "1" : "0"))},${time},master`],
    ["a shorter digest", `${digest.slice(1)},${time},master`],
    ["capitals", `${digest.toUpperCase()},${time},master`],
    ["without the word", `${digest},${time}`],
    ["with another word", `${digest},${time},Master`],
    ["for Android", `${digest},${time},ax-sig-1`],
    ["without a time", `${md5(world.MASTER_KEY)},,master`],
    ["with a time that is none", `${md5(`now${world.MASTER_KEY}`)},now,master`],
    ["by the app key", `${md5(`${time}${world.APP_KEY}`)},${time},master`],
    ["by an empty key", `${md5(`${time}`)},${time},master`],
  ])("[I12] [http-api §1.2] an X-LC-Sign with %s is refused", async (_, text) => {
    expect(await stats(sign(text))).toBe("401 401");
  });

  test("[I12] [http-api §1.2] an X-LC-Sign beside a wrong key is refused", async () => {
    const wrong = { ...signedBy(world.MASTER_KEY, time, "master"), "x-lc-key": "wrong" };
    expect(await stats(wrong)).toBe("401 401");
  });
});

describe("[I12] conditions and names that are SQL", () => {
  const find = (where: object, path = CONVERSATIONS) =>
    rest("GET", `${path}?where=${encodeURIComponent(JSON.stringify(where))}`);
  const results = async (response: Response) =>
    (await response.json<{ results: { objectId: string }[] }>()).results.map(({ objectId }) => objectId);

  const SQL = [
    ...["' OR 1=1 --", '" OR "1"="1', "x'); DROP TABLE conversations; --", "') OR 1=1; --", "%", "_"],
    ...["\\' OR 1=1 --", "$.name') OR 1=1 --", '$."x"', "`name`", "NULL", "1=1", "? OR ?", ":a"],
  ];

  test.each(SQL)("[I12] the value %j finds only what has this name", async (text) => {
    const [tom] = named("tom");
    await conversationOf([tom], { name: "plain" });
    const id = await conversationOf([tom], { name: text, attr: { [text.replaceAll(".", "")]: text } });
    expect(await results(await find({ name: text, m: tom }))).toEqual([id]);
    expect(await results(await find({ name: { $in: [text] }, m: tom }))).toEqual([id]);
    expect(await results(await find({ m: text }))).toEqual([]);
    expect(await results(await find({ objectId: text }))).toEqual([]);
    expect(await results(await find({ m: tom }))).toHaveLength(2);
  });

  test.each(SQL)("[I12] the column %j is an ordinary column or refused", async (text) => {
    const [tom] = named("tom");
    await conversationOf([tom]);
    for (const column of [text, `attr.${text}`]) {
      const response = await find({ [column]: 1, m: tom });
      expect([200, 400]).toContain(response.status);
      if (response.status === 200) expect(await results(response)).toEqual([]);
    }
    expect(await results(await find({ m: tom }))).toHaveLength(1);
  });

  test.each(["$or 1=1", "$where", "$expr", "$gt; DROP", "$regex'"])(
    "[I12] %j is no operator",
    async (name) => {
      expect((await find({ name: { [name]: 1 } })).status).toBe(400);
      expect((await find({ [name]: [{ name: "x" }] })).status).toBe(400);
    },
  );

  test.each(SQL)("[I12] the client id %j reads only its own data", async (text) => {
    const [tom] = named("tom");
    await saidBy(tom, await conversationOf([tom]), "hello");
    const name = encodeURIComponent(text);
    expect(await done("GET", `/1.2/rtm/clients/${name}/messages`)).toEqual([]);
    expect(await done("GET", `/1.2/rtm/clients/${name}/unread-count`)).toEqual({ count: 0 });
    expect((await rest("GET", `${CONVERSATIONS}/${name}/members`)).status).toBeGreaterThanOrEqual(400);
    expect((await rest("GET", `/1.2/rtm/messages?timestamp=${name}`)).status).toBe(400);
    expect(await done("GET", `/1.2/rtm/messages?timestamp=0&msgid=${name}&reversed=true&limit=1`)).toEqual(
      expect.any(Array),
    );
    expect(await done("GET", `/admin/bans?after=${name}`)).toEqual({ results: [] });
    const banned = { client_ids: [text], reason: text };
    await done("POST", "/admin/bans", banned);
    expect(await done("GET", "/admin/bans")).toMatchObject({
      results: [{ client_id: text, reason: text }],
    });
    await done("DELETE", "/admin/bans", { client_ids: [text] });
  });
});

describe("[I12] names that reach for prototypes", () => {
  const harmless = () => expect(Reflect.get({}, "polluted")).toBeUndefined();

  test.each([
    '{"__proto__":{"polluted":1}}',
    '{"attr":{"__proto__":{"polluted":1}}}',
    '{"attr":{"a":[{"__proto__":{"polluted":1}}]}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"attr":{"constructor":{"prototype":{"polluted":1}}}}',
    '{"\\u005f_proto__":{"polluted":1}}',
  ])("[I12] %s is refused in a body and in a condition", async (text) => {
    const id = await conversationOf(["Tom"]);
    for (const [method, path] of [
      ["POST", CONVERSATIONS],
      ["PUT", `${CONVERSATIONS}/${id}`],
      ["PATCH", "/admin/settings"],
    ] as const) {
      expect(await outcome(rest(method, path, text))).toBe("400 107");
    }
    expect((await rest("GET", `${CONVERSATIONS}?where=${encodeURIComponent(text)}`)).status).toBe(400);
    harmless();
  });

  test.each([
    ...["__proto__.polluted", "attr.__proto__.polluted", "attr.a.__proto__.polluted", "attr.__proto__"],
    ...["attr.constructor.prototype.polluted", "constructor.prototype.polluted"],
  ])("[I12] %s is refused as a path of a column and of a condition", async (path) => {
    const id = await conversationOf(["Tom"]);
    expect(await outcome(rest("PUT", `${CONVERSATIONS}/${id}`, { [path]: 1 }))).toBe("400 107");
    const where = encodeURIComponent(JSON.stringify({ [path]: 1 }));
    expect((await rest("GET", `${CONVERSATIONS}?where=${where}`)).status).toBe(400);
    harmless();
  });

  test.each(["toString", "attr.hasOwnProperty", "valueOf"])(
    "[I12] %s is an ordinary column",
    async (column) => {
      const [tom] = named("tom");
      const id = await conversationOf([tom]);
      await done("PUT", `${CONVERSATIONS}/${id}`, { [column]: "mine" });
      const find = async (where: object) => {
        const query = encodeURIComponent(JSON.stringify(where));
        return (await done<{ results: object[] }>("GET", `${CONVERSATIONS}?where=${query}`)).results;
      };
      expect(await find({ [column]: "mine", m: tom })).toMatchObject([{ objectId: id }]);
      await done("PUT", `${CONVERSATIONS}/${id}`, { [column]: { __op: "Delete" } });
      expect(await find({ [column]: { $exists: true }, m: tom })).toEqual([]);
    },
  );
});

describe("[I10] bodies that are too large", () => {
  const withBodies = operations.filter(({ method }) => ["POST", "PUT", "PATCH"].includes(method));

  test("[I10] more than 15 operations have bodies", () => expect(withBodies.length).toBeGreaterThan(15));

  test.each(withBodies)("[I10] $method $path ($id) refuses a body over 1 MB with 413", async (operation) => {
    const { url, method, headers } = exampleRequest(operation);
    const body = `{"padding":"${"x".repeat(1_048_577)}"}`;
    expect(await outcome(http(url, { method, headers: { ...headers, ...masterKeys }, body }))).toBe(
      "413 413",
    );
  });

  test.each(operations.filter(({ method, operation }) => method === "DELETE" && operation.requestBody))(
    "[I10] $method $path ($id) refuses a body over 64 KB with 413",
    async (operation) => {
      const { url, method } = exampleRequest(operation);
      const body = `{"padding":"${"x".repeat(65_536)}"}`;
      expect(await outcome(http(url, { method, headers: masterKeys, body }))).toBe("413 413");
    },
  );

  test.each(withBodies)(
    "[I10] $method $path ($id) refuses JSON of 30,000 levels with a code",
    async (operation) => {
      const { url, method, headers } = exampleRequest(operation);
      const body = `{"attr":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
      const response = await http(url, { method, headers: { ...headers, ...masterKeys }, body });
      // The word list is no JSON: it is one long line. What is pushed is refused for its length.
      const others: Record<string, string> = { replaceKeywords: "400 105", push: "413 413" };
      expect(await outcome(response)).toBe(others[operation.id] ?? "400 107");
    },
  );

  test("[I10] conditions of 1,000 levels or 2,000 values are refused with a code", async () => {
    const deep = `${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}`;
    const wide = JSON.stringify({ name: { $in: Array.from({ length: 2_000 }, (_, at) => `${at}`) } });
    const find = (where: string) => rest("GET", `${CONVERSATIONS}?where=${encodeURIComponent(where)}`);
    expect(await outcome(find(deep))).toBe("400 1");
    expect(await outcome(find(wide))).toBe("400 102");
  });
});
