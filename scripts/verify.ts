import { runAsProcess } from "./moving/process.ts";
import { runVerify } from "./verify/command.ts";

/* `npm run verify`: see docs/moving.md. */

await runAsProcess(runVerify, "Stopped.");
