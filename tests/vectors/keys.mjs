// The test keys: made once, kept in test-keys.json, worth nothing anywhere else.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const file = new URL('test-keys.json', import.meta.url);
const rsa = (modulusLength) => ['rsa', { modulusLength }, 'pkcs1'];
const ec = (namedCurve) => ['ec', { namedCurve }, 'pkcs8'];
const kinds = {
  'rsa-1': rsa(2048),
  'rsa-2': rsa(2048),
  'rsa-encryption': rsa(2048),
  'rsa-weak': rsa(1024),
  'ec-1': ec('P-256'),
  'ec-2': ec('P-256'),
  'ec-p384': ec('P-384'),
};

function make([type, options, format]) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { format, der: privateKey.export({ format: 'der', type: format }).toString('base64') };
}

if (!existsSync(file)) {
  const made = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, make(kind)]));
  const note = 'Test keys, made by keys.mjs for this directory alone. They protect nothing.';
  writeFileSync(file, `${JSON.stringify({ note, keys: made }, null, 2)}\n`);
}

const { keys } = JSON.parse(readFileSync(file, 'utf8'));

/** A private key of test-keys.json. */
export function privateKey(name) {
  const { format, der } = keys[name];
  return createPrivateKey({ key: Buffer.from(der, 'base64'), format: 'der', type: format });
}

/** Its public half as a JWK (RFC 7517) under its own name. */
export function publicJwk(name, more = {}) {
  return { kid: name, ...createPublicKey(privateKey(name)).export({ format: 'jwk' }), ...more };
}

/** Its public half as PEM, in PKCS #1 or SubjectPublicKeyInfo. */
export function publicPem(name, type = 'spki') {
  return createPublicKey(privateKey(name)).export({ format: 'pem', type });
}
