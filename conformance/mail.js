// Messages that a server wrote into a directory.
import { readdirSync, readFileSync } from 'node:fs';

// mail returns the body of the newest message to somebody that has a match, or the
// match's first group.
export function mail(folder, to, pattern) {
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.json')).sort().reverse()) {
    const m = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
    const found = m.To === to && pattern.exec(m.Body);
    if (found) return found[1] ?? m.Body;
  }
  throw new Error(`no message to ${to} with ${pattern}`);
}
