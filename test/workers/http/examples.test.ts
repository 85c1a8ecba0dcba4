import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import * as example from "../../../src/http/examples.ts";
import { isObject, type Json } from "../../../src/model/json.ts";
import { newObjectId } from "../../../src/protocol/object-id.ts";
import { say } from "../../support/chat.ts";
import { VAPID } from "../../support/vapid.ts";
import { loggedIn } from "../support/commands.ts";
import { archivedAs } from "../support/d1.ts";
import { engineWith } from "../support/engine.ts";
import { announced, uploaded } from "../support/files.ts";
import { pushedLater, setUpPush, waiting } from "../support/push.ts";
import { conversationOf, done, rest, type Sent } from "../support/rest.ts";
import { enter } from "../support/rooms.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, http, masterKeys, openWorld, world } from "../support/world.ts";
import { exampleOf } from "./example-of.ts";
import { allOperations, contentOf, type Described, exampleRequest, successOf } from "./operations.ts";
import { misfit } from "./schema.ts";
import { storeFile } from "./stored-files.ts";

/**
 * Every operation of the document, asked as its examples say. What the examples speak of is made first, and its real
 * names take the place of theirs. An operation that comes later has to say here what its example needs.
 */

beforeAll(() => openWorld());
beforeEach(() => configure({ events: { logDays: 7 } }));
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ events: null, hooks: null, mirror: null, security: null, push: null, users: null });
});

const operations = await allOperations();

/** What the names of an example stand for. */
type Real = Record<string, string>;

/** Tom and Jerry's conversation; no two tests share one. */
async function conversation(): Promise<Real> {
  const members = [example.SENDER, example.READER];
  const id = await conversationOf(members, { c: example.SENDER, name: "Cheese", attr: { holes: 1 } });
  return { [example.CONVERSATION]: id };
}

/** The id of a conversation that is elsewhere. */
async function unknownConversation(): Promise<Real> {
  return { [example.CONVERSATION]: newObjectId(Date.now()) };
}

/** The same, and its messages go to LeanCloud and come from there. */
async function mirroredConversation(): Promise<Real> {
  await configure({ mirror: { server: "https://leancloud.example.com" } });
  return conversation();
}

/** One that the app's server made, with a path of its own. */
async function made(kind: "chatrooms" | "service-conversations"): Promise<Real> {
  const body = { c: example.SENDER, name: "Cheese", attr: { holes: 1 } };
  const { objectId } = await done<{ objectId: string }>("POST", `/1.2/rtm/${kind}`, body);
  return { [example.CONVERSATION]: objectId };
}

const chatRoom = () => made("chatrooms");
/** Somebody is there. */
async function enteredRoom(): Promise<Real> {
  const real = await chatRoom();
  await enter(await WorkerdDevice.of(example.READER), String(real[example.CONVERSATION]));
  return real;
}
const service = () => made("service-conversations");
const chatRoomMessage = async () => messageIn(await chatRoom(), "chatrooms");

/** A conversation of Tom's, of any kind, in which Jerry is a Manager, silenced, and blocked. */
async function listedIn(kind: "conversations" | "chatrooms" | "service-conversations"): Promise<Real> {
  await configure({ security: { memberRoles: true, blacklists: true } });
  const real = kind === "conversations" ? await conversation() : await made(kind);
  const path = `/1.2/rtm/${kind}/${real[example.CONVERSATION]}`;
  const role = { clientId: example.READER, role: "Manager" };
  const row =
    kind === "service-conversations"
      ? undefined
      : await done<{ objectId: string }>("POST", `${path}/member-infos`, role);
  const clients = { client_ids: [example.READER] };
  if (row !== undefined) await done("POST", `${path}/permanent-silenceds`, clients);
  // The members of a conversation lose their roles by it; a Spike loses nothing.
  await done("POST", `${path}/blacklists`, { client_ids: ["Spike"] });
  return row === undefined ? real : { ...real, [example.ROLE]: row.objectId };
}

/** The same, and Jerry is logged in. */
async function roleAndSession(): Promise<Real> {
  return { ...(await listedIn("conversations")), ...(await session()) };
}

/** A conversation to which Jerry does not want to be added. */
async function refusedConversation(): Promise<Real> {
  await configure({ security: { blacklists: true } });
  const real = await conversation();
  await done("POST", `/1.2/rtm/clients/${example.READER}/blacklists`, {
    conv_id: real[example.CONVERSATION],
  });
  return real;
}

/** Jerry is subscribed to a service. */
async function subscribed(): Promise<Real> {
  const real = await service();
  const path = `/1.2/rtm/service-conversations/${real[example.CONVERSATION]}/subscribers`;
  await done("POST", path, { client_id: example.READER });
  const [row] = await done<{ timestamp: number }[]>("GET", path);
  return { ...real, [example.MESSAGE_AT]: String(row?.timestamp) };
}

/** The same, and to another one later. */
async function subscribedTwice(): Promise<Real> {
  const first = await subscribed();
  await subscribed();
  return first;
}

/** Tom wrote something to a service, and D1 has it. */
async function writtenToService(): Promise<Real> {
  const real = await service();
  const toms = await WorkerdDevice.of(example.SENDER);
  await say(toms, real[example.CONVERSATION] ?? "", example.TEXT);
  toms.close();
  await vi.waitFor(
    async () => {
      const { results } = await done<{ results: unknown[] }>("GET", "/1.1/classes/_SysMessage");
      if (results.length === 0) throw new Error("not copied yet");
    },
    { timeout: 20_000 },
  );
  return real;
}

/** Tom said something to everybody. */
async function broadcastedToAll(): Promise<Real> {
  const { [example.CONVERSATION]: id = "" } = await service();
  const body = { from_client: example.SENDER, conv_id: id, message: example.TEXT };
  const sent = await done<Sent>("POST", "/1.2/rtm/broadcasts", body);
  return { [example.CONVERSATION]: id, [example.MESSAGE]: sent["msg-id"] };
}

/** A message of a service to Jerry, sent in the name of Tom. */
async function serviceMessage(): Promise<Real> {
  return messageIn(await service(), "service-conversations", { to_clients: [example.READER] });
}

/** A message that Tom said in it, and which Jerry has not read. */
async function message(): Promise<Real> {
  return messageIn(await conversation());
}

async function messageIn(
  { [example.CONVERSATION]: id = "" }: Real,
  kind = "conversations",
  more: object = {},
): Promise<Real> {
  const body = { from_client: example.SENDER, message: example.TEXT, ...more };
  const sent = await done<Sent>("POST", `/1.2/rtm/${kind}/${id}/messages`, body);
  const { "msg-id": messageId, timestamp } = sent;
  return {
    [example.CONVERSATION]: id,
    [example.MESSAGE]: messageId,
    [example.MESSAGE_AT]: String(timestamp),
    [example.LATER]: String(timestamp + 60_000),
  };
}

/** The same, and D1 has it. */
async function archivedMessage(): Promise<Real> {
  const real = await message();
  await archivedAs(real[example.CONVERSATION] ?? "", [example.TEXT]);
  return real;
}

/** The same, and the log tells of it. */
async function loggedEvent(): Promise<Real> {
  const real = await message();
  const path = `/admin/events?event=${example.EVENT}&conv_id=${real[example.CONVERSATION]}`;
  interface Page {
    results: { at: number }[];
  }
  const at = await vi.waitFor(
    async () => {
      const [found] = (await done<Page>("GET", path)).results;
      if (found === undefined) throw new Error("not logged yet");
      return found.at;
    },
    { timeout: 20_000 },
  );
  return { ...real, [example.MESSAGE_AT]: String(at), [example.LATER]: String(at + 60_000) };
}

/** Jerry, on a device. */
async function session(): Promise<Real> {
  return { "the-token": (await loggedIn(example.READER)).token };
}

async function tomsSession(): Promise<Real> {
  await loggedIn(example.SENDER);
  return {};
}

async function muted(): Promise<Real> {
  const real = await conversation();
  const body = { client_ids: [example.READER] };
  await done("POST", `/1.2/rtm/conversations/${real[example.CONVERSATION]}/mutes`, body);
  return real;
}

async function ban(): Promise<Real> {
  await done("POST", "/admin/bans", { client_ids: [example.SENDER] });
  return {};
}

async function wordList(): Promise<Real> {
  await rest("PUT", "/admin/keywords", "cheese\n", { "content-type": "text/plain" });
  return {};
}

/** The app's engine has the hook that knows the user. */
async function signInHook(): Promise<Real> {
  await engineWith({
    _rtmClientSign: ({ sessionToken }) => ({ result: sessionToken === example.USER_TOKEN, objectId: "Tom" }),
  });
  return {};
}

async function usersHere(): Promise<Real> {
  await configure({ users: { where: "here" } });
  return { [example.NEW_USER]: crypto.randomUUID() };
}

/** Tom, who has signed up. */
async function user(): Promise<Real> {
  await usersHere();
  const body = { username: crypto.randomUUID(), password: "cheese" };
  const row = await done<{ objectId: string; sessionToken: string }>("POST", "/1.1/users", body);
  return { Tom: body.username, [example.USER]: row.objectId, [example.USER_TOKEN]: row.sessionToken };
}

async function webPush(): Promise<Real> {
  await configure({ push: { webPush: VAPID } });
  return {};
}

async function missedNotice(): Promise<Real> {
  await conversation();
  return session();
}

/** A key for APNs, and one more. */
async function pushKeys(): Promise<Real> {
  for (const id of [example.APNS_KEY_ID, "another"]) {
    await done("PUT", `/admin/push/apns-keys/${id}`, example.APNS_KEY);
  }
  return {};
}

/** Something that waits to be pushed. */
async function notification(): Promise<Real> {
  await setUpPush();
  const { objectId } = await pushedLater({ data: { alert: "Cheese" } });
  const { number } = await waiting(objectId);
  return { [example.NOTIFICATION]: objectId, [example.SCHEDULED]: String(number) };
}

async function wayToDevices(): Promise<Real> {
  await setUpPush();
  return {};
}

/** A device that nobody saved. */
async function device(): Promise<Real> {
  return { [example.DEVICE_TOKEN]: crypto.randomUUID() };
}

async function installation(): Promise<Real> {
  const real = await device();
  const body = { deviceType: "ios", deviceToken: real[example.DEVICE_TOKEN], channels: ["news"] };
  const { objectId } = await done<{ objectId: string }>("POST", "/1.1/installations", body);
  return { ...real, [example.INSTALLATION]: objectId };
}

/** Jerry is in a conversation, and has a device with a way to it. */
async function previewedDevice(): Promise<Real> {
  await pushKeys();
  const real = await conversation();
  const deviceToken = crypto.randomUUID().replaceAll("-", "");
  await done("POST", "/1.1/installations", { deviceType: "ios", deviceToken, channels: [example.READER] });
  return real;
}

async function deviceWithWay(): Promise<Real> {
  await pushKeys();
  return installation();
}

async function storedFile(): Promise<Real> {
  const key = `${crypto.randomUUID()}.txt`;
  await storeFile({ key, mimeType: "text/plain", bytes: "cheese" });
  return { [example.FILE_KEY]: key };
}

/** A file that awaits its bytes. */
async function awaitedFile(): Promise<Real> {
  const { objectId, token } = await announced();
  return { [example.FILE]: objectId, [example.UPLOAD_TOKEN]: token };
}

async function file(): Promise<Real> {
  const { objectId } = await uploaded();
  return { [example.FILE]: objectId };
}

const nothing = async (): Promise<Real> => ({});

/** The console is on, and the owner signed in to it. */
async function signedIn(): Promise<Real> {
  await configure({ console: { enabled: true } });
  const response = await http("/console/session", {
    method: "POST",
    headers: { "x-parley-console": "1" },
    body: JSON.stringify({ master_key: world.MASTER_KEY }),
  });
  const [cookie = ""] = response.headers.getSetCookie();
  return { "the-cookie": cookie.split(";")[0] ?? "", [example.MASTER_KEY]: world.MASTER_KEY };
}

/** What each operation's example needs. */
const needs: Record<string, () => Promise<Real>> = {
  createConversation: nothing,
  findConversations: conversation,
  updateConversation: conversation,
  createConversation11: nothing,
  findConversations11: conversation,
  getConversation11: conversation,
  updateConversation11: conversation,
  deleteConversation11: conversation,
  deleteConversation: conversation,
  createChatRoom: nothing,
  findChatRooms: chatRoom,
  updateChatRoom: chatRoom,
  deleteChatRoom: chatRoom,
  sendChatRoomMessage: chatRoom,
  listChatRoomMessages: chatRoomMessage,
  editChatRoomMessage: chatRoomMessage,
  recallChatRoomMessage: chatRoomMessage,
  deleteChatRoomMessage: chatRoomMessage,
  listPresentClients: enteredRoom,
  countPresentClients: chatRoom,
  chatRoomStatistics: chatRoom,
  countPresentClientsOfGroup: chatRoom,
  listPresentClientsOfGroup: enteredRoom,
  createServiceConversation: nothing,
  findServiceConversations: service,
  updateServiceConversation: service,
  deleteServiceConversation: service,
  subscribe: service,
  listSubscribers: subscribed,
  countSubscribers: subscribed,
  unsubscribe: subscribed,
  listSubscriptionsOfClient: subscribedTwice,
  broadcast: service,
  sendServiceMessage: service,
  editServiceMessage: serviceMessage,
  recallServiceMessage: serviceMessage,
  listServiceMessages: serviceMessage,
  deleteServiceMessage: serviceMessage,
  findSystemMessages: writtenToService,
  broadcastToAll: service,
  listBroadcasts: broadcastedToAll,
  deleteBroadcast: broadcastedToAll,
  broadcastToAll11: service,
  listBroadcasts11: broadcastedToAll,
  deleteBroadcast11: broadcastedToAll,
  broadcast11: service,
  subscribe11: service,
  unsubscribe11: subscribed,
  listSubscriptionsOfClient11: subscribedTwice,
  isSubscribed11: subscribed,
  listSubscribers11: subscribed,
  countSubscribers11: subscribed,
  addMembers: conversation,
  removeMembers: conversation,
  listMembers: conversation,
  mute: conversation,
  unmute: muted,
  listMutes: muted,
  giveRoleInConversation: () => listedIn("conversations"),
  changeRoleInConversation: () => listedIn("conversations"),
  takeRoleInConversation: () => listedIn("conversations"),
  listRolesInConversation: () => listedIn("conversations"),
  silenceInConversation: () => listedIn("conversations"),
  unsilenceInConversation: () => listedIn("conversations"),
  listSilencedInConversation: () => listedIn("conversations"),
  blockInConversation: () => listedIn("conversations"),
  unblockInConversation: () => listedIn("conversations"),
  listBlockedInConversation: () => listedIn("conversations"),
  silenceForATimeInConversation: () => listedIn("conversations"),
  endSilenceInConversation: () => listedIn("conversations"),
  giveRoleInChatRoom: () => listedIn("chatrooms"),
  changeRoleInChatRoom: () => listedIn("chatrooms"),
  takeRoleInChatRoom: () => listedIn("chatrooms"),
  listRolesInChatRoom: () => listedIn("chatrooms"),
  silenceInChatRoom: () => listedIn("chatrooms"),
  unsilenceInChatRoom: () => listedIn("chatrooms"),
  listSilencedInChatRoom: () => listedIn("chatrooms"),
  blockInChatRoom: () => listedIn("chatrooms"),
  unblockInChatRoom: () => listedIn("chatrooms"),
  listBlockedInChatRoom: () => listedIn("chatrooms"),
  silenceForATimeInChatRoom: () => listedIn("chatrooms"),
  endSilenceInChatRoom: () => listedIn("chatrooms"),
  blockInServiceConversation: () => listedIn("service-conversations"),
  unblockInServiceConversation: () => listedIn("service-conversations"),
  listBlockedInServiceConversation: () => listedIn("service-conversations"),
  silenceForATimeInServiceConversation: () => listedIn("service-conversations"),
  endSilenceInServiceConversation: () => listedIn("service-conversations"),
  refuseConversation: refusedConversation,
  acceptConversation: refusedConversation,
  listRefusedConversations: refusedConversation,
  silenceForATime11: conversation,
  endSilence11: conversation,
  sendMessage: conversation,
  listMessages: message,
  editMessage: message,
  recallMessage: message,
  deleteMessage: message,
  checkOnline: session,
  signLogin: signInHook,
  countUnread: message,
  kick: session,
  listMessagesOfClient: archivedMessage,
  getStats: session,
  findAllConversations: conversation,
  listAllMessages: archivedMessage,
  listMessages11: message,
  listLogs11: message,
  rewriteMessage11: message,
  deleteMessage11: message,
  sendMessage11: conversation,
  patchMessage11: message,
  countUnread11: message,
  countUnreadInConversation11: message,
  checkOnline11: session,
  kick11: session,
  signLogin11: signInHook,
  downloadFile: storedFile,
  signIn: signedIn,
  getSession: signedIn,
  signOut: signedIn,
  findSocket: nothing,
  findHosts: nothing,
  readDate: nothing,
  listNotifications: missedNotice,
  listMemberRoles: roleAndSession,
  push: wayToDevices,
  pushToDevices: wayToDevices,
  getNotification: notification,
  getNotificationRow: notification,
  deleteNotification: notification,
  listNotificationRecords: notification,
  listScheduledPushes: notification,
  cancelScheduledPush: notification,
  ban: nothing,
  importConversations: unknownConversation,
  importMessages: conversation,
  mirrorMessage: mirroredConversation,
  mirrorChange: mirroredConversation,
  getMirror: nothing,
  reportMoving: nothing,
  getMoving: nothing,
  importUnread: conversation,
  importRoles: conversation,
  importSilences: conversation,
  importBlacklists: conversation,
  importSubscribers: conversation,
  importBroadcasts: conversation,
  importSystemMessages: conversation,
  unban: ban,
  listBans: ban,
  listEvents: loggedEvent,
  goAway: session,
  saveInstallation: device,
  findInstallations: installation,
  getInstallation: installation,
  updateInstallation: installation,
  deleteInstallation: installation,
  saveInstallationOfClass: device,
  findInstallationsOfClass: installation,
  getInstallationOfClass: installation,
  updateInstallationOfClass: installation,
  deleteInstallationOfClass: installation,
  logIn: user,
  logInByQuery: user,
  readMe: user,
  findUsers: user,
  findUsersOfClass: user,
  refreshSessionToken: user,
  updatePassword: user,
  signUp: usersHere,
  getUser: user,
  updateUser: user,
  deleteUser: user,
  signUpOfClass: usersHere,
  getUserOfClass: user,
  updateUserOfClass: user,
  deleteUserOfClass: user,
  importUsers: nothing,
  importInstallations: nothing,
  importFiles: nothing,
  findKnownFiles: nothing,
  batch: device,
  saveBatch: device,
  announceFile: nothing,
  endUpload: awaitedFile,
  addExternalFile: nothing,
  addExternalFileByName: nothing,
  findFileRows: file,
  getFileRow: file,
  deleteFileRow: file,
  getHealth: nothing,
  getMetrics: nothing,
  getUsage: nothing,
  listAttention: nothing,
  watchMetrics: nothing,
  listAudit: async () => {
    await configure({ limits: { members: 600 } });
    const [last] = (await done<{ results: { at: number }[] }>("GET", "/admin/audit")).results;
    const at = last?.at ?? 0;
    return { [example.MESSAGE_AT]: String(at), [example.LATER]: String(at + 60_000) };
  },
  testHook: async () => {
    vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("ok"));
    return {};
  },
  getSettings: nothing,
  describeSettings: nothing,
  changeSettings: nothing,
  setApnsKey: nothing,
  removeApnsKey: pushKeys,
  testPush: deviceWithWay,
  checkSignature: nothing,
  searchConversations: conversation,
  inspectMembers: message,
  inspectMessage: message,
  getRetention: nothing,
  getHold: conversation,
  setHold: conversation,
  endHold: conversation,
  previewPush: previewedDevice,
  searchClients: tomsSession,
  inspectClient: async () => ({ ...(await conversation()), ...(await tomsSession()) }),
  getWebPushKey: webPush,
  registerBrowser: session,
  forgetBrowser: session,
  listKeywords: wordList,
  replaceKeywords: nothing,
  removeKeywords: wordList,
};

test("the OpenAPI document has every operation once, and the test has the data of each example", () => {
  expect(operations.map(({ id }) => id).toSorted()).toEqual(Object.keys(needs).toSorted());
});

test.each(operations)("[A-01 to A-08] the operation $id answers as its example shows", async (operation) => {
  const request = await realRequest(operation, await needs[operation.id]?.());
  const response = await http(request.url, request);
  const text = await response.text();
  const { status, schema } = successOf(operation);
  expect([response.status, text]).toEqual([status, expect.any(String)]);
  await configure({ limits: { members: null, messageBytes: null } });
  await done("DELETE", "/admin/bans", { client_ids: [example.SENDER, example.READER] });
  if (schema === undefined) return expect(text).toBe("");
  const answer: Json = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
  expect(misfit(schema, answer)).toBeUndefined();
  // Of an empty list nothing would be shown.
  expect(shown(answer)).not.toEqual([]);
});

test.each(operations)("the examples of the operation $id match their schemas", (operation) => {
  const { schema } = successOf(operation);
  for (const described of [schema, contentOf(operation.operation.requestBody).schema]) {
    const value = exampleOf(described);
    if (value !== undefined) expect(misfit(described, value)).toBeUndefined();
  }
});

/** The list in an answer, bare or in a field of its own; anything else is itself. */
function shown(answer: Json): Json {
  if (!isObject(answer)) return answer;
  return [answer.results, answer.result, answer.notifications].find(Array.isArray) ?? answer;
}

async function realRequest(operation: Described, real: Real = {}) {
  const { url, method, headers, body } = exampleRequest(operation);
  const names: Real = { "parley-dev": world.APP_ID, ...real };
  const translated = (text: string, encode: (name: string) => string) =>
    Object.entries(names)
      .toSorted(([a], [b]) => b.length - a.length)
      .reduce((made, [shown, meant]) => made.replaceAll(encode(shown), encode(meant)), text);
  const plain = (name: string) => name;
  // In a query a space is a plus.
  const inUrl = (name: string) => encodeURIComponent(name).replaceAll("%20", "+");
  const own = Object.entries(headers).map(([name, value]) => [name, translated(value, plain)]);
  return {
    method,
    url: translated(url, inUrl),
    headers: { ...masterKeys, ...Object.fromEntries(own) },
    body: body === null ? null : translated(body, plain),
  };
}
