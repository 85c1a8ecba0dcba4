import { Refusal } from "./options.ts";
import { runVerify } from "./verify/command.ts";

/* `npm run verify`: see docs/moving.md. */

process.umask(0o077);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    console.error("\nStopped.");
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}
try {
  process.exitCode = await runVerify(process.argv.slice(2), process.env);
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}
