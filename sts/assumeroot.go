package sts

import (
	"context"
	"maps"
	"strings"
	"time"
)

// maxRootTask is the longest session of a task that only root can do.
const maxRootTask = 15 * time.Minute

const taskPolicies = "arn:aws:iam::aws:policy/root-task/"

// rootTasks are the policies that scope a session of AssumeRoot, by the last part
// of their ARN. Nothing else can be done with such a session.
var rootTasks = map[string]string{
	"IAMAuditRootUserCredentials": allowTask("iam:GetAccessKeyLastUsed", "iam:GetAccountSummary", "iam:GetLoginProfile", "iam:GetUser",
		"iam:ListAccessKeys", "iam:ListMFADevices", "iam:ListSigningCertificates", "poolhouse:ListMfaDevices"),
	"IAMCreateRootUserPassword": allowTask("iam:CreateLoginProfile", "iam:GetLoginProfile"),
	"IAMDeleteRootUserCredentials": allowTask("iam:DeactivateMFADevice", "iam:DeleteAccessKey", "iam:DeleteLoginProfile",
		"iam:DeleteSigningCertificate", "iam:GetLoginProfile", "iam:ListAccessKeys", "iam:ListMFADevices", "iam:ListSigningCertificates"),
	"S3UnlockBucketPolicy": allowTask("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:ListAllMyBuckets", "s3:PutBucketPolicy"),
	"SQSUnlockQueuePolicy": allowTask("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueues", "sqs:SetQueueAttributes"),
}

// allowTask is the policy of a task. The tasks are about root's own credentials: those
// of users, whom AWS's policies leave out too, are beyond them.
func allowTask(actions ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["` + strings.Join(actions, `","`) + `"]},` +
		`{"Effect":"Deny","Action":"*","Resource":["arn:aws:iam::*:user/*","arn:aws:poolhouse:*:*:user/*"]}]}`
}

// An AssumeRootRequest asks for a session of root, for one task.
type AssumeRootRequest struct {
	Target   string         // account or ARN of its root
	TaskARN  string         // of the task policy
	Duration *time.Duration // nil for 15 minutes
	Keys     map[string][]string
}

// AssumeRoot gives a user or a role session root's credentials for one task. The
// account is its own management account and its own only member: who has the
// permission sts:AssumeRoot on its root is its administrator.
func (s *Service) AssumeRoot(ctx context.Context, p *Principal, in AssumeRootRequest) (Credentials, error) {
	life := maxRootTask
	if in.Duration != nil {
		life = *in.Duration
	}
	name, isTask := strings.CutPrefix(in.TaskARN, taskPolicies)
	policy, known := rootTasks[name]
	switch {
	case life < 0 || life > maxRootTask:
		return Credentials{}, fail(ErrValidation, "DurationSeconds must be between 0 and 900.")
	case !isTask || !known:
		return Credentials{}, fail(ErrValidation, in.TaskARN+" is not a task policy of AssumeRoot.")
	}
	target := RootTarget(in.Target)
	if p.Kind == Root || target != rootARN(s.Account) {
		return Credentials{}, fail(ErrAccessDenied, "User: "+p.ARN+" is not authorized to perform: sts:AssumeRoot on resource: "+target)
	}
	keys := maps.Clone(in.Keys)
	if keys == nil {
		keys = map[string][]string{}
	}
	keys["sts:TaskPolicyArn"] = []string{in.TaskARN}
	if err := s.Authorize(ctx, p, "sts:AssumeRoot", target, keys); err != nil {
		return Credentials{}, err
	}
	return s.issue(ctx, &session{Kind: Root, Account: s.Account, Owner: s.Account, Task: in.TaskARN, Policies: []string{policy},
		SourceIdentity: p.SourceIdentity()}, life)
}

// RootTarget is the ARN of the root that AssumeRoot means; other ARNs are kept.
func RootTarget(target string) string {
	if len(target) == 12 && strings.Trim(target, "0123456789") == "" {
		return rootARN(target)
	}
	return target
}
