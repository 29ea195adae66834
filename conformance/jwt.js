// The tokens of a sign-in, checked with aws-jwt-verify as resource servers do.
import assert from 'node:assert/strict';
import { JwtVerifier } from 'aws-jwt-verify';
import { validateCognitoJwtFields } from 'aws-jwt-verify/cognito-verifier';

// verified returns the claims of both tokens. The library's Cognito verifier
// insists on Amazon's issuer: its general one takes ours, and checks signature,
// times and issuer; the fields that are Cognito's are checked as that one does.
export async function verified(UserPoolId, clientId, { AccessToken, IdToken }) {
  const issuer = `${process.env.POOLHOUSE_URL}/${UserPoolId}`;
  const verifier = JwtVerifier.create({ issuer, audience: null, jwksUri: `${issuer}/.well-known/jwks.json` });
  verifier.cacheJwks(await (await fetch(`${issuer}/.well-known/jwks.json`)).json());
  const access = await verifier.verify(AccessToken);
  const id = await verifier.verify(IdToken);
  validateCognitoJwtFields(access, { tokenUse: 'access', clientId });
  validateCognitoJwtFields(id, { tokenUse: 'id', clientId });
  const [header, payload, signature] = IdToken.split('.');
  const forged = Buffer.from(JSON.stringify({ ...id, sub: 'another' })).toString('base64url');
  await assert.rejects(verifier.verify([header, forged, signature].join('.')));
  await assert.rejects(verifier.verify([header, payload, ''].join('.')));
  return { access, id };
}
