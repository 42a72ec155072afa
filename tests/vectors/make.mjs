// Writes connect.json and jwks.json. `npm ci && npm run make`; see README.md.
import { writeFileSync } from 'node:fs';
import { connect } from './make-connect.mjs';
import { jwks } from './make-jwks.mjs';

for (const [name, content] of Object.entries({ connect, jwks })) {
  const names = content.vectors.map((vector) => vector.name);
  const twice = names.filter((one, index) => names.indexOf(one) !== index);
  if (twice.length > 0) throw new Error(`${name}: the same name twice: ${twice}`);
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(content, null, 1)}\n`);
}
