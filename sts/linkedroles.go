package sts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/poolhouse/poolhouse/internal/ephemeral"
)

// linkedPath is where the roles of services stand. Nothing else is made there.
const linkedPath = "/aws-service-role/"

// A linkedService is a service that acts by a role of its own.
type linkedService struct{ role, policy string }

// linkedServices are those of the services that this server has.
var linkedServices = map[string]linkedService{
	"cognito-idp.amazonaws.com":       {"AWSServiceRoleForAmazonCognitoIdp", "AmazonCognitoIdpServiceRolePolicy"},
	"email.cognito-idp.amazonaws.com": {"AWSServiceRoleForAmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"},
}

// LinkedRoleARN returns the ARN of the role that a service has or would have; ""
// for a service that has none.
func (s *Service) LinkedRoleARN(service string) string {
	of, ok := linkedServices[service]
	if !ok {
		return ""
	}
	r := Role{Account: s.Account, Path: linkedPath + service + "/", Name: of.role}
	return r.ARN()
}

func (r *Role) linked() bool { return strings.HasPrefix(r.Path, linkedPath) }

// modifiable refuses changes to the role of a service.
func (r *Role) modifiable() error {
	if r.linked() {
		return fail(ErrUnmodifiable, "Cannot perform the operation on the protected role '"+r.Name+"' - this role is only modifiable by AWS")
	}
	return nil
}

// CreateLinkedRole makes the role of a service. suffix is empty: neither service
// has more than one.
func (s *Service) CreateLinkedRole(ctx context.Context, service, suffix, description string) (*Role, error) {
	of, ok := linkedServices[service]
	if !ok {
		return nil, fail(ErrInvalidInput, "The service "+service+" has no service-linked role here.")
	}
	if suffix != "" {
		return nil, fail(ErrInvalidInput, "Custom suffix is not allowed for "+service)
	}
	r := &Role{Path: linkedPath + service + "/", Name: of.role, Description: description, MaxSession: defaultSession,
		Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`}
	r.Permissions.Attached = []string{"arn:aws:iam::aws:policy" + linkedPath + of.policy}
	err := s.storeRole(ctx, r)
	if errors.Is(err, ErrExists) {
		return nil, fail(ErrInvalidInput, "Service role name "+r.Name+" has been taken in this account, please try a different suffix.")
	}
	return r, err
}

// A DeletionStatus is how far the deletion of a service's role is.
type DeletionStatus string

// DeletionSucceeded is the only status there is: nothing here holds on to such a role,
// so it is gone when the deletion is asked for.
const DeletionSucceeded DeletionStatus = "SUCCEEDED"

// Deletion tasks are told of for a week.
const (
	nsDeletion   = "iam-role-deletion"
	deletionLife = 7 * 24 * time.Hour
)

// DeleteLinkedRole deletes the role of a service and returns the task's ID.
func (s *Service) DeleteLinkedRole(ctx context.Context, name string) (task string, err error) {
	err = s.removeRole(ctx, name, func(r *Role) error {
		if !r.linked() {
			return noRole(ErrNotFound, name)
		}
		task = "task" + r.Path + r.Name + "/" + newUUID()
		return nil
	})
	if err != nil {
		return "", err
	}
	return task, s.Ephemeral.Put(ctx, nsDeletion, s.Account+"\n"+task, []byte(DeletionSucceeded), s.now().Add(deletionLife))
}

// LinkedRoleDeletion returns the status of a task.
func (s *Service) LinkedRoleDeletion(ctx context.Context, task string) (DeletionStatus, error) {
	if _, ok := s.TaskRole(task); !ok {
		return "", fail(ErrInvalidInput, "The deletion task ID is not valid.")
	}
	status, err := s.Ephemeral.Get(ctx, nsDeletion, s.Account+"\n"+task)
	if errors.Is(err, ephemeral.ErrNotFound) {
		return "", fail(ErrNotFound, "The deletion task with ID "+task+" cannot be found.")
	}
	return DeletionStatus(status), err
}

// TaskRole returns the ARN of the role that a deletion task is about; ok is false
// for a text that is no such task's ID.
func (s *Service) TaskRole(task string) (arn string, ok bool) {
	parts := strings.Split(task, "/")
	if len(parts) != 5 || parts[0] != "task" || parts[1] != "aws-service-role" || slices.Contains(parts, "") {
		return "", false
	}
	return "arn:aws:iam::" + s.Account + ":role" + linkedPath + parts[2] + "/" + parts[3], true
}
