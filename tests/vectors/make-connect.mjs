// Context tokens as Atlassian's own library makes them, and every way to get one wrong.
import jwt from 'atlassian-jwt';
import { craft, ecSigner, encode, hmac, padded, rsaSigner, tampered } from './craft.mjs';
import { privateKey, publicPem } from './keys.mjs';

const now = 1_800_000_000;
const tenant = 'tenant-one';
const user = '5b10a2844c20165700ede21g';
const longTenant = `${'0123456789:._-ABCxyz'.repeat(6)}12345678`;
const secrets = {
  [tenant]: 'shared-secret-of-tenant-one',
  'tenant-two': 'shared-secret-of-tenant-two',
  'tenant-empty': '',
  [longTenant]: 'shared-secret-of-the-long-tenant',
  'tenant/slash': 'shared-secret-of-the-malformed-tenant',
  [`${longTenant}9`]: 'shared-secret-of-the-too-long-tenant',
};
const secret = secrets[tenant];

// What AP.context.getToken() gives a page of the app.
const claims = (changes = {}) => {
  const all = { sub: user, qsh: 'context-qsh', iss: tenant, context: {}, exp: now + 900, iat: now, ...changes };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};
const sign = (payload, key = secret, algorithm = 'HS256') => jwt.encodeSymmetric(payload, key, algorithm);
const good = sign(claims());
const bad = sign(claims(), 'a-wrong-secret');
const urlHash = jwt.createQueryStringHash(jwt.fromMethodAndUrl('POST', '/conversations?a=b'));
const header = { typ: 'JWT', alg: 'HS256' };
const text = JSON.stringify(claims());

const vectors = [];
const add = (name, { token, query, headers = [], reason, who = tenant, at = now }) => {
  const verdict = reason ? { expect: 'deny', reason } : { expect: 'accept', tenant: who, user };
  vectors.push({ name, query: query ?? (token === undefined ? '' : `jwt=${token}`), headers, now: at, ...verdict });
};
const accept = (name, token, more = {}) => add(name, { token, ...more });
const deny = (name, reason, token, more = {}) => add(name, { token, reason, ...more });
const authorization = (value) => [['Authorization', value]];

accept('valid in the query', good);
accept('valid in the header', undefined, { headers: authorization(`JWT ${good}`) });
accept('scheme in lower case', undefined, { headers: authorization(`jwt ${good}`) });
accept('header name in upper case', undefined, { headers: [['AUTHORIZATION', `Jwt ${good}`]] });
accept('more than one space after the scheme', undefined, { headers: authorization(`JWT   ${good}`) });
accept('among other parameters', undefined, { query: `a=b&jwt=${good}&jwtx=1&c` });
accept('percent-encoded', undefined, { query: `jwt=${good.replaceAll('.', '%2E')}` });
accept('parameter name percent-encoded', undefined, { query: `%6a%77%74=${good}` });
accept('query wins over a bad header', good, { headers: authorization(`JWT ${bad}`) });
accept('query wins over a bearer token', good, { headers: authorization('Bearer other') });
accept('no qsh', sign(claims({ qsh: undefined })));
accept('user in the context', sign(claims({ sub: undefined, context: { user: { accountId: user } } })));
accept('user in the context, sub empty', sign(claims({ sub: '', context: { user: { accountId: user } } })));
accept('one second before expiry', good, { at: now + 899 });
accept('expiry with a fraction', sign(claims({ exp: now + 0.5 })));
accept('nbf now', sign(claims({ nbf: now })));
accept('nbf before', sign(claims({ nbf: now - 60 })));
accept('longest client key, every character', sign(claims({ iss: longTenant }), secrets[longTenant]), { who: longTenant });
accept('exactly 8 KiB', padded(claims(), 8192, sign));
accept('a key id is ignored', craft({ ...header, kid: '../../etc/passwd' }, claims(), hmac(secret)));
accept('key addresses are ignored', craft({ ...header, jku: 'https://example.org/', x5u: 'https://example.org/' }, claims(), hmac(secret)));
accept('white space around the JSON', craft(header, ` ${text}\n`, hmac(secret)));
accept('lasts until 2100', sign(claims({ exp: 4_102_444_800 })));

deny('nothing', 'no_credentials', undefined);
deny('other parameters only', 'no_credentials', undefined, { query: 'a=b&JWT=x&jwtx=y' });
deny('empty parameter', 'malformed_token', '');
deny('parameter without a value', 'malformed_token', undefined, { query: 'jwt' });
deny('empty parameter with a good header', 'malformed_token', '', { headers: authorization(`JWT ${good}`) });
deny('bad query with a good header', 'signature', bad, { headers: authorization(`JWT ${good}`) });
deny('two jwt parameters, the same', 'two_jwt_parameters', undefined, { query: `jwt=${good}&jwt=${good}` });
deny('two jwt parameters, good and bad', 'two_jwt_parameters', undefined, { query: `jwt=${good}&jwt=${bad}` });
deny('two jwt parameters, one empty', 'two_jwt_parameters', undefined, { query: `jwt&jwt=${good}` });
deny('two jwt parameters, one hidden', 'two_jwt_parameters', undefined, { query: `jwt=${good}&%6Awt=${good}` });
deny('two authorization headers', 'two_authorization_headers', undefined, {
  headers: [...authorization(`JWT ${good}`), ...authorization(`JWT ${good}`)],
});
deny('two headers joined by a comma', 'malformed_token', undefined, { headers: authorization(`JWT ${good},JWT ${good}`) });
deny('scheme alone', 'malformed_authorization_header', undefined, { headers: authorization('JWT') });
deny('token without a scheme', 'malformed_authorization_header', undefined, { headers: authorization(good) });
deny('empty header', 'malformed_authorization_header', undefined, { headers: authorization('') });
deny('as a bearer token', 'mode_off', undefined, { headers: authorization(`Bearer ${good}`) });
deny('as a password', 'mode_off', undefined, { headers: authorization(`Basic ${good}`) });

deny('expired to the second', 'expired', good, { at: now + 900 });
deny('expired long ago', 'expired', sign(claims({ exp: now - 86_400 })));
deny('expired by a fraction', 'expired', sign(claims({ exp: now - 0.5 })));
deny('exp zero', 'expired', sign(claims({ exp: 0 })));
deny('exp negative', 'expired', sign(claims({ exp: -1 })));
deny('exp missing', 'expiry_missing', sign(claims({ exp: undefined })));
deny('exp a string', 'expiry_not_a_number', sign(claims({ exp: String(now + 900) })));
deny('exp null', 'expiry_not_a_number', sign(claims({ exp: null })));
deny('exp true', 'expiry_not_a_number', sign(claims({ exp: true })));
deny('exp a list', 'expiry_not_a_number', sign(claims({ exp: [now + 900] })));
deny('exp beyond all numbers', 'malformed_token', craft(header, text.replace(`"exp":${now + 900}`, '"exp":1e999'), hmac(secret)));
deny('nbf in the future', 'not_yet_valid', sign(claims({ nbf: now + 1 })));
deny('nbf a string', 'not_before_not_a_number', sign(claims({ nbf: String(now) })));
deny('nbf null', 'not_before_not_a_number', sign(claims({ nbf: null })));

deny('wrong secret', 'signature', bad);
deny('secret of another tenant', 'signature', sign(claims(), secrets['tenant-two']));
deny('tenant without a secret, signed with an empty one', 'tenant_unknown', craft(header, claims({ iss: 'tenant-empty' }), hmac('')));
deny('unknown tenant', 'tenant_unknown', sign(claims({ iss: 'tenant-three' })));
deny('claims replaced', 'signature', [good.split('.')[0], encode(claims({ sub: 'somebody-else' })), good.split('.')[2]].join('.'));
deny('signature changed', 'signature', tampered(good, 2));
deny('signature cut', 'signature', good.slice(0, -4));
deny('no signature', 'signature', `${good.split('.').slice(0, 2).join('.')}.`);
deny('a key in the header', 'signature', craft({ ...header, jwk: { kty: 'oct', k: encode('mine') } }, claims(), hmac('mine')));

deny('HS384', 'algorithm', sign(claims(), secret, 'HS384'));
deny('HS512', 'algorithm', sign(claims(), secret, 'HS512'));
deny('HS256 that calls itself HS512', 'algorithm', craft({ typ: 'JWT', alg: 'HS512' }, claims(), hmac(secret)));
for (const alg of ['none', 'None', 'NONE', '', 'hs256', 'HS256 ']) {
  deny(`alg ${JSON.stringify(alg)}, no signature`, 'algorithm', craft({ typ: 'JWT', alg }, claims(), () => ''));
  deny(`alg ${JSON.stringify(alg)}, signed`, 'algorithm', craft({ typ: 'JWT', alg }, claims(), hmac(secret)));
}
deny('no alg', 'malformed_token', craft({ typ: 'JWT' }, claims(), hmac(secret)));
deny('alg null', 'malformed_token', craft({ typ: 'JWT', alg: null }, claims(), hmac(secret)));
deny('alg a list', 'malformed_token', craft({ typ: 'JWT', alg: ['HS256'] }, claims(), hmac(secret)));
deny('RS256 of a real key', 'algorithm', jwt.encodeAsymmetric(claims(), privateKey('rsa-1'), 'RS256'));
deny("RS256 with the HS secret's bytes", 'algorithm', craft({ typ: 'JWT', alg: 'RS256' }, claims(), hmac(secret)));
deny('HS256 with a public key as the secret', 'signature', sign(claims(), publicPem('rsa-1')));
deny('ES256', 'algorithm', craft({ typ: 'JWT', alg: 'ES256' }, claims(), ecSigner(privateKey('ec-1'))));
deny('PS256', 'algorithm', craft({ typ: 'JWT', alg: 'PS256' }, claims(), rsaSigner(privateKey('rsa-1'))));
deny('critical header', 'critical_header', craft({ ...header, crit: ['exp'] }, claims(), hmac(secret)));
deny('critical header, null', 'critical_header', craft({ ...header, crit: null }, claims(), hmac(secret)));

deny('iss missing', 'issuer_missing', sign(claims({ iss: undefined })));
deny('iss empty', 'issuer_missing', sign(claims({ iss: '' })));
deny('iss a number', 'issuer_missing', sign(claims({ iss: 7 })));
deny('iss a list', 'issuer_missing', sign(claims({ iss: [tenant] })));
deny('iss with a slash', 'issuer_malformed', sign(claims({ iss: 'tenant/slash' }), secrets['tenant/slash']));
deny('iss with a line end', 'issuer_malformed', sign(claims({ iss: `${tenant}\n` })));
deny('iss not ASCII', 'issuer_malformed', sign(claims({ iss: 'tenant-ü' })));
deny('iss of 129 characters', 'issuer_malformed', sign(claims({ iss: `${longTenant}9` }), secrets[`${longTenant}9`]));
deny('user missing', 'user_missing', sign(claims({ sub: undefined })));
deny('sub empty', 'user_missing', sign(claims({ sub: '' })));
deny('sub null', 'user_missing', sign(claims({ sub: null })));
deny('sub a number', 'user_missing', sign(claims({ sub: 7 })));
deny('context without an account', 'user_missing', sign(claims({ sub: undefined, context: { user: { userKey: user } } })));
deny('context a string', 'user_missing', sign(claims({ sub: undefined, context: 'user' })));
deny('aud a string', 'audience_present', sign(claims({ aud: 'https://app.example.org' })));
deny('aud a list', 'audience_present', sign(claims({ aud: ['https://app.example.org'] })));
deny('aud an empty list', 'audience_present', sign(claims({ aud: [] })));
deny('aud null', 'audience_present', sign(claims({ aud: null })));
deny('qsh of this very URL', 'query_hash', sign(claims({ qsh: urlHash })));
deny('qsh empty', 'query_hash', sign(claims({ qsh: '' })));
deny('qsh null', 'query_hash', sign(claims({ qsh: null })));
deny('qsh in other case', 'query_hash', sign(claims({ qsh: 'Context-QSH' })));

deny('one character over 8 KiB', 'token_too_large', padded(claims(), 8193, sign));
deny('over 8 KiB in the header', 'token_too_large', undefined, { headers: authorization(`JWT ${padded(claims(), 8193, sign)}`) });
deny('two parts', 'malformed_token', good.split('.').slice(0, 2).join('.'));
deny('four parts', 'malformed_token', `${good}.AAAA`);
deny('padded base64', 'malformed_token', good.replace('.', '=.'));
deny('claims an array', 'malformed_token', craft(header, [tenant, now + 900], hmac(secret)));
deny('claims null', 'malformed_token', craft(header, 'null', hmac(secret)));
deny('header an array', 'malformed_token', craft(['HS256'], claims(), hmac(secret)));
deny('iss twice', 'malformed_token', craft(header, text.replace('{', '{"iss":"tenant-two",'), hmac(secret)));
deny('exp twice', 'malformed_token', craft(header, text.replace('{', '{"exp":1,'), hmac(secret)));
const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
accept('a claim that nobody reads nested deep', craft(header, text.replace('{', `{"x":${deep},`), hmac(secret)));
deny('a claim that is read nested deep', 'malformed_token', craft(header, text.replace('"context":{}', `"context":${deep}`), hmac(secret)));
deny('claims not UTF-8', 'malformed_token', `${encode(header)}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.AAAA`);

/** connect.json */
export const connect = {
  made: 'make-connect.mjs with atlassian-jwt 2.0.3; see README.md',
  tenants: Object.fromEntries(Object.entries(secrets).map(([key, sharedSecret]) => [key, { sharedSecret, baseUrl: 'https://site.example.org' }])),
  vectors,
};
