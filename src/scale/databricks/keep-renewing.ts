/** Milliseconds. */
const firstWait = 5_000;
const longestWait = 300_000;

/**
 * Calls `renew` a second after each time that `renewsIn` tells. After a failure it is called again in 5 seconds, then after
 * twice as long each time, up to 5 minutes, until it succeeds; what it threw shows where the old value is used. Nothing
 * here keeps the process alive.
 *
 * @param renewsIn - milliseconds until there is something new; undefined where there never is.
 * @returns what ends it.
 */
export function keepRenewing(renew: () => Promise<void>, renewsIn: () => number | undefined): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let failures = 0;
  const again = async () => {
    try {
      await renew();
      failures = 0;
    } catch {
      failures++;
    }
    schedule();
  };
  const schedule = () => {
    const due = failures > 0 ? Math.min(longestWait, firstWait * 2 ** (failures - 1)) : renewsIn();
    if (ended || due === undefined) return;
    timer = setTimeout(() => void again(), failures > 0 ? due : due + 1000).unref();
  };
  schedule();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
