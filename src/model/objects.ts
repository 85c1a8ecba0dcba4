/** A namespace of objects, each found by its name. */
export interface Objects<Stub> {
  getByName(name: string): Stub;
}
