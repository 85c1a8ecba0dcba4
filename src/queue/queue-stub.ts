/** What the rest of the service may ask of an object that stands in for a queue. */
export interface QueueStub<Body> {
  add(bodies: Body[], delaySeconds: number): Promise<void>;
  /** How many messages it holds. */
  length(): Promise<number>;
}
