import { answer, get } from "../../api/client.ts";

export const readMoving = (signal: AbortSignal) => answer(get("/admin/moving", { signal }));

type Moving = Awaited<ReturnType<typeof readMoving>>;
export type Run = Moving["runs"][number];
export type Difference = NonNullable<Run["differences"]>[number];
export type PassedCalls = Moving["passed"];
export type Call = PassedCalls["calls"][number];

export const readMirror = (signal: AbortSignal) => answer(get("/admin/mirror", { signal }));

export type Mirror = Awaited<ReturnType<typeof readMirror>>;
