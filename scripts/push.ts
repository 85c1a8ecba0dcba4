import { Refusal } from "./options.ts";
import { runPushCommand } from "./push-command.ts";

/* `npm run push`: stores the keys by which a running Parley reaches devices. */

try {
  console.log(await runPushCommand(process.argv.slice(2), process.env));
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}
