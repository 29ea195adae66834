package cognitosync

import (
	"net/http"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/sync/dataset"
	"github.com/poolhouse/poolhouse/sync/device"
	"github.com/poolhouse/poolhouse/sync/settings"
)

// Errors is how this service reports domain errors. The first match wins; an
// error that matches nothing is an internal error and its text stays in the log.
//
// A session that is older than the deletion of its dataset is a conflict, since
// to that all client libraries answer by listing again, which shows the deletion.
var Errors = awsapi.ErrorTable{
	{Is: dataset.ErrConflict, Status: http.StatusConflict, Code: "ResourceConflictException",
		Message: "A record was changed by somebody else."},
	{Is: dataset.ErrStaleSession, Status: http.StatusConflict, Code: "ResourceConflictException",
		Message: "The dataset was deleted or restored since the sync session began."},
	{Is: dataset.ErrNotFound, Status: http.StatusNotFound, Code: "ResourceNotFoundException",
		Message: "The dataset does not exist."},
	{Is: dataset.ErrEnded, Status: http.StatusForbidden, Code: "NotAuthorizedException",
		Message: "Access to the identity is forbidden."},
	{Is: dataset.ErrNotAuthorized, Status: http.StatusForbidden, Code: "NotAuthorizedException",
		Message: "Access to this resource is not authorized."},
	{Is: dataset.ErrLimitExceeded, Status: http.StatusBadRequest, Code: "LimitExceededException",
		Message: "A limit is exceeded."},
	{Is: settings.ErrBulkRuns, Status: http.StatusBadRequest, Code: "DuplicateRequestException",
		Message: "A bulk publish of this identity pool is in progress."},
	{Is: settings.ErrBulkDone, Status: http.StatusBadRequest, Code: "AlreadyStreamedException",
		Message: "A bulk publish of this identity pool succeeded within the last 24 hours."},
	{Is: dataset.ErrTriggerOutput, Status: http.StatusBadRequest, Code: "InvalidLambdaFunctionOutputException",
		Message: "The function returned invalid output."},
	{Is: dataset.ErrTriggerThrottled, Status: http.StatusTooManyRequests, Code: "LambdaThrottledException",
		Message: "The function is throttled."},
	{Is: device.ErrConfiguration, Status: http.StatusBadRequest, Code: "InvalidConfigurationException",
		Message: "The identity pool is not set up for push sync."},
	{Is: dataset.ErrInvalidParameter, Status: http.StatusBadRequest, Code: "InvalidParameterException",
		Message: "A parameter is invalid."},
}

// errNoIdentity answers for a pool or an identity that does not exist.
var errNoIdentity = dataset.Fail(dataset.ErrNotFound, "The identity does not exist in this identity pool.")
