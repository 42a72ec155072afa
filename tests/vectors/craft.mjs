// Tokens that no honest library makes.
import { createHmac, createSign, sign as signRaw } from 'node:crypto';

export const encode = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token of any header and claims (objects, or JSON text as it is), signed by `signer(message)`. */
export function craft(header, claims, signer) {
  const message = `${encode(header)}.${encode(claims)}`;
  return `${message}.${signer(message)}`;
}

export const hmac = (secret, hash = 'sha256') => (message) =>
  createHmac(hash, secret).update(message).digest('base64url');

export const rsaSigner = (key, hash = 'RSA-SHA256', options = {}) => (message) =>
  createSign(hash).update(message).sign({ key, ...options }, 'base64url');

/** `ieee-p1363` is what JWS asks for; `der` is what OpenSSL makes. */
export const ecSigner = (key, hash = 'sha256', dsaEncoding = 'ieee-p1363') => (message) =>
  signRaw(hash, Buffer.from(message), { key, dsaEncoding }).toString('base64url');

/** Claims with a filler that makes the token of `sign(claims)` exactly `length` characters. */
export function padded(claims, length, sign) {
  for (let filler = 0; ; filler += 1) {
    const token = sign({ ...claims, filler: 'x'.repeat(filler) });
    if (token.length === length) return token;
    if (token.length < length - 8) filler += Math.floor(((length - token.length - 8) * 3) / 4);
    if (token.length > length) throw new Error(`no token of ${length} characters`);
  }
}

/** Another character in the middle of a part: the part's last one may hold bits that do not count. */
export function tampered(token, part) {
  const parts = token.split('.');
  const middle = Math.floor(parts[part].length / 2);
  const other = parts[part][middle] === 'A' ? 'B' : 'A';
  parts[part] = parts[part].slice(0, middle) + other + parts[part].slice(middle + 1);
  return parts.join('.');
}
