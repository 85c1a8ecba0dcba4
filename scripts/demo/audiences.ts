import type { Admin } from "../admin.ts";
import { create } from "./chats.ts";
import type { People } from "./people.ts";
import { MessagePriority, TextMessage } from "./sdk.ts";

const DAY = 86_400; // seconds

/** A room with people in it, services with subscribers and dialogues, and a conversation that ends by itself. */
export async function gatherAudiences(admin: Admin, people: People): Promise<void> {
  await Promise.all([openRoom(admin, people), openServices(admin, people), meetForADay(people)]);
}

async function openRoom(admin: Admin, people: People): Promise<void> {
  const id = await create(admin, "chatrooms", { name: "Saturday cartoons 周六动画", c: "Tom", attr: {} });
  const tom = await people.in("Tom", id);
  const tuffy = await people.in("Tuffy", id);
  const fish = await people.in("小鱼", id);
  for (const entering of [tom, tuffy, fish]) await entering.join();
  await tom.send(new TextMessage("Quiet, it begins!"), { priority: MessagePriority.HIGH });
  await fish.send(new TextMessage("来了来了！"));
  await tuffy.send(new TextMessage("🍿"), { priority: MessagePriority.LOW });
}

async function openServices(admin: Admin, people: People): Promise<void> {
  const [news, help] = await Promise.all([
    create(admin, "service-conversations", { name: "Cheese News 奶酪新闻", attr: { category: "news" } }),
    create(admin, "service-conversations", { name: "Help desk 客服", attr: { category: "support" } }),
  ]);
  const path = `/1.2/rtm/service-conversations/${news}`;
  for (const name of ["Tom", "Jerry", "Toodles", "小鱼", "阿黄"])
    await admin.ask("POST", `${path}/subscribers`, { client_id: name });
  await people.meet(["Tom", "Jerry", "小鱼", "阿黄"], news);
  await admin.ask("POST", `${path}/broadcasts`, {
    from_client: "editor",
    message: text("Gouda is half price this week. 高达奶酪本周半价。"),
  });
  await admin.ask("POST", `${path}/messages`, {
    from_client: "editor",
    to_clients: ["Jerry"],
    message: text("Jerry, you have won the competition."),
  });
  await (await people.in("Jerry", news)).send(new TextMessage("Where can I fetch it?"));
  await (await people.in("阿黄", help)).send(new TextMessage("我的消息没有通知，怎么办？"));
  await admin.ask("POST", `/1.2/rtm/service-conversations/${help}/messages`, {
    from_client: "agent",
    to_clients: ["阿黄"],
    message: text("请在系统设置里打开通知权限。"),
  });
  await admin.ask("POST", "/1.2/rtm/broadcasts", {
    from_client: "editor",
    conv_id: news,
    message: text("The kitchen is closed on Monday. 星期一厨房不开门。"),
    valid_till: Date.now() + DAY * 1_000,
  });
}

async function meetForADay(people: People): Promise<void> {
  // With somebody who is away: the SDK asks about a new conversation once for each notice of it, and warns of that.
  const options = { members: ["Toodles"], ttl: DAY };
  const meeting = await people.client("Tom").createTemporaryConversation(options);
  await meeting.send(new TextMessage("This conversation is gone tomorrow."));
}

const text = (words: string) => ({ _lctype: -1, _lctext: words });
