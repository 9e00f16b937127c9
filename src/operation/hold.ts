/**
 * Holds this thread, and with it everything that it serves, where nothing can go on before something outside has.
 * @param ms for how long
 */
export function holdThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
