package extauthz

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	extauthz "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	manager "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// readExample reads the example as Envoy would: no field that it does not know, and its own rules hold.
func readExample(text []byte) (*bootstrap.Bootstrap, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	var b bootstrap.Bootstrap
	if err := protojson.Unmarshal(plain, &b); err != nil {
		return nil, err
	}
	return &b, b.ValidateAll()
}

func TestExample(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "envoy", "envoy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := readExample(text)
	if err != nil {
		t.Fatal(err)
	}
	var m manager.HttpConnectionManager
	if err := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig().UnmarshalTo(&m); err != nil {
		t.Fatal(err)
	}
	if err := m.ValidateAll(); err != nil {
		t.Error(err)
	}
	var first extauthz.ExtAuthz // before every other filter
	if err := m.GetHttpFilters()[0].GetTypedConfig().UnmarshalTo(&first); err != nil {
		t.Fatal(err)
	}
	if err := first.ValidateAll(); err != nil {
		t.Error(err)
	}
	if first.GetFailureModeAllow() || !first.GetEncodeRawHeaders() || first.GetWithRequestBody().GetAllowPartialMessage() || first.GetClearRouteCache() ||
		m.GetNormalizePath().GetValue() || m.GetMergeSlashes() || !m.GetUseRemoteAddress().GetValue() || len(m.GetUpgradeConfigs()) > 0 {
		t.Error("the example is not closed, or lets Envoy change what was decided")
	}
	for name, spoiled := range map[string]string{
		"a misspelt field": strings.Replace(string(text), "failure_mode_allow", "failure_mode_alow", 1),
		"no domains":       strings.Replace(string(text), `domains: [api.example.com, "api.example.com:8443"]`, "domains: []", 1),
	} {
		if spoiled == string(text) {
			t.Fatalf("%s: nothing was spoiled", name)
		}
		b, err := readExample([]byte(spoiled))
		if err == nil {
			var m manager.HttpConnectionManager
			if err = b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig().UnmarshalTo(&m); err == nil {
				err = m.ValidateAll()
			}
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
