package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// logOps are the operations on the logs of pools.
func (a *API) logOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("GetLogDeliveryConfiguration", awsapi.SigV4, a.GetLogDeliveryConfiguration),
		awsapi.Func("SetLogDeliveryConfiguration", awsapi.SigV4, a.SetLogDeliveryConfiguration),
	}
}

// GetLogDeliveryConfiguration returns what is logged of a pool, and where to.
func (a *API) GetLogDeliveryConfiguration(ctx context.Context, in *GetLogDeliveryConfigurationInput) (*GetLogDeliveryConfigurationOutput, error) {
	p, err := a.Pools.Pool(ctx, pool(in.UserPoolId))
	if err != nil {
		return nil, err
	}
	return &GetLogDeliveryConfigurationOutput{LogDeliveryConfiguration: logsOut(p)}, nil
}

// SetLogDeliveryConfiguration replaces it.
func (a *API) SetLogDeliveryConfiguration(ctx context.Context, in *SetLogDeliveryConfigurationInput) (*SetLogDeliveryConfigurationOutput, error) {
	logs := make([]userpool.LogConfiguration, 0, len(in.LogConfigurations))
	for _, c := range in.LogConfigurations {
		l, err := logIn(c)
		if err != nil {
			return nil, err
		}
		logs = append(logs, l)
	}
	p, err := a.Pools.SetLogs(ctx, pool(in.UserPoolId), logs)
	if err != nil {
		return nil, err
	}
	return &SetLogDeliveryConfigurationOutput{LogDeliveryConfiguration: logsOut(p)}, nil
}

// logIn wants exactly one destination.
func logIn(c LogConfigurationType) (userpool.LogConfiguration, error) {
	l := userpool.LogConfiguration{Source: *c.EventSource, Level: *c.LogLevel}
	destinations := map[string]*string{}
	if w := c.CloudWatchLogsConfiguration; w != nil {
		destinations[userpool.LogToCloudWatch] = w.LogGroupArn
	}
	if f := c.FirehoseConfiguration; f != nil {
		destinations[userpool.LogToFirehose] = f.StreamArn
	}
	if s := c.S3Configuration; s != nil {
		destinations[userpool.LogToS3] = s.BucketArn
	}
	if len(destinations) != 1 {
		return l, userpool.Fail(userpool.ErrInvalidParameter, "A log configuration needs one destination: CloudWatchLogsConfiguration, FirehoseConfiguration or S3Configuration.")
	}
	for service, arn := range destinations {
		l.Service, l.ARN = service, awsapi.Value(arn)
	}
	return l, nil
}

func logsOut(p *userpool.Pool) *LogDeliveryConfigurationType {
	out := &LogDeliveryConfigurationType{UserPoolId: awsapi.Ptr(string(p.ID)), LogConfigurations: []LogConfigurationType{}}
	for _, l := range p.Logs {
		c := LogConfigurationType{EventSource: &l.Source, LogLevel: &l.Level}
		switch l.Service {
		case userpool.LogToCloudWatch:
			c.CloudWatchLogsConfiguration = &CloudWatchLogsConfigurationType{LogGroupArn: &l.ARN}
		case userpool.LogToFirehose:
			c.FirehoseConfiguration = &FirehoseConfigurationType{StreamArn: &l.ARN}
		case userpool.LogToS3:
			c.S3Configuration = &S3ConfigurationType{BucketArn: &l.ARN}
		}
		out.LogConfigurations = append(out.LogConfigurations, c)
	}
	return out
}
