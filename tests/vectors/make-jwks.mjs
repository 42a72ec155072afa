// Tokens of an issuer that publishes its keys: Forge invocation tokens, an ordinary OpenID issuer's, and wrong ones.
import jwt from 'atlassian-jwt';
import { constants } from 'node:crypto';
import { craft, ecSigner, encode, hmac, padded, rsaSigner, tampered } from './craft.mjs';
import { privateKey, publicJwk, publicPem } from './keys.mjs';

const now = 1_800_000_000;
const issuer = 'forge/invocation-token';
const audience = 'ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000001';
const site = '11111111-2222-4333-8444-555555555555';
const user = '655362:312d3308-8954-42b0-aa38-771a10c88656';

const document = {
  keys: [
    publicJwk('rsa-1', { alg: 'RS256', use: 'sig' }),
    publicJwk('ec-1', { alg: 'ES256', key_ops: ['verify'] }),
    publicJwk('rsa-encryption', { use: 'enc' }),
    publicJwk('rsa-weak'),
    publicJwk('ec-p384'),
    { kid: 'oct-1', kty: 'oct', alg: 'HS256', k: encode('a-symmetric-key') },
    { kid: 'unknown-type', kty: 'AKP', pub: 'AAAA' },
    { kid: 7, kty: 'RSA' },
  ],
};
const rotated = { keys: [publicJwk('rsa-2'), publicJwk('ec-2')] };

const claims = (changes = {}) => {
  const all = {
    app: { id: audience, version: '2.1.0' }, context: { cloudId: site, moduleKey: 'panel' },
    principal: user, aud: audience, iss: issuer, iat: now, nbf: now, exp: now + 25, jti: 'a1b2', ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};
const plain = (changes = {}) => claims({ app: undefined, context: undefined, principal: undefined, sub: user, ...changes });
const rs256 = (payload, name = 'rsa-1', kid = name) => jwt.encodeAsymmetric(payload, privateKey(name), 'RS256', { kid });
const es256 = (payload, name = 'ec-1', kid = name, ...more) =>
  craft({ typ: 'JWT', alg: 'ES256', kid }, payload, ecSigner(privateKey(name), 'sha256', ...more));
const good = rs256(claims());

const vectors = [];
const add = (name, token, verdict, at = now) => vectors.push({ name, token, now: at, ...verdict });
const accept = (name, token, { who = site, at } = {}) => add(name, token, { expect: 'accept', tenant: who, user }, at);
const deny = (name, reason, token, { at } = {}) => add(name, token, { expect: 'deny', reason }, at);

accept('Forge, RS256', good);
accept('ES256', es256(claims()));
accept('sub and iss when there is no principal and no site', rs256(plain()), { who: issuer });
accept('principal before sub', rs256(claims({ sub: 'other' })));
accept('audience in a list', rs256(claims({ aud: ['other', audience] })));
accept('four seconds after expiry', good, { at: now + 29 });
accept('five seconds before nbf', rs256(claims({ nbf: now + 5 })));
accept('key addresses are ignored', craft(
  { typ: 'JWT', alg: 'RS256', kid: 'rsa-1', jku: 'https://example.org/keys', x5u: 'https://example.org/cert' },
  claims(), rsaSigner(privateKey('rsa-1'))));
accept('lasts until 2100', rs256(claims({ iat: 1_700_000_000, nbf: 1_700_000_000, exp: 4_102_444_800 })));

deny('five seconds after expiry', 'expired', good, { at: now + 30 });
deny('exp missing', 'expiry_missing', rs256(claims({ exp: undefined })));
deny('exp a string', 'expiry_not_a_number', rs256(claims({ exp: String(now + 25) })));
deny('six seconds before nbf', 'not_yet_valid', rs256(claims({ nbf: now + 6 })));
deny('iss missing', 'issuer_missing', rs256(claims({ iss: undefined })));
deny('iss of somebody else', 'issuer_mismatch', rs256(claims({ iss: 'https://issuer.example.org' })));
deny('iss longer', 'issuer_mismatch', rs256(claims({ iss: `${issuer}/` })));
deny('iss in other case', 'issuer_mismatch', rs256(claims({ iss: issuer.toUpperCase() })));
deny('iss a list', 'issuer_missing', rs256(claims({ iss: [issuer] })));
deny('aud missing', 'audience_mismatch', rs256(claims({ aud: undefined })));
deny('aud of another app', 'audience_mismatch', rs256(claims({ aud: `${audience.slice(0, -1)}2` })));
deny('aud longer', 'audience_mismatch', rs256(claims({ aud: `${audience}x` })));
deny('aud a list without ours', 'audience_mismatch', rs256(claims({ aud: ['other'] })));
deny('aud an empty list', 'audience_mismatch', rs256(claims({ aud: [] })));
deny('aud an object', 'audience_mismatch', rs256(claims({ aud: { [audience]: true } })));
deny('no user', 'user_missing', rs256(claims({ principal: undefined })));
deny('user empty', 'user_missing', rs256(claims({ principal: '' })));
deny('kid missing', 'key_id_missing', craft({ typ: 'JWT', alg: 'RS256' }, claims(), rsaSigner(privateKey('rsa-1'))));
deny('kid unknown', 'key_unknown', rs256(claims(), 'rsa-2'));
deny("another key under a known kid", 'signature', rs256(claims(), 'rsa-2', 'rsa-1'));
deny("another EC key under a known kid", 'signature', es256(claims(), 'ec-2', 'ec-1'));
deny('RS256 with the kid of an EC key', 'key_unknown', rs256(claims(), 'rsa-1', 'ec-1'));
deny('ES256 with the kid of an RSA key', 'key_unknown', es256(claims(), 'ec-1', 'rsa-1'));
deny('a key for encryption', 'key_unknown', rs256(claims(), 'rsa-encryption'));
deny('an RSA key of 1024 bits', 'signature', rs256(claims(), 'rsa-weak'));
deny('ES256 with the kid of a P-384 key', 'key_unknown', es256(claims(), 'ec-p384'));
deny('ES256 with a DER signature', 'signature', es256(claims(), 'ec-1', 'ec-1', 'der'));
deny('a key in the header', 'signature', craft(
  { typ: 'JWT', alg: 'RS256', kid: 'rsa-1', jwk: publicJwk('rsa-2') }, claims(), rsaSigner(privateKey('rsa-2'))));
deny('a key in the header, no kid', 'key_id_missing', craft(
  { typ: 'JWT', alg: 'RS256', jwk: publicJwk('rsa-2') }, claims(), rsaSigner(privateKey('rsa-2'))));
deny('a key in the header, kid unknown', 'key_unknown', craft(
  { typ: 'JWT', alg: 'RS256', kid: 'rsa-2', jwk: publicJwk('rsa-2') }, claims(), rsaSigner(privateKey('rsa-2'))));
deny('HS256 with the symmetric key of the set', 'algorithm', craft({ typ: 'JWT', alg: 'HS256', kid: 'oct-1' }, claims(), hmac('a-symmetric-key')));
for (const type of ['spki', 'pkcs1']) {
  deny(`HS256 with the public key's PEM (${type}) as the secret`, 'algorithm',
    craft({ typ: 'JWT', alg: 'HS256', kid: 'rsa-1' }, claims(), hmac(publicPem('rsa-1', type))));
}
deny('RS256 with an HMAC by the modulus', 'signature',
  craft({ typ: 'JWT', alg: 'RS256', kid: 'rsa-1' }, claims(), hmac(Buffer.from(publicJwk('rsa-1').n, 'base64url'))));
for (const [alg, signer] of [
  ['none', () => ''],
  ['HS512', hmac('x', 'sha512')],
  ['RS384', rsaSigner(privateKey('rsa-1'), 'RSA-SHA384')],
  ['RS512', rsaSigner(privateKey('rsa-1'), 'RSA-SHA512')],
  ['PS256', rsaSigner(privateKey('rsa-1'), 'RSA-SHA256', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })],
  ['ES384', ecSigner(privateKey('ec-p384'), 'sha384')],
  ['EdDSA', () => 'AAAA'],
]) {
  const kid = alg.startsWith('ES') ? 'ec-p384' : 'rsa-1';
  deny(`alg ${alg}`, 'algorithm', craft({ typ: 'JWT', alg, kid }, claims(), signer));
}
deny('critical header', 'critical_header', craft({ typ: 'JWT', alg: 'RS256', kid: 'rsa-1', crit: ['b64'], b64: false }, claims(), rsaSigner(privateKey('rsa-1'))));
deny('signature changed', 'signature', tampered(good, 2));
deny('claims replaced', 'signature', [good.split('.')[0], encode(claims({ principal: 'somebody-else' })), good.split('.')[2]].join('.'));
deny('one character over 8 KiB', 'token_too_large', padded(claims(), 8193, rs256));

/** jwks.json */
export const jwks = {
  made: 'make-jwks.mjs with atlassian-jwt 2.0.3 and node:crypto; see README.md',
  issuer,
  audience,
  document,
  rotated: { document: rotated, 'rsa-2': rs256(claims(), 'rsa-2'), 'ec-2': es256(claims(), 'ec-2') },
  vectors,
};
