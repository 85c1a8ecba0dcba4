/** The calls that the rest of the service may make to an object that replaces a queue. */
export interface QueueStub<Body> {
  add(bodies: Body[], delaySeconds: number): Promise<void>;
  /** The number of messages it holds. */
  length(): Promise<number>;
}
