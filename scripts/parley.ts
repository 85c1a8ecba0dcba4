#!/usr/bin/env node
/* `npx parley <command>` in a clone: the commands of package.json that others run beside the server. */

const commands: Record<string, () => Promise<unknown>> = {
  export: () => import("./export.ts"),
  import: () => import("./import.ts"),
  verify: () => import("./verify.ts"),
};

const [name = ""] = process.argv.splice(2, 1);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  console.error(`Usage: npx parley <command> [options]\n\nCommands: ${Object.keys(commands).join(", ")}`);
  process.exit(2);
}
await command();

export {};
