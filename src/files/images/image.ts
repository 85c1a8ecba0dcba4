/** A picture as its header describes it. Width and height are those of the stored pixels, before any rotation. */
export interface ImageInfo {
  format: "png" | "jpeg" | "gif" | "webp" | "bmp";
  width: number;
  height: number;
  /** The corner where the first row and column begin, if a photo says so. */
  orientation?: Orientation;
}

/** By EXIF's number, from 1 on; in the words of the hosted service. */
export const orientations = [
  "Top-left",
  "Top-right",
  "Bottom-right",
  "Bottom-left",
  "Left-top",
  "Right-top",
  "Right-bottom",
  "Left-bottom",
] as const;
export type Orientation = (typeof orientations)[number];
