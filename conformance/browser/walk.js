// A walk over every hosted page, in a browser: for the accessibility tests and for
// the pictures of the documentation.
import * as idp from '@aws-sdk/client-cognito-identity-provider';
import { poolhouse } from '../poolhouse.js';
import { totp } from '../totp.js';
import { visitApps, visitLinks } from './walkapps.js';

export const callback = 'http://localhost/callback';
const Password = 'Correct-horse-1';

// world makes the pools that have all pages between them. arn is of a function that
// asks questions, if there is one.
export async function world(env, arn) {
  const root = new idp.CognitoIdentityProviderClient({
    endpoint: env.POOLHOUSE_URL, region: env.AWS_REGION, maxAttempts: 1,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  });
  const admin = (name, input) => root.send(new idp[`${name}Command`](input));
  const client = async (UserPoolId, ExplicitAuthFlows, more = {}) => (await admin('CreateUserPoolClient', {
    UserPoolId, ClientName: 'Field notes', ExplicitAuthFlows, CallbackURLs: [callback], AllowedOAuthFlows: ['code'], AllowedOAuthScopes: ['openid'],
    AllowedOAuthFlowsUserPoolClient: true, SupportedIdentityProviders: ['COGNITO'], ...more,
  })).UserPoolClient.ClientId;
  const user = async (UserPoolId, Username, Permanent, ...UserAttributes) => {
    await admin('AdminCreateUser', { UserPoolId, Username, MessageAction: 'SUPPRESS', UserAttributes, TemporaryPassword: Password });
    if (Permanent) await admin('AdminSetUserPassword', { UserPoolId, Username, Password, Permanent });
  };

  const open = (await admin('CreateUserPool', { PoolName: 'Riverside Clinic', AutoVerifiedAttributes: ['email'], LambdaConfig: arn ? { DefineAuthChallenge: arn, CreateAuthChallenge: arn, VerifyAuthChallengeResponse: arn } : {},
    Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP', 'WEB_AUTHN'] } },
    Schema: [{ Name: 'given_name', Required: true, Mutable: true, AttributeDataType: 'String' }, { Name: 'newsletter', AttributeDataType: 'Boolean', Mutable: true }, { Name: 'age', AttributeDataType: 'Number', Mutable: true }] })).UserPool.Id;
  await admin('SetUserPoolMfaConfig', { UserPoolId: open, MfaConfiguration: 'OFF', WebAuthnConfiguration: { RelyingPartyId: 'localhost', UserVerification: 'preferred' } });
  const ALLOW = ['ALLOW_USER_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'];
  const wide = await client(open, ALLOW, { WriteAttributes: ['given_name', 'email', 'phone_number', 'birthdate', 'website', 'custom:newsletter', 'custom:age'] });
  const asking = await client(open, ['ALLOW_CUSTOM_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']);
  const careful = await client(open, ALLOW, { AllowedOAuthScopes: ['openid', 'email', 'profile'] });
  const tv = await client(open, ALLOW, { ClientName: 'Living room TV', LogoutURLs: ['http://localhost/goodbye'] });
  const settings = poolhouse(env);
  const settle = (UserPoolId, ClientId, metadata) => settings('PutOpenIDClient', { UserPoolId, ClientId, Metadata: JSON.stringify(metadata) });
  await settle(open, tv, { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], frontchannel_logout_uri: 'http://localhost/goodbye' });
  const { UserPoolClient: ward } = await admin('CreateUserPoolClient', { UserPoolId: open, ClientName: 'Ward round', GenerateSecret: true, AllowedOAuthFlows: ['code'], AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthScopes: ['openid', 'email'], CallbackURLs: [callback], SupportedIdentityProviders: ['COGNITO'] });
  await settle(open, ward.ClientId, { grant_types: ['urn:openid:params:grant-type:ciba'] });
  await settings('SetOpenIDPool', { UserPoolId: open, Mode: 'COGNITO', Registration: 'OPEN' });
  const saml = [];
  for (const [Name, logout] of [['Wiki of the clinic', '<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="http://localhost/slo"/>'], ['Time sheets', '']]) {
    const MetadataXml = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:example:${Name.length}"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${logout}<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://localhost/acs" index="0"/></md:SPSSODescriptor></md:EntityDescriptor>`;
    saml.push((await settings('CreateSamlApplication', { UserPoolId: open, Name, MetadataXml })).Application.ApplicationId);
  }
  const given = { Name: 'given_name', Value: 'Ada' };
  await user(open, 'ada', true, given, { Name: 'email', Value: 'ada@example.com' }, { Name: 'email_verified', Value: 'true' });
  await user(open, 'carol', false, given, { Name: 'email', Value: 'carol@example.com' });

  const strict = (await admin('CreateUserPool', { PoolName: 'Riverside Clinic' })).UserPool.Id;
  await admin('SetUserPoolMfaConfig', { UserPoolId: strict, MfaConfiguration: 'ON', SoftwareTokenMfaConfiguration: { Enabled: true }, EmailMfaConfiguration: {} });
  const plain = await client(strict, ALLOW.slice(1));

  const watched = (await admin('CreateUserPool', { PoolName: 'Riverside Clinic', UserPoolTier: 'PLUS', UserPoolAddOns: { AdvancedSecurityMode: 'ENFORCED' } })).UserPool.Id;
  const watching = await client(watched, ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']);
  await admin('CreateIdentityProvider', { UserPoolId: watched, ProviderName: 'Google', ProviderType: 'Google', ProviderDetails: { client_id: 'x', client_secret: 'x', authorize_scopes: 'openid email' }, AttributeMapping: { email: 'email' } });
  const choosing = await client(watched, ALLOW.slice(1), { SupportedIdentityProviders: ['COGNITO', 'Google'] });
  const action = { Notify: true, EventAction: 'NO_ACTION' };
  await admin('SetRiskConfiguration', { UserPoolId: watched, AccountTakeoverRiskConfiguration: { Actions: { LowAction: action, MediumAction: action, HighAction: action }, NotifyConfiguration: { SourceArn: 'arn:aws:ses:us-east-1:1:identity/x' } } });
  return { admin, user, settle, open, strict, watched, wide, asking, plain, careful, tv, ward, saml, watching, choosing };
}

// start is the address that an app sends a browser to.
export function start(env, pool, client_id, more = {}) {
  return `${env.POOLHOUSE_URL}/${pool}/oauth2/authorize?${new URLSearchParams({ response_type: 'code', client_id, redirect_uri: callback, scope: 'openid', state: 'x', ...more })}`;
}

// submit sends the first form of a page, with some fields filled in.
export async function submit(page, fields = {}, button = 'main form:not([hidden]) button[type=submit]') {
  for (const [name, value] of Object.entries(fields)) await page.locator(`main form:not([hidden]) [name="${name}"]:visible`).first().fill(value);
  await Promise.all([page.waitForEvent('domcontentloaded'), page.locator(button).first().click()]);
}

// walk goes from page to page and calls visit with the name of each. The names of
// users differ from walk to walk.
export async function walk(env, w, context, visit, lang = 'en') {
  const page = await context.newPage();
  const go = (pool, client, more = {}) => page.goto(start(env, pool, client, { lang, ...more }));
  const to = (name) => page.goto(page.url().replace(/\/[A-Za-z]+\?/, `/${name}?`));
  const fresh = async (...args) => { await context.clearCookies(); await go(...args); };
  const at = (name) => visit(name, page);

  await fresh(w.open, w.wide);
  await at('name');
  await submit(page, { username: 'ada' });
  await at('sign-in');
  await submit(page, { password: 'wrong' });
  await at('sign-in-wrong');
  await submit(page, {}, '.choices button');
  await at('code');
  await submit(page, { code: '000000' });
  await at('code-wrong');

  await fresh(w.open, w.wide);
  await to('signup');
  await page.locator('details.more').evaluate((d) => { d.open = true; });
  await at('sign-up');
  const name = `${lang}${Date.now()}`;
  await submit(page, { username: name, password: 'short', 'attribute:given_name': 'Eve', 'attribute:email': `${name}@example.com` });
  await at('sign-up-wrong');
  await submit(page, { password: Password });
  await at('confirm');
  await visitLinks(env, w, page, at, lang, name);

  await fresh(w.open, w.wide);
  await to('forgotPassword');
  await at('forgot');
  await submit(page, { username: 'ada' });
  await at('reset');

  await fresh(w.open, w.wide);
  await submit(page, { username: 'carol' });
  await submit(page, { password: Password });
  await at('new-password');

  await fresh(w.open, w.wide);
  await page.locator('#remember').check();
  await submit(page, { username: 'ada' });
  await submit(page, { password: Password });
  if (page.url().includes('/passkeys/add')) await submit(page, {}, 'button.second');
  await go(w.open, w.wide, { prompt: 'select_account' });
  await at('accounts');
  await go(w.open, w.wide, { prompt: 'login' });
  await to('passkeys/add');
  await at('passkey');
  await page.goto(`${env.POOLHOUSE_URL}/${w.open}/signedout?lang=${lang}`);
  await at('signed-out');
  await page.goto(`${env.POOLHOUSE_URL}/${w.open}/error?error=redirect_mismatch&lang=${lang}`);
  await at('error');
  await fresh(w.open, w.wide);
  await to('signin');
  await at('expired');
  if (w.arn) {
    await fresh(w.open, w.asking);
    await submit(page, { username: 'ada' });
    await at('question');
  }

  await fresh(w.watched, w.choosing);
  await at('providers');
  await fresh(w.strict, w.plain);
  await at('password');
  await submit(page, { username: name, password: 'wrong' });
  await at('password-wrong');
  await w.user(w.strict, name, true);
  await fresh(w.strict, w.plain);
  await submit(page, { username: name, password: Password });
  await at('set-up');
  await submit(page);
  await at('set-up-app');
  const secret = await page.locator('code').textContent();
  await submit(page, { code: totp(secret) });
  await at('recovery-codes');
  await submit(page);
  await at('recovery-codes-shown');
  await w.admin('AdminUpdateUserAttributes', { UserPoolId: w.strict, Username: name, UserAttributes: [{ Name: 'email', Value: `${name}@example.com` }, { Name: 'email_verified', Value: 'true' }] });
  await fresh(w.strict, w.plain);
  await submit(page, { username: name, password: Password });
  await at('second-factor');
  await submit(page, { code: '000000' });
  await at('second-factor-wrong');
  await page.locator('.after a').first().click();
  await at('recovery-code');
  const both = { Enabled: true, PreferredMfa: false };
  await w.admin('AdminSetUserMFAPreference', { UserPoolId: w.strict, Username: name, SoftwareTokenMfaSettings: both, EmailMfaSettings: both });
  await fresh(w.strict, w.plain);
  await submit(page, { username: name, password: Password });
  await at('choose-factor');
  await visitApps(env, w, page, at, lang);
  await page.close();
}

// questions is a function for the three triggers of a custom sign-in.
export function questions(event) {
  const [source] = event.triggerSource.split('_');
  const rounds = event.request.session ?? [];
  if (source === 'DefineAuthChallenge') Object.assign(event.response, { challengeName: 'CUSTOM_CHALLENGE', issueTokens: rounds.at(-1)?.challengeResult === true, failAuthentication: rounds.length > 2 });
  if (source === 'CreateAuthChallenge') Object.assign(event.response, { publicChallengeParameters: { question: 'What is the number on your badge?', hint: 'Six digits, on the back.', input: 'numeric' }, privateChallengeParameters: { n: '1' } });
  if (source === 'VerifyAuthChallengeResponse') event.response.answerCorrect = event.request.challengeAnswer === '123456';
}
