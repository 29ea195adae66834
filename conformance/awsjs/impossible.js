// The errors that operations declare and that cannot occur here, and why.
// coverage.test.js checks that none of them was seen after all, and that every
// other one was.

import { signed } from './model.js';

const roles = 'messages are sent by this server itself, not by an IAM role';
const locks = 'changes to one thing take turns; nobody is turned away for another change';
const signedDenial = 'a caller without permission gets AccessDeniedException, which is what IAM answers; the operation itself does not ask who calls';
const confirmed = 'only confirmed users hold tokens, and nobody becomes unconfirmed again';
const reset = 'a password that must be reset has ended every sign-in: the token is revoked (every.test.js)';
const appGone = 'the session of a challenge dies with the app that it asks for';
const userGone = 'the session of a challenge dies with its user';
const noFactor = 'a user who must prove a factor and has none gets NotAuthorizedException, which all four operations of a sign-in declare';
const noConfiguration = 'settings that could not work are refused when they are made';
const flow = 'a flow that the client may not use is InvalidParameterException';
const oneEach = 'a client can have one, or two of different names';
const unsupported = 'a provider of a type that is not supported cannot be made';
const noTracking = 'a pool that tracks no devices has none to look at or forget: ResourceNotFoundException, or an empty list';
const noQuota = 'there is no quota on these';

// everywhere holds for every operation that declares the error.
export const everywhere = {
  InternalErrorException: 'a fault of the server; tests in Go provoke one',
  InternalServerException: 'a fault of the server; tests in Go provoke one',
  ForbiddenException: 'there is no web application firewall',
  InvalidSmsRoleAccessPolicyException: roles,
  InvalidSmsRoleTrustRelationshipException: roles,
  InvalidEmailRoleAccessPolicyException: roles,
  ConcurrentModificationException: locks,
  UserPoolTaggingException: 'tags are part of the pool, not of another service',
  TooManyFailedAttemptsException: 'too many wrong codes are LimitExceededException, as clients expect',
  PasswordResetRequiredException: { unless: ['InitiateAuth', 'AdminInitiateAuth'], why: reset },
  UserNotConfirmedException: { unless: ['InitiateAuth', 'AdminInitiateAuth'], why: confirmed },
};

// at holds for single operations.
export const at = {
  AdminConfirmSignUp: { LimitExceededException: 'administrators are not limited per user' },
  AdminCreateUser: { PreconditionNotMetException: 'a user needs nothing but a pool' },
  AdminForgetDevice: { InvalidUserPoolConfigurationException: noTracking },
  AdminGetDevice: { InvalidUserPoolConfigurationException: noTracking },
  AdminInitiateAuth: { InvalidUserPoolConfigurationException: noConfiguration, MFAMethodNotFoundException: noFactor, UnsupportedOperationException: flow },
  AdminListDevices: { InvalidUserPoolConfigurationException: noTracking },
  AdminResetUserPassword: { LimitExceededException: 'administrators are not limited per user' },
  AdminRespondToAuthChallenge: { InvalidUserPoolConfigurationException: noConfiguration, MFAMethodNotFoundException: noFactor, SoftwareTokenMFANotFoundException: appGone, UserNotFoundException: userGone },
  AdminDisableProviderForUser: { AliasExistsException: 'to take a link away collides with nothing' },
  ConfirmDevice: {
    InvalidLambdaResponseException: 'no function is called', InvalidPasswordException: 'a bad verifier is InvalidParameterException',
    UsernameExistsException: 'a key that is known is DeviceKeyExistsException',
  },
  CreateGroup: { LimitExceededException: noQuota },
  CreateManagedLoginBranding: { LimitExceededException: oneEach },
  CreateTerms: { LimitExceededException: oneEach },
  CreateUserImportJob: { LimitExceededException: noQuota },
  CreateUserPool: { LimitExceededException: noQuota, TierChangeNotAllowedException: 'a new pool changes no tier' },
  CreateUserPoolClient: { LimitExceededException: noQuota },
  CreateUserPoolDomain: { LimitExceededException: 'a second domain is InvalidParameterException' },
  CreateUserPoolReplica: { FeatureUnavailableInTierException: 'replicas cost nothing here' },
  DeleteIdentityProvider: { UnsupportedIdentityProviderException: unsupported },
  DeleteUserPoolClientSecret: { LimitExceededException: 'to delete is not limited' },
  DescribeUserPoolDomain: { ResourceNotFoundException: 'an unknown domain is an empty description, as at AWS' },
  DeleteWebAuthnCredential: { LimitExceededException: 'to delete is not limited' },
  ForgetDevice: { InvalidUserPoolConfigurationException: noTracking },
  GetDevice: { InvalidUserPoolConfigurationException: noTracking },
  InitiateAuth: { InvalidUserPoolConfigurationException: noConfiguration, UnsupportedOperationException: flow },
  ListDevices: { InvalidUserPoolConfigurationException: noTracking },
  ListUserPoolClientSecrets: { LimitExceededException: 'to list is not limited' },
  ListWebAuthnCredentials: { LimitExceededException: 'to list is not limited' },
  RespondToAuthChallenge: { InvalidUserPoolConfigurationException: noConfiguration, MFAMethodNotFoundException: noFactor, SoftwareTokenMFANotFoundException: appGone, UserNotFoundException: userGone },
  SetRiskConfiguration: { CodeDeliveryFailureException: 'nothing is sent when it is set' },
  UpdateIdentityProvider: { UnsupportedIdentityProviderException: unsupported },
  UpdateAuthEventFeedback: { UserNotFoundException: 'an unknown user has no token, which is NotAuthorizedException' },
  UpdateUserAttributes: { CodeMismatchException: 'it takes no code', ExpiredCodeException: 'it takes no code' },
  VerifySoftwareToken: { InvalidUserPoolConfigurationException: noConfiguration, CodeMismatchException: 'a wrong code is EnableSoftwareTokenMFAException' },
};

// served are the operations that a replica, which is read-only, serves all the same:
// those that only read, and sign-in. Operations without a signature name no region.
export const served = (operation) => !signed(operation) || /^(Get|List|Describe|AdminGet|AdminList)|^Admin(Initiate|RespondTo)Auth/.test(operation);
export const byReplica = 'a replica serves it';

// signed operations declare NotAuthorizedException, which only those give that
// judge more than the caller's permission.
export const judges = ['AdminConfirmSignUp', 'AdminInitiateAuth', 'AdminResetUserPassword', 'AdminRespondToAuthChallenge'];
export const unjudged = signedDenial;

// untested are operations that are written and have no test here yet.
export const untested = [];

// unprovoked are errors of features that have no test here yet.
export const unprovoked = [];

// common are errors that no model declares because every signed service has them.
export const common = ['AccessDeniedException', 'MissingAuthenticationTokenException'];
