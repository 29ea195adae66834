package cognitoidp_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/poolhouse/poolhouse/userpool"
	idp "github.com/poolhouse/poolhouse/userpool/cognitoidp"
)

type anySink struct{}

func (anySink) Deliver(context.Context, userpool.LogConfiguration, []byte) error { return nil }

func TestLogDeliveryConfiguration(t *testing.T) {
	d := newDesk(t)
	p := d.pool(idp.CreateUserPoolInput{UserPoolTier: ptr("PLUS")})
	set := func(logs ...idp.LogConfigurationType) (*idp.SetLogDeliveryConfigurationOutput, error) {
		return d.SetLogDeliveryConfiguration(t.Context(), &idp.SetLogDeliveryConfigurationInput{UserPoolId: p.Id, LogConfigurations: logs})
	}
	group := &idp.CloudWatchLogsConfigurationType{LogGroupArn: ptr("arn:aws:logs:us-east-1:000000000000:log-group:pool")}
	bucket := &idp.S3ConfigurationType{BucketArn: ptr("arn:aws:s3:::pool-logs")}
	stream := &idp.FirehoseConfigurationType{StreamArn: ptr("arn:aws:firehose:us-east-1:000000000000:deliverystream/pool")}
	signIns := idp.LogConfigurationType{EventSource: ptr("userAuthEvents"), LogLevel: ptr("INFO"), S3Configuration: bucket}
	lost := idp.LogConfigurationType{EventSource: ptr("userNotification"), LogLevel: ptr("ERROR"), CloudWatchLogsConfiguration: group}

	_, err := set(signIns)
	refused(t, err, "InvalidParameterException", "--log-delivery-dir")
	d.Pools.Logs = &userpool.Logbook{Sink: anySink{}, Pools: d.Pools.Store, Now: d.clock.Now, Log: slog.New(slog.DiscardHandler)}
	out := ok[*idp.SetLogDeliveryConfigurationOutput](t)(set(signIns, lost))
	same(t, "bucket", *out.LogDeliveryConfiguration.LogConfigurations[0].S3Configuration.BucketArn, *bucket.BucketArn)
	got := ok[*idp.GetLogDeliveryConfigurationOutput](t)(d.GetLogDeliveryConfiguration(t.Context(), &idp.GetLogDeliveryConfigurationInput{UserPoolId: p.Id})).LogDeliveryConfiguration
	same(t, "pool", *got.UserPoolId, *p.Id)
	same(t, "group", *got.LogConfigurations[1].CloudWatchLogsConfiguration.LogGroupArn, *group.LogGroupArn)
	signIns.S3Configuration, signIns.FirehoseConfiguration = nil, stream
	out = ok[*idp.SetLogDeliveryConfigurationOutput](t)(set(signIns))
	same(t, "stream", *out.LogDeliveryConfiguration.LogConfigurations[0].FirehoseConfiguration.StreamArn, *stream.StreamArn)

	signIns.S3Configuration = bucket
	_, err = set(signIns)
	refused(t, err, "InvalidParameterException", "needs one destination")
	_, err = set(idp.LogConfigurationType{EventSource: ptr("userAuthEvents"), LogLevel: ptr("INFO")})
	refused(t, err, "InvalidParameterException", "needs one destination")
	_, err = set(idp.LogConfigurationType{EventSource: ptr("userAuthEvents"), LogLevel: ptr("INFO"), S3Configuration: &idp.S3ConfigurationType{}})
	refused(t, err, "InvalidParameterException", "Invalid ARN")
	out = ok[*idp.SetLogDeliveryConfigurationOutput](t)(set())
	same(t, "configurations", len(out.LogDeliveryConfiguration.LogConfigurations), 0)
}
