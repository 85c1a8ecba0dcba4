import { version } from "leancloud-realtime/package.json";
import { appOfThisServer } from "./app.ts";
import { element } from "./dom.ts";
import { Panel } from "./panel.ts";
import { Person } from "./person.ts";
import { PushSwitch } from "./push-switch.ts";

/** One person of the page. index.html runs this once for each, with the person's name in the script's attributes. */
async function enter({ name = "", face = "", friend = "" }: DOMStringMap): Promise<void> {
  const panel = new Panel(element("people"), name, face, friend);
  element("sdk").textContent = version;
  const app = await appOfThisServer();
  // Without its version npm brings another, which takes another address.
  element("snippet").textContent =
    `// npm install leancloud-realtime@${version}\n` +
    `new Realtime({ appId: "${app.appId}", appKey: "…", server: "${location.origin}" })`;
  await new Person(name, friend, app, panel, await PushSwitch.of(name, app)).arrive();
}

if (document.currentScript !== null) void enter(document.currentScript.dataset);
