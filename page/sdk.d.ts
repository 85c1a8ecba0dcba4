import "leancloud-realtime";

/** What both the 4.x and the 5.x SDK have, and their declarations leave out. */
declare module "leancloud-realtime" {
  interface Realtime {
    /** Closes the socket and connects no more until `resume`; the session stays logged in. */
    pause(): void;
    resume(): void;
  }
}
