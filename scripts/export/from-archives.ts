import { ClassRow } from "../moving/format.ts";
import { readArchive } from "./archive.ts";
import { CLASSES } from "./classes.ts";
import type { Job } from "./job.ts";
import { LISTS } from "./lists.ts";
import { checked, type Row } from "./rows.ts";
import { PAGE } from "./source.ts";

const STAGE = "archives";

/** Rows from exports of LeanCloud's console. They are read anew if that was interrupted: they are at hand. */
export async function readArchives({ folder, progress }: Job, paths: string[]): Promise<void> {
  if (folder.stage(STAGE)?.done) return;
  await folder.restart(STAGE, folder.kinds());
  progress.begin(STAGE);
  let count = 0;
  for (const path of paths) {
    const leftovers = await readArchive(path, async ({ className, rows }) => {
      let [good, odd]: [Row[], Row[]] = [[], []];
      const commit = async () => {
        count += good.length;
        const batches = [
          { kind: `classes/${className}`, rows: good },
          { kind: `odd/${className}`, rows: odd },
        ];
        await folder.commit(STAGE, { batches });
        [good, odd] = [[], []];
        progress.advance(count);
      };
      for await (const text of rows) {
        const check = checked(`classes/${className}`, ClassRow, text);
        (check.isOdd ? odd : good).push(check.row);
        if (good.length + odd.length >= PAGE) await commit();
      }
      await commit();
    });
    const skipped = leftovers.map(({ name, why }) => ({ what: name, why, count: 1 }));
    await folder.commit(STAGE, { skipped });
  }
  const absent = CLASSES.filter((name) => folder.count(`classes/${name}`) === 0).map(
    (name) => `classes/${name}`,
  );
  const never = ["messages", "lists/unread", ...LISTS.map((name) => `lists/${name}`)];
  const skipped = [
    ...absent.map((what) => ({ what, why: "the archive has none", count: 1 })),
    ...never.map((what) => ({ what, why: "no archive has them: only the API does", count: 1 })),
  ];
  await folder.commit(STAGE, { done: true, skipped });
  progress.end(count);
}
