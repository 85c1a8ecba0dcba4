import { runImport } from "./import/command.ts";
import { Refusal } from "./options.ts";

/* `npm run import`: see docs/moving.md. */

process.umask(0o077);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.error("\nStopped. The same command goes on from here.");
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}
try {
  process.exitCode = await runImport(process.argv.slice(2), process.env);
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}
