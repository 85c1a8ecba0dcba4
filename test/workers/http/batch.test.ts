import { beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { named } from "../../support/chat.ts";
import { conversationOf, done, outcome, rest } from "../support/rest.ts";
import { appKeys, openWorld } from "../support/world.ts";
import { CLASS, create, NOWHERE, type Row, type Rows, read } from "./class-rows.ts";

beforeAll(() => openWorld());

describe("[B-19] /1.1/batch with conversations", () => {
  type Outcome = { success?: Partial<Row> & Partial<Rows>; error?: { code: number; error: string } };

  const batch = (requests: Json) => done<Outcome[]>("POST", "/1.1/batch", { requests });
  const codes = (outcomes: Outcome[]) => outcomes.map(({ error }) => error?.code);

  test("[B-19] a batch does its parts separately and in order, and answers each", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [made] = await batch([{ method: "POST", path: "/1.1/classes/_Conversation", body: { m: [tom] } }]);
    const id = made?.success?.objectId ?? "";
    const row = `/1.1/classes/_Conversation/${id}`;
    const outcomes = await batch([
      {
        method: "PUT",
        path: row,
        body: { m: { __op: "Add", objects: [jerry] } },
        params: { fetchWhenSave: true },
      },
      { method: "PUT", path: row, body: { name: "x" }, params: { where: { name: "other" } } },
      { method: "PUT", path: row, body: { c: tom } },
      { method: "GET", path: row },
      { method: "GET", path: `/1.1/classes/_Conversation/${NOWHERE}` },
      { method: "GET", path: "/1.1/classes/Todo" },
      { method: "POST", path: row, body: {} },
      { method: "DELETE", path: row, body: {} },
      { method: "DELETE", path: row },
    ]);
    expect(codes(outcomes)).toEqual([undefined, 305, 105, undefined, 101, 404, 105, undefined, 4303]);
    expect(outcomes[0]?.success).toMatchObject({ objectId: id, m: [tom, jerry] });
    expect(outcomes[3]?.success).toMatchObject({ objectId: id, m: [tom, jerry] });
    expect(outcomes[7]?.success).toEqual({});
  });

  test("[B-19] a batch accepts the paths of all SDKs, in every version and spelling", async () => {
    const id = await conversationOf(named("tom"));
    for (const path of [
      `/1.1/classes/_Conversation/${id}`,
      `1.1/classes/_Conversation/${id}`,
      `/1/classes/_Conversation/${id}`,
      `/classes/_Conversation/${id}/`,
      `//1.1//classes/_Conversation/${id}`,
      `https://im.example.com/1.1/classes/_Conversation/${id}`,
    ]) {
      const [{ success } = {}] = await batch([{ method: "get", path }]);
      expect(success?.objectId).toBe(id);
    }
  });

  test("[B-19] a batch finds by a condition too long for a URL, as JavaScript does", async () => {
    const [name = ""] = named("long");
    const ids: string[] = [];
    for (const _ of [1, 2, 3]) ids.push((await create({ name })).objectId);
    const many = Array.from({ length: 100 }, (_, at) => `65537a0e${String(at).padStart(16, "0")}`);
    const params = { where: { objectId: { $in: [...ids, ...many] }, name }, limit: 1000, count: 1 };
    for (const where of [params.where, JSON.stringify(params.where)]) {
      const path = "/1.1/classes/_Conversation";
      const [{ success } = {}] = await batch([{ method: "GET", path, params: { ...params, where } }]);
      expect(success?.results?.map(({ objectId }) => objectId)).toEqual(ids);
      expect(success?.count).toBe(3);
    }
  });

  test("[B-19] a batch deletes several rows by one path, as JavaScript does", async () => {
    const ids = [await conversationOf(["Tom"]), await conversationOf(["Tom"])];
    const path = `/1.1/classes/_Conversation/${ids.join(",")}`;
    expect(await batch([{ method: "DELETE", path, body: {} }])).toEqual([{ success: {} }]);
    for (const id of ids) expect(await outcome(rest("GET", `${CLASS}/${id}`))).toBe("404 101");
    const [read] = await batch([{ method: "GET", path }]);
    expect(read?.error?.code).toBe(105);
  });

  test("[B-19] a batch accepts an absent body and an empty list as one, as PHP writes it", async () => {
    expect(await batch([])).toEqual([]);
    const id = await conversationOf(["Tom"]);
    const [outcome] = await batch([{ method: "PUT", path: `/1.1/classes/_Conversation/${id}`, body: [] }]);
    expect(outcome?.success?.objectId).toBe(id);
  });

  test("[B-19] a batch with the app key reaches installations, and no conversations", async () => {
    const id = await conversationOf(["Tom"], { name: "Cheese" });
    const path = `/1.1/classes/_Conversation/${id}`;
    const device = { deviceType: "ios", deviceToken: `token-${id}` };
    const requests = [
      { method: "GET", path },
      { method: "GET", path: "/1.1/classes/_Conversation" },
      { method: "PUT", path, body: { name: "x" } },
      { method: "DELETE", path },
      { method: "POST", path: "/1.1/classes/_Conversation", body: { m: ["Tom"] } },
      { method: "POST", path: "/1.1/installations", body: device },
    ];
    const outcomes = await (await rest("POST", "/1.1/batch", { requests }, appKeys)).json<Outcome[]>();
    expect(codes(outcomes)).toEqual([401, 401, 401, 401, 401, undefined]);
    expect((await read(id)).name).toBe("Cheese");
  });

  test("[B-19] a batch has at most 50 requests", async () => {
    const part = { method: "GET", path: `/1.1/classes/_Conversation/${NOWHERE}` };
    const device = { method: "GET", path: "/1.1/installations/x" };
    const several = { method: "DELETE", path: `${part.path}${`,${NOWHERE}`.repeat(50)}` };
    const ask = (requests: Json) => outcome(rest("POST", "/1.1/batch", { requests }));
    expect(await ask(Array.from({ length: 50 }, () => part))).toBe("200");
    expect(await ask(Array.from({ length: 51 }, () => part))).toBe("400 105");
    expect(await ask([part, ...Array.from({ length: 25 }, () => device)])).toBe("400 105");
    expect(await ask([several])).toBe("400 105");
  });

  test("[B-19] /1.1/batch/save saves conversations, each answered under its id", async () => {
    const id = await conversationOf(["Tom"]);
    const path = `/1.1/classes/_Conversation/${id}`;
    const requests = [
      { method: "PUT", path, body: { __internalId: id, name: "More" } },
      { method: "POST", path: "/1.1/classes/_Conversation", body: { __internalId: "8D1E", m: ["Tom"] } },
    ];
    const saved = await done<Record<string, Row>>("POST", "/1.1/batch/save", { requests });
    expect(Object.keys(saved).toSorted()).toEqual([id, "8D1E"].toSorted());
    expect(saved["8D1E"]?.m).toEqual(["Tom"]);
  });
});
