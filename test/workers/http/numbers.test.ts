import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ask, named, say, settle, start, update } from "../../support/chat.ts";
import { archivedAs } from "../support/d1.ts";
import { engineWith } from "../support/engine.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { CONVERSATIONS, conversationOf, done, outcome, rest, textsIn } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, configure, maybeHibernate, openWorld } from "../support/world.ts";

/* Numbers of apps' own are carried as they were written: by sockets and HTTP, through storage and back. */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ hooks: null, push: null });
});

const LARGE = '"id":1234567890123456789';
const FRACTION = '"price":1.0';
const attr = `{${LARGE},${FRACTION},"list":[9007199254740993,2.50]}`;

const raw = async (response: Response | Promise<Response>) => (await response).text();
const written = (text: string) => JSON.rawJSON(text);

async function shown(device: WorkerdDevice, where: object): Promise<string> {
  return (await ask(device, where)).convMessage?.results?.data ?? "";
}

describe("[B-17] numbers in attributes", () => {
  test("[B-17] numbers in attributes are kept as written by a device, in queries, events and over HTTP", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const columns = { data: `{"attr":${attr},"top":18446744073709551615}` };
    const id = await start(toms, [tom, jerry], { attr: columns });
    await maybeHibernate();
    expect(await shown(jerrys, { objectId: id })).toContain(`"attr":${attr}`);
    expect(await shown(jerrys, { m: jerry })).toContain(`"top":18446744073709551615`);
    expect(await raw(rest("GET", `/1.1/classes/_Conversation/${id}`))).toContain(`"attr":${attr}`);

    const reply = await update(toms, id, {
      "attr.next": written("9007199254740993"),
      "attr.price": written("2.0"),
    });
    expect(reply.convMessage?.attr?.data ?? reply.convMessage?.attrModified?.data).toContain(
      "9007199254740993",
    );
    const told = await jerrys.push("conv", "updated");
    expect(told.convMessage?.attr?.data).toBe('{"attr.next":9007199254740993,"attr.price":2.0}');
    expect(told.convMessage?.attrModified?.data).toContain('"price":2.0');
    expect(await shown(jerrys, { objectId: id })).toContain('"next":9007199254740993');
  });

  test("[B-17] numbers in attributes are kept as written over HTTP and incremented exactly, alone and in a batch", async () => {
    const body = `{"name":"x","m":["Tom"],"attr":${attr},"top":1.0,"unique":false}`;
    const made = await raw(rest("POST", CONVERSATIONS, body));
    expect(made).toContain(`"attr":${attr}`);
    expect(made).toContain('"top":1.0');
    const { objectId } = JSON.parse(made);
    const row = `/1.1/classes/_Conversation/${objectId}`;
    await done("PUT", row, '{"attr.id":{"__op":"Increment","amount":1},"attr.x":1e2}');
    expect(await raw(rest("GET", row))).toContain('"id":1234567890123456790,');
    await done("PUT", `${CONVERSATIONS}/${objectId}`, '{"top":-0.0}');
    const part = `{"method":"PUT","path":"${row}","body":{"attr.y":1.10},"params":{"fetchWhenSave":true}}`;
    const saved = await raw(rest("POST", "/1.1/batch", `{"requests":[${part}]}`));
    for (const text of ['"x":1e2', '"y":1.10', '"top":-0.0', '"id":1234567890123456790']) {
      expect(saved).toContain(text);
    }
    const where = encodeURIComponent(`{"objectId":"${objectId}"}`);
    expect(await raw(rest("GET", `${CONVERSATIONS}?where=${where}`))).toContain('"y":1.10');
  });

  test("[B-17] numbers in attributes are found by exactly their value", async () => {
    const [name = ""] = named("exact");
    const body = (number: string) => `{"name":"${name}","attr":{"n":${number}}}`;
    for (const number of ["1234567890123456789", "1234567890123456790", "1.0"]) {
      await done("POST", CONVERSATIONS, body(number));
    }
    const count = async (n: string) => {
      const where = encodeURIComponent(`{"name":"${name}","attr.n":${n}}`);
      const found = await done<{ count: number }>("GET", `/1.1/classes/_Conversation?count=1&where=${where}`);
      return found.count;
    };
    expect(await count("1234567890123456789")).toBe(1);
    expect(await count("1234567890123456788")).toBe(0);
    expect(await count('{"$in":[1234567890123456789,1234567890123456790,7]}')).toBe(2);
    expect(await count('{"$gt":1234567890123456789}')).toBe(1);
    expect(await count('{"$gte":1234567890123456789}')).toBe(2);
    expect(await count('{"$ne":1234567890123456789}')).toBe(2);
    expect(await count("1")).toBe(1);
    expect(await count("1.0")).toBe(1);
    const beyond = encodeURIComponent(`{"attr.n":18446744073709551615}`);
    expect(await outcome(rest("GET", `${CONVERSATIONS}?where=${beyond}`))).toBe("400 102");
    const device = await WorkerdDevice.of(...named("tom"));
    const found = await shown(device, { name, "attr.n": written("1234567890123456789") });
    expect(JSON.parse(found)).toHaveLength(1);
  });
});

describe("[A-02] numbers in messages given as objects", () => {
  test("[A-02] numbers in messages given as objects are kept as written by both versions, edits included", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom, jerry]);
    const jerrys = await WorkerdDevice.of(jerry);
    const message = `{"_lctype":1,"_lcattrs":{${LARGE},${FRACTION}}}`;
    const path = `${CONVERSATIONS}/${id}/messages`;
    await done("POST", path, `{"from_client":"${tom}","message":${message}}`);
    const first = await done<{ "msg-id": string; timestamp: number }>(
      "POST",
      "/1.1/rtm/messages",
      `{"from_peer":"${tom}","conv_id":"${id}","message":${message},"transient":false}`,
    );
    await jerrys.message(message);
    expect(await textsIn(id)).toEqual([message, message]);
    const edited = message.replace("1.0", "2.0");
    const place = `"from_client":"${tom}","timestamp":${first.timestamp}.0`;
    await done("PUT", `${path}/${first["msg-id"]}`, `{${place},"message":${edited}}`);
    expect(await textsIn(id)).toEqual([message, edited]);
    await archivedAs(id, [message, edited]);
  });
});

describe("[N-01] numbers of installations", () => {
  test("[N-01] numbers of installations are kept as written, and pushes read them exactly", async () => {
    const body = `{"deviceType":"ios","deviceToken":"numbers","badge":3.0,${LARGE},${FRACTION}}`;
    const saved = await rest("POST", "/1.1/installations?fetchWhenSave=true", body, appKeys);
    const text = await saved.text();
    for (const part of [LARGE, FRACTION, '"badge":3,']) expect(`${text},`).toContain(part);
    const where = encodeURIComponent(`{"id":1234567890123456789}`);
    expect(await raw(rest("GET", `/1.1/installations?where=${where}`))).toContain(LARGE);
  });
});

describe("[P-08] numbers in push data", () => {
  const URL = "https://numbers.example.com/";

  test("[P-08] numbers in push data are kept as written, of a message and of a notification", async () => {
    const texts: string[] = [];
    const network = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const request = new Request(input, init);
      if (request.url !== URL) return network(input, init);
      texts.push(await request.text());
      return new Response(null, { status: 204 });
    });
    await configure({ push: { webhook: { url: URL } } });
    const [tom, jerry] = named("tom", "jerry");
    const data = `{"alert":"x",${LARGE},${FRACTION}}`;
    const device = { deviceType: "ios", deviceToken: `phone of ${jerry}`, channels: [jerry] };
    await rest("POST", "/1.1/installations", device, appKeys);
    const toms = await WorkerdDevice.of(tom);
    const id = await start(toms, [tom, jerry]);
    await say(toms, id, "hello", { pushData: data });
    await done(
      "POST",
      `${CONVERSATIONS}/${id}/messages`,
      `{"from_client":"${tom}","message":"x","push_data":${data}}`,
    );
    await done("POST", "/1.1/push", `{"channels":["${jerry}"],"data":${data},"flow_control":10}`);
    await expect.poll(() => texts.length, { timeout: 20_000 }).toBe(3);
    for (const text of texts) expect(text).toContain(`${LARGE},${FRACTION}`);
  });
});

describe("[H-01] numbers in what hooks are asked and answer", () => {
  test("[H-01] numbers in requests to hooks and in their answers are kept as written", async () => {
    const calls: string[] = [];
    const engine = "http://engine-of-numbers.test";
    await engineWith({});
    const network = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const request = new Request(input, init);
      if (!request.url.startsWith(engine)) return network(input, init);
      if (request.url.endsWith("metadatas")) return Response.json({ result: ["_conversationUpdate"] });
      calls.push(await request.text());
      return new Response('{"result":{"attr":{"attr.n":1234567890123456790,"attr.p":3.0}}}');
    });
    await configure({ hooks: { url: engine, key: "hook-key", allowPrivate: true } });
    const { tom, toms } = await onlineClients("tom");
    const id = await start(toms, [tom]);
    await update(toms, id, { "attr.n": written("1234567890123456789"), "attr.p": written("2.0") });
    expect(calls[0]).toContain('"attr.n":1234567890123456789,"attr.p":2.0');
    expect(await shown(toms, { objectId: id })).toContain('"attr":{"n":1234567890123456790,"p":3.0}');
    await settle(id, toms);
  });
});
