import * as v from "valibot";
import type { Admin } from "../admin.ts";
import type { DemoFiles } from "./files.ts";
import type { People } from "./people.ts";
import { TextMessage } from "./sdk.ts";

/** Normal conversations, by id. */
export interface Chats {
  cheese: string;
  kitchen: string;
  fishing: string;
  garden: string;
}

/** Nobody says anything here. */
export const FIRST_CHAT = { name: "Attic", c: "Toodles", m: ["Toodles", "Quacker"], attr: {} };

const Created = v.object({ objectId: v.string() });

/** Creates a conversation of one kind by the HTTP API, and returns its id. */
export async function create(
  admin: Admin,
  kind: "conversations" | "chatrooms" | "service-conversations",
  row: object,
): Promise<string> {
  return v.parse(Created, await admin.ask("POST", `/1.2/rtm/${kind}`, row)).objectId;
}

export async function createChats(admin: Admin): Promise<Chats> {
  const [cheese, kitchen, fishing, garden] = await Promise.all([
    create(admin, "conversations", {
      name: "Cheese 奶酪",
      c: "Tom",
      m: ["Tom", "Jerry"],
      attr: { truce: "until Sunday" },
    }),
    create(admin, "conversations", {
      name: "Kitchen 厨房",
      c: "Tom",
      m: ["Tom", "Jerry", "Spike", "Tuffy", "Butch", "Toodles"],
      attr: { floor: 1, tags: ["food", "night"] },
    }),
    create(admin, "conversations", {
      name: "周末钓鱼",
      c: "小鱼",
      m: ["小鱼", "阿黄", "豆豆", "老王", "Quacker"],
      attr: { 地点: "东湖", 人数: 5 },
    }),
    create(admin, "conversations", {
      name: "Garden watch",
      c: "Spike",
      m: ["Spike", "Tyke", "Butch", "Meathead"],
      attr: {},
    }),
    create(admin, "conversations", FIRST_CHAT),
  ]);
  return { cheese, kitchen, fishing, garden };
}

/** What is said in them: by sockets where receipts, edits and read marks need one, else in people's names. */
export async function chat(
  admin: Admin,
  people: People,
  chats: Chats,
  files: DemoFiles | undefined,
): Promise<void> {
  await Promise.all([
    talkOfCheese(admin, people, chats.cheese, files),
    cook(admin, people, chats.kitchen),
    planFishing(admin, people, chats.fishing, files),
    watchGarden(admin, people, chats.garden),
  ]);
}

async function talkOfCheese(
  admin: Admin,
  people: People,
  id: string,
  files: DemoFiles | undefined,
): Promise<void> {
  const tom = await people.in("Tom", id);
  const jerry = await people.in("Jerry", id);
  await tom.send(new TextMessage("Truce until Sunday?"), { receipt: true });
  await jerry.send(new TextMessage("Deal. 停战到星期天。"), { receipt: true });
  if (files !== undefined) {
    await sayTyped(admin, id, "Jerry", { _lctype: -2, _lctext: "the last piece", _lcfile: files.picture });
    await sayTyped(admin, id, "Tom", {
      _lctype: -3,
      _lctext: "what I heard last night",
      _lcfile: files.sound,
    });
  }
  const wrong = await tom.send(new TextMessage("Meet me at the frige"), { receipt: true });
  await tom.update(wrong, new TextMessage("Meet me at the fridge"));
  const hasty = await jerry.send(new TextMessage("It is behind the piano"));
  await jerry.recall(hasty);
  // A type of the app's own, as an app with a game would send it.
  await sayTyped(admin, id, "Jerry", {
    _lctype: 1,
    _lctext: "dice: 6",
    _lcattrs: { game: "dice", points: 6 },
  });
  await tom.read();
  await tom.send(new TextMessage("Six again? Unbelievable."), { receipt: true });
  await jerry.read();
}

async function cook(admin: Admin, people: People, id: string): Promise<void> {
  const tom = await people.in("Tom", id);
  const spike = await people.in("Spike", id);
  await people.meet(["Jerry", "Tuffy"], id);
  await tom.send(new TextMessage("Who left the window open?"));
  await spike.send(new TextMessage("@Tom it was you, 窗户是你开的。").setMentionList(["Tom"]));
  // In the word list, which masks it in conversations of more than two.
  await spike.send(new TextMessage("And who bought rat poison?"));
  for (const [from, text] of [
    ["Toodles", "Dinner is at eight."],
    ["Tuffy", "Is there cheese? 🧀"],
    ["Butch", "There was."],
  ] as const) {
    await say(admin, id, from, text);
  }
  await admin.ask("POST", `/1.2/rtm/conversations/${id}/messages`, {
    from_client: "Toodles",
    message: { _lctype: -1, _lctext: "Everybody: eight o'clock, sharp! 大家八点准时到！" },
    mention_all: true,
    push_data: { alert: "Toodles: dinner at eight" },
  });
  await tom.read();
}

async function planFishing(
  admin: Admin,
  people: People,
  id: string,
  files: DemoFiles | undefined,
): Promise<void> {
  const fish = await people.in("小鱼", id);
  const huang = await people.in("阿黄", id);
  await fish.send(new TextMessage("周六早上六点，老地方见。"));
  await huang.send(new TextMessage("我带鱼竿，谁带吃的？"));
  const place = { latitude: 30.5636, longitude: 114.3951 };
  await sayTyped(admin, id, "小鱼", { _lctype: -5, _lctext: "东湖北门", _lcloc: place });
  if (files !== undefined)
    await sayTyped(admin, id, "豆豆", { _lctype: -6, _lctext: "购物清单", _lcfile: files.text });
  await say(admin, id, "老王", "我带茶。");
  await say(admin, id, "Quacker", "May I swim meanwhile?");
  await huang.read();
  await huang.mute();
}

async function watchGarden(admin: Admin, people: People, id: string): Promise<void> {
  await people.meet(["Spike"], id);
  await say(admin, id, "Tyke", "Woof.");
  await say(admin, id, "Spike", "That's my boy.");
  await say(admin, id, "Meathead", "Cheap bones!!! https://bones.example.com");
  await say(admin, id, "Meathead", "Cheap bones!!! https://bones.example.com");
}

/** Says a text in somebody's name. */
export async function say(admin: Admin, id: string, from: string, text: string): Promise<void> {
  await sayTyped(admin, id, from, { _lctype: -1, _lctext: text });
}

async function sayTyped(admin: Admin, id: string, from: string, message: object): Promise<void> {
  await admin.ask("POST", `/1.2/rtm/conversations/${id}/messages`, { from_client: from, message });
}
