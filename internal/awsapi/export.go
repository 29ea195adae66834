package awsapi

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/poolhouse/poolhouse/internal/awsapi/models"
)

// WriteServiceModel writes the model of a JSON service in the form that
// "aws configure add-model" reads, so that the AWS CLI and SDKs for Python can
// call our own service. Declared errors are left out: clients then report them
// by their code.
func WriteServiceModel(w io.Writer, service string) error {
	m := models.Find(service)
	if m == nil || m.Protocol != models.JSON {
		return fmt.Errorf("awsapi: no JSON model of service %q", service)
	}
	type object = map[string]any
	ops, shapes := object{}, object{}
	for _, op := range m.Operations {
		o := object{"name": op.Name, "http": object{"method": op.Method, "requestUri": op.URI}}
		for key, shape := range map[string]int{"input": op.Input, "output": op.Output} {
			if shape != models.None {
				o[key] = object{"shape": m.Shapes[shape].Name}
			}
		}
		ops[op.Name] = o
	}
	for i := range m.Shapes {
		shapes[m.Shapes[i].Name] = exportShape(m, &m.Shapes[i])
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(object{
		"version": "2.0",
		"metadata": object{
			"apiVersion": m.Version, "endpointPrefix": m.Service, "jsonVersion": "1.1", "protocol": "json",
			"serviceFullName": m.FullName, "serviceId": m.FullName, "signatureVersion": "v4",
			"signingName": m.SigningName, "targetPrefix": m.TargetPrefix, "uid": m.Service + "-" + m.Version,
		},
		"operations": ops, "shapes": shapes,
	})
}

func exportShape(m *models.Model, s *models.Shape) map[string]any {
	out := map[string]any{"type": exportKinds[s.Kind]}
	set := func(key string, value any, present bool) {
		if present {
			out[key] = value
		}
	}
	ref := func(i int) map[string]any { return map[string]any{"shape": m.Shapes[i].Name} }
	set("min", s.Min, s.HasMin)
	set("max", s.Max, s.HasMax)
	set("pattern", s.Pattern, s.Pattern != "")
	set("enum", s.Enum, len(s.Enum) > 0)
	set("sensitive", true, s.Sensitive)
	set("member", ref(s.Elem), s.Kind == models.List)
	set("key", ref(s.Key), s.Kind == models.Map)
	set("value", ref(s.Elem), s.Kind == models.Map)
	if s.Kind == models.Structure || s.Kind == models.Document {
		members, required := map[string]any{}, []string{}
		for _, mem := range s.Members {
			members[mem.Name] = ref(mem.Shape)
			if mem.Required {
				required = append(required, mem.Name)
			}
		}
		out["members"] = members
		set("required", required, len(required) > 0)
		set("document", true, s.Kind == models.Document)
	}
	return out
}

var exportKinds = map[models.Kind]string{
	models.Structure: "structure", models.Document: "structure", models.List: "list", models.Map: "map",
	models.String: "string", models.Integer: "integer", models.Long: "long", models.Double: "double",
	models.Boolean: "boolean", models.Timestamp: "timestamp", models.Blob: "blob",
}
