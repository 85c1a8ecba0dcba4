import { checkApp } from "./app-mark.ts";
import { checkDatabases, openDataFolder, removeOthersPermissions } from "./data-folder.ts";
import { lockDataFolder } from "./data-folder-lock.ts";
import { sweepEmptyObjects } from "./empty-objects.ts";
import { checkAddress } from "./listen-check.ts";
import { Refusal, readOptions, usage } from "./options.ts";

/* `npm start`: the whole service on this machine. Every refusal comes before the server and its modules are loaded. */

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(usage);
  } else {
    process.umask(0o077);
    await checkAddress(options.host, options.port);
    await openDataFolder(options.data);
    await lockDataFolder(options.data);
    await removeOthersPermissions(options.data);
    await checkApp(options.data, options.variables);
    await checkDatabases(options.data);
    await sweepEmptyObjects(options.data);
    const { serve } = await import("./serve.ts");
    const server = await serve(options);
    console.log(`Parley is ready on ${server}`);
    if ("DEMO" in options.variables) {
      const { showDemo } = await import("./demo/show.ts");
      await showDemo(server, options.variables);
    }
  }
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}
