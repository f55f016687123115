// A program: stops the service of its second argument once the owner of its first has ended.
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { stopTree } from "./process.ts";

const [owner, service] = process.argv.slice(2).map((argument) => JSON.parse(argument) as ProcessIdentity);

if (owner && service) {
  const watch = setInterval(() => {
    if (isAlive(owner) && isAlive(service)) return;
    clearInterval(watch);
    if (!isAlive(owner)) void stopTree(service);
  }, 500);
}
