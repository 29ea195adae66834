package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// importOps are the operations on user import jobs.
func (a *API) importOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("CreateUserImportJob", awsapi.SigV4, a.CreateUserImportJob),
		awsapi.Func("DescribeUserImportJob", awsapi.SigV4, a.DescribeUserImportJob),
		awsapi.Func("GetCSVHeader", awsapi.SigV4, a.GetCSVHeader),
		awsapi.Func("ListUserImportJobs", awsapi.SigV4, a.ListUserImportJobs),
		awsapi.Func("StartUserImportJob", awsapi.SigV4, a.StartUserImportJob),
		awsapi.Func("StopUserImportJob", awsapi.SigV4, a.StopUserImportJob),
	}
}

// CreateUserImportJob makes a job and the address that its file is put to.
func (a *API) CreateUserImportJob(ctx context.Context, in *CreateUserImportJobInput) (*CreateUserImportJobOutput, error) {
	j, err := a.Pools.CreateImport(ctx, pool(in.UserPoolId), *in.JobName, *in.CloudWatchLogsRoleArn, awsapi.Value(in.PasswordHashingAlgorithm))
	if err != nil {
		return nil, err
	}
	out, err := a.importOut(j)
	return &CreateUserImportJobOutput{UserImportJob: out}, err
}

// DescribeUserImportJob tells how far a job got.
func (a *API) DescribeUserImportJob(ctx context.Context, in *DescribeUserImportJobInput) (*DescribeUserImportJobOutput, error) {
	j, err := a.Pools.Import(ctx, pool(in.UserPoolId), *in.JobId)
	if err != nil {
		return nil, err
	}
	out, err := a.importOut(j)
	return &DescribeUserImportJobOutput{UserImportJob: out}, err
}

// GetCSVHeader lists the columns of a file.
func (a *API) GetCSVHeader(ctx context.Context, in *GetCSVHeaderInput) (*GetCSVHeaderOutput, error) {
	p, err := a.Pools.Pool(ctx, pool(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return &GetCSVHeaderOutput{UserPoolId: in.UserPoolId, CSVHeader: p.CSVHeader()}, nil
}

// ListUserImportJobs lists the jobs of a pool.
func (a *API) ListUserImportJobs(ctx context.Context, in *ListUserImportJobsInput) (*ListUserImportJobsOutput, error) {
	jobs, next, err := a.Pools.Imports(ctx, pool(in.UserPoolId), awsapi.Value(in.PaginationToken), int(*in.MaxResults))
	if err != nil {
		return nil, err
	}
	out := &ListUserImportJobsOutput{UserImportJobs: []UserImportJobType{}, PaginationToken: optional(next)}
	for _, j := range jobs {
		shown, err := a.importOut(j)
		if err != nil {
			return nil, err
		}
		out.UserImportJobs = append(out.UserImportJobs, *shown)
	}
	return out, nil
}

// StartUserImportJob has a job run.
func (a *API) StartUserImportJob(ctx context.Context, in *StartUserImportJobInput) (*StartUserImportJobOutput, error) {
	j, err := a.Pools.StartImport(ctx, pool(in.UserPoolId), *in.JobId)
	if err != nil {
		return nil, err
	}
	out, err := a.importOut(j)
	return &StartUserImportJobOutput{UserImportJob: out}, err
}

// StopUserImportJob ends a job that runs.
func (a *API) StopUserImportJob(ctx context.Context, in *StopUserImportJobInput) (*StopUserImportJobOutput, error) {
	j, err := a.Pools.StopImport(ctx, pool(in.UserPoolId), *in.JobId)
	if err != nil {
		return nil, err
	}
	out, err := a.importOut(j)
	return &StopUserImportJobOutput{UserImportJob: out}, err
}

// importOut shows a job, with the address of its upload while that is open.
func (a *API) importOut(j *userpool.ImportJob) (*UserImportJobType, error) {
	out := &UserImportJobType{JobName: &j.Name, JobId: &j.ID, UserPoolId: awsapi.Ptr(string(j.Pool)), CreationDate: stamp(j.Created),
		Status: awsapi.Ptr(string(j.Status)), CloudWatchLogsRoleArn: &j.RoleARN, ImportedUsers: &j.Imported, SkippedUsers: &j.Skipped,
		FailedUsers: &j.Failed, CompletionMessage: optional(j.Message), PasswordHashingAlgorithm: optional(j.Algorithm),
		StartDate: stamp(j.Started), CompletionDate: stamp(j.Completed)}
	token, err := a.Pools.ImportUploadToken(j)
	if err == nil && token != "" {
		out.PreSignedUrl = awsapi.Ptr(a.Pools.Issuer(j.Pool) + "/imports/" + j.ID + "?token=" + token)
	}
	return out, err
}
