package awsapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

func TestWriteServiceModel(t *testing.T) {
	var b bytes.Buffer
	if err := awsapi.WriteServiceModel(&b, "poolhouse"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Metadata   map[string]string
		Operations map[string]struct{ Input, Output *struct{ Shape string } }
		Shapes     map[string]struct {
			Type     string
			Required []string
			Members  map[string]struct{ Shape string }
			Member   *struct{ Shape string }
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	in := got.Shapes["CreateSamlApplicationRequest"]
	if got.Metadata["targetPrefix"] != "Poolhouse" || got.Metadata["signingName"] != "poolhouse" ||
		got.Operations["CreateSamlApplication"].Input.Shape != "CreateSamlApplicationRequest" ||
		got.Operations["DeleteSamlApplication"].Output != nil ||
		!reflect.DeepEqual(in.Required, []string{"UserPoolId"}) || in.Members["Attributes"].Shape != "SamlAttributeListType" ||
		got.Shapes["SamlAttributeListType"].Member.Shape != "SamlAttributeType" {
		t.Errorf("got %+v of %+v", in, got.Metadata)
	}
	for _, service := range []string{"nope", "sts"} {
		if awsapi.WriteServiceModel(io.Discard, service) == nil {
			t.Errorf("%s was written", service)
		}
	}
}
