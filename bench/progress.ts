const reports = 10;

/** Tells on standard error how far a long work has come, ten times in all. */
export function progress(what: string, total: number): (done: number) => void {
  let told = 0;
  return (done) => {
    const reached = Math.floor((done / total) * reports);
    if (reached === told) return;
    told = reached;
    process.stderr.write(`${what}: ${done} of ${total}\n`);
  };
}
