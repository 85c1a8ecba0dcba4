import { runImport } from "./import/command.ts";
import { runAsProcess } from "./moving/process.ts";

/* `npm run import`: see docs/moving.md. */

await runAsProcess(runImport, "Stopped. The same command goes on from here.");
