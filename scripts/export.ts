import { runExport } from "./export/command.ts";
import { runAsProcess } from "./moving/process.ts";

/* `npm run export`: see docs/export.md. */

await runAsProcess(runExport, "Stopped. The same command goes on from here.");
