import { parseArgs } from "node:util";
import { fillWithDemo, HALF_FILLED } from "./demo/fill.ts";
import { Refusal } from "./options.ts";

/* `npm run demo`: see docs/running.md. */

const usage = `Usage: npm run demo -- [--server <url>]

  --server <url>  a running Parley that is still empty (default http://127.0.0.1:8787)
  --help          show this

Fills it with a small demo. APP_ID, APP_KEY and MASTER_KEY come from the environment; without them they are those of
npm start without any. It changes nothing where there is a conversation, a device or a user.`;

try {
  const options = flags();
  if (options.help) {
    console.log(usage);
  } else {
    const outcome = await fillWithDemo(options.server, process.env, []);
    if (outcome === "half filled") throw new Refusal(HALF_FILLED, 1);
    if (outcome === "not empty") throw new Refusal(`Nothing was changed: ${options.server} is not empty.`, 1);
    console.log(`The demo is at ${options.server}.`);
  }
  process.exit(0);
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}

function flags() {
  try {
    return parseArgs({
      options: {
        server: { type: "string", default: "http://127.0.0.1:8787" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}\n\n${usage}`, 2);
  }
}
