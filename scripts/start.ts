import { Refusal, readOptions, usage } from "./options.ts";

/*
 * `npm start`: the whole service on this machine. What can be refused is refused before the server, with
 * all it brings along, is loaded.
 */

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(usage);
  } else {
    const { serve } = await import("./serve.ts");
    console.log(`Parley is ready on ${await serve(options)}`);
  }
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(error instanceof Refusal ? error.exitCode : 1);
}
