import { runRestore } from "./backup/commands.ts";
import { Refusal } from "./options.ts";

/* `npm run restore`: see docs/running.md. */

process.umask(0o077);
try {
  console.log(await runRestore(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}
