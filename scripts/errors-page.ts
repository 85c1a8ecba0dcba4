import { writeFile } from "node:fs/promises";
import { errorsPage } from "../src/http/docs/error-list.ts";

/* Writes docs/errors.md from the tables of errors (`npm run generate`). */

await writeFile(new URL("../docs/errors.md", import.meta.url), errorsPage());
