package sts_test

import (
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/sts"
)

const auditTask = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"

func TestAssumeRoot(t *testing.T) {
	e := newEnv(t)
	ann := e.user("ann", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoot","Resource":"arn:aws:iam::000000000000:root",`+
		`"Condition":{"ArnEquals":{"sts:TaskPolicyArn":"`+auditTask+`"}}}}`)
	e.role("open", anybody, allowAll)
	for _, target := range []string{account, "arn:aws:iam::" + account + ":root"} {
		c, err := e.AssumeRoot(e.ctx, ann, sts.AssumeRootRequest{Target: target, TaskARN: auditTask})
		if err != nil {
			t.Fatal(err)
		}
		p := e.session(c)
		if p.ARN != "arn:aws:iam::"+account+":root" || !p.Expires().Equal(e.now().Add(15*time.Minute)) {
			t.Errorf("session %s until %v", p.ARN, p.Expires())
		}
		for action, ok := range map[string]bool{"iam:ListAccessKeys": true, "poolhouse:ListMfaDevices": true, "iam:CreateUser": false,
			"s3:DeleteBucketPolicy": false, "sts:AssumeRoot": false, "sts:GetFederationToken": false, "sts:GetCallerIdentity": true} {
			if err := e.Authorize(e.ctx, p, action, "*", nil); (err == nil) != ok {
				t.Errorf("%s: %v", action, err)
			}
		}
		_, err = e.tryAssume(p, "open", nil)
		wantFault(t, err, sts.ErrAccessDenied, "sts:AssumeRole")
	}
	zero := time.Duration(0)
	c, err := e.AssumeRoot(e.ctx, ann, sts.AssumeRootRequest{Target: account, TaskARN: auditTask, Duration: &zero})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Credential(e.ctx, c.AccessKeyID, c.SessionToken); err != sts.ErrExpiredCredential {
		t.Errorf("a session of no time: %v", err)
	}
}

// What root's tasks do to root's credentials they do to nobody else's.
func TestRootTasksLeaveUsersAlone(t *testing.T) {
	e := newEnv(t)
	boss := e.user("boss", allowAll)
	const user = ":000000000000:user/"
	for task, actions := range map[string]map[string]string{
		"IAMAuditRootUserCredentials":  {"iam:ListAccessKeys": "arn:aws:iam:", "iam:GetUser": "arn:aws:iam:", "poolhouse:ListMfaDevices": "arn:aws:poolhouse:us-east-1"},
		"IAMCreateRootUserPassword":    {"iam:CreateLoginProfile": "arn:aws:iam:"},
		"IAMDeleteRootUserCredentials": {"iam:DeleteAccessKey": "arn:aws:iam:", "iam:DeactivateMFADevice": "arn:aws:iam:"},
	} {
		c, err := e.AssumeRoot(e.ctx, boss, sts.AssumeRootRequest{Target: account, TaskARN: "arn:aws:iam::aws:policy/root-task/" + task})
		if err != nil {
			t.Fatal(err)
		}
		for action, service := range actions {
			for _, name := range []string{"boss", "team/x/ann"} {
				err := e.Authorize(e.ctx, e.session(c), action, service+user+name, nil)
				wantFault(t, err, sts.ErrAccessDenied, "with an explicit deny in a session policy")
			}
			for _, resource := range []string{"*", "arn:aws:iam::000000000000:root"} {
				if err := e.Authorize(e.ctx, e.session(c), action, resource, nil); err != nil {
					t.Errorf("%s on %s: %v", action, resource, err)
				}
			}
		}
	}
}

func TestRefusedAssumeRoot(t *testing.T) {
	e := newEnv(t)
	boss := e.user("boss", allowAll)
	poor := e.user("poor", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoot","Resource":"*","Condition":{"ArnEquals":{"sts:TaskPolicyArn":"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}}}}`)
	own, err := e.SessionToken(e.ctx, boss, sts.SessionTokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	long := 15*time.Minute + time.Second
	for name, tt := range map[string]struct {
		who  *sts.Principal
		in   sts.AssumeRootRequest
		kind error
	}{
		"root keys":        {e.root(), sts.AssumeRootRequest{Target: account, TaskARN: auditTask}, sts.ErrAccessDenied},
		"another task":     {poor, sts.AssumeRootRequest{Target: account, TaskARN: auditTask}, sts.ErrAccessDenied},
		"GetSessionToken":  {e.session(own), sts.AssumeRootRequest{Target: account, TaskARN: auditTask}, sts.ErrAccessDenied},
		"another account":  {boss, sts.AssumeRootRequest{Target: "111111111111", TaskARN: auditTask}, sts.ErrAccessDenied},
		"a role":           {boss, sts.AssumeRootRequest{Target: roleARN("r"), TaskARN: auditTask}, sts.ErrAccessDenied},
		"not a task":       {boss, sts.AssumeRootRequest{Target: account, TaskARN: "arn:aws:iam::aws:policy/AdministratorAccess"}, sts.ErrValidation},
		"a task elsewhere": {boss, sts.AssumeRootRequest{Target: account, TaskARN: "arn:aws:iam::000000000000:policy/root-task/S3UnlockBucketPolicy"}, sts.ErrValidation},
		"too long":         {boss, sts.AssumeRootRequest{Target: account, TaskARN: auditTask, Duration: &long}, sts.ErrValidation},
	} {
		_, err := e.AssumeRoot(e.ctx, tt.who, tt.in)
		t.Run(name, func(t *testing.T) { wantFault(t, err, tt.kind, "") })
	}
}
