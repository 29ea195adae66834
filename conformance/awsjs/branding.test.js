// How hosted pages look, and the terms that they link to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from './clients.js';
import { works } from './ledger.js';
import { admin, allPages, makeClient, makePool, world } from './world.js';

const missing = '0d9f3b6a-7c1e-4f52-9a80-1b2c3d4e5f60';
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
const logo = { Category: 'FORM_LOGO', ColorMode: 'LIGHT', Extension: 'PNG', Bytes: new Uint8Array(pixel) };

works('CreateManagedLoginBranding DescribeManagedLoginBranding DescribeManagedLoginBrandingByClient UpdateManagedLoginBranding DeleteManagedLoginBranding', 'managed login', async () => {
  const { UserPoolId, ClientId } = await world();
  const made = (await admin('CreateManagedLoginBranding', { UserPoolId, ClientId, UseCognitoProvidedValues: true })).ManagedLoginBranding;
  const { ManagedLoginBrandingId } = made;
  assert.deepEqual([made.UserPoolId, made.UseCognitoProvidedValues], [UserPoolId, true]);
  assert.ok(made.CreationDate instanceof Date);
  await refused(admin('CreateManagedLoginBranding', { UserPoolId, ClientId, UseCognitoProvidedValues: true }), 'ManagedLoginBrandingExistsException');
  const Settings = { components: { primaryButton: { lightMode: { defaults: { backgroundColor: '123456ff' } } } } };
  await admin('UpdateManagedLoginBranding', { UserPoolId, ManagedLoginBrandingId, Settings, Assets: [logo] });
  const read = async (rest = {}) => (await admin('DescribeManagedLoginBranding', { UserPoolId, ManagedLoginBrandingId, ...rest })).ManagedLoginBranding;
  const own = await read();
  assert.deepEqual([own.UseCognitoProvidedValues, own.Settings], [false, Settings]);
  assert.deepEqual(own.Assets.map(({ Category, Bytes }) => [Category, Buffer.compare(Buffer.from(Bytes), pixel)]), [['FORM_LOGO', 0]]);
  assert.ok(Object.keys((await read({ ReturnMergedResources: true })).Settings).length > 1, 'merged settings are whole');
  assert.deepEqual((await admin('DescribeManagedLoginBrandingByClient', { UserPoolId, ClientId })).ManagedLoginBranding, own);
  await refused(admin('UpdateManagedLoginBranding', { UserPoolId, ManagedLoginBrandingId, UseCognitoProvidedValues: true, Settings }), 'InvalidParameterException', 'UseCognitoProvidedValues cannot be combined with Settings or Assets.');
  await refused(admin('UpdateManagedLoginBranding', { UserPoolId, ManagedLoginBrandingId, Assets: [{ ...logo, Bytes: new TextEncoder().encode('no image') }] }), 'InvalidParameterException');
  await admin('DeleteManagedLoginBranding', { UserPoolId, ManagedLoginBrandingId });
  for (const [operation, rest] of [['DescribeManagedLoginBranding', {}], ['DeleteManagedLoginBranding', {}], ['UpdateManagedLoginBranding', { UseCognitoProvidedValues: true }]]) {
    await refused(admin(operation, { UserPoolId, ManagedLoginBrandingId, ...rest }), 'ResourceNotFoundException', 'Managed login branding does not exist.');
  }
  await refused(admin('DescribeManagedLoginBrandingByClient', { UserPoolId, ClientId }), 'ResourceNotFoundException', 'Managed login branding does not exist.');
});

test('managed login is not in the smallest tier', async () => {
  const UserPoolId = await makePool({ UserPoolTier: 'LITE' });
  const { ClientId } = await makeClient(UserPoolId);
  const off = ['OperationNotEnabledException', 'The following features need to be disabled for the LITE pricing tier configured: Managed Login'];
  await refused(admin('CreateManagedLoginBranding', { UserPoolId, ClientId, UseCognitoProvidedValues: true }), ...off);
  await refused(admin('UpdateManagedLoginBranding', { UserPoolId, ManagedLoginBrandingId: missing, UseCognitoProvidedValues: true }), ...off);
});

works('SetUICustomization GetUICustomization', 'the classic pages, for one client and for all', async () => {
  const { UserPoolId, ClientId } = await world();
  assert.deepEqual((await admin('GetUICustomization', { UserPoolId, ClientId })).UICustomization, {});
  const all = '.label-customizable {font-weight: 300;}';
  const CSS = '.label-customizable {font-weight: 600;}';
  const { UICustomization } = await admin('SetUICustomization', { UserPoolId, CSS: all, ImageFile: new Uint8Array(pixel) });
  assert.deepEqual([UICustomization.ClientId, UICustomization.CSS], ['ALL', all]);
  assert.ok(UICustomization.CSSVersion && UICustomization.CreationDate instanceof Date);
  const image = await fetch(UICustomization.ImageUrl);
  assert.equal(image.headers.get('content-type'), 'image/png');
  assert.equal(Buffer.compare(Buffer.from(await image.arrayBuffer()), pixel), 0);
  const read = async () => (await admin('GetUICustomization', { UserPoolId, ClientId })).UICustomization.CSS;
  assert.equal(await read(), all, 'a client without its own gets what is for all');
  await admin('SetUICustomization', { UserPoolId, ClientId, CSS });
  assert.equal(await read(), CSS);
  await refused(admin('SetUICustomization', { UserPoolId, ClientId, CSS: 'body { background: url(https://evil.example.com) }' }), 'InvalidParameterException');
  await refused(admin('SetUICustomization', { UserPoolId, ImageFile: new TextEncoder().encode('no image') }), 'InvalidParameterException', 'ImageFile must be a PNG or JPEG image.');
});

works('CreateTerms DescribeTerms UpdateTerms ListTerms DeleteTerms', 'terms of use and a privacy policy', async () => {
  const { UserPoolId, ClientId } = await world();
  const link = (path) => ({ 'cognito:default': `https://example.com/${path}` });
  const create = (TermsName, Links = link(TermsName)) => admin('CreateTerms', { UserPoolId, ClientId, TermsName, TermsSource: 'LINK', Enforcement: 'NONE', Links });
  const { Terms } = await create('terms-of-use', { ...link('terms'), 'cognito:german': 'https://example.com/agb' });
  const { TermsId } = Terms;
  assert.deepEqual([Terms.UserPoolId, Terms.ClientId, Terms.TermsName, Terms.TermsSource, Terms.Enforcement], [UserPoolId, ClientId, 'terms-of-use', 'LINK', 'NONE']);
  assert.equal(Terms.Links['cognito:german'], 'https://example.com/agb');
  assert.deepEqual((await admin('DescribeTerms', { UserPoolId, TermsId })).Terms, Terms);
  await refused(create('terms-of-use'), 'TermsExistsException', 'The app client has terms of the name terms-of-use already.');
  await refused(create('privacy-policy', { 'cognito:default': 'http://example.com/' }), 'InvalidParameterException', 'The link for cognito:default is not a valid HTTPS address.');
  const policy = (await create('privacy-policy')).Terms;
  await refused(admin('UpdateTerms', { UserPoolId, TermsId, TermsName: 'privacy-policy' }), 'TermsExistsException', 'The app client has terms of the name privacy-policy already.');
  const updated = (await admin('UpdateTerms', { UserPoolId, TermsId, Links: link('new') })).Terms;
  assert.deepEqual([updated.Links, updated.TermsName], [link('new'), 'terms-of-use']);
  const listed = await allPages('ListTerms', { UserPoolId, MaxResults: 1 }, 'Terms');
  assert.deepEqual(listed.map((t) => t.TermsId).sort(), [TermsId, policy.TermsId].sort());
  assert.equal(listed[0].Links, undefined);
  await refused(admin('ListTerms', { UserPoolId, NextToken: 'forged' }), 'InvalidParameterException', 'Invalid pagination token given.');
  await admin('DeleteTerms', { UserPoolId, TermsId });
  for (const operation of ['DescribeTerms', 'UpdateTerms', 'DeleteTerms']) {
    await refused(admin(operation, { UserPoolId, TermsId }), 'ResourceNotFoundException', 'Terms do not exist.');
  }
});
