package walk

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

// announced is the call as the announcement prints it.
const announced = `curl -X GET "$API/user/tokens/verify" -H "Authorization: Bearer $TOKEN" -H "Content-Type:application/json"`

// Fields, order, message and status are what scanners and scripts look for, byte for byte.
func TestAnnouncedCallVerbatim(t *testing.T) {
	d := harness.Start(t)
	token := editor(t, d, d.Staging())

	want := fmt.Sprintf(`{"result":{"id":"%s","status":"active"},"success":true,"errors":[],`+
		`"messages":[{"code":10000,"message":"This API Token is valid and active","type":null}]}`, token.ID)
	if have := strings.TrimSuffix(shell(t, d, token.Value, announced), "\n"); have != want {
		t.Errorf("have %s\nwant %s", have, want)
	}
	status := shell(t, d, token.Value, announced+` -o /dev/null -w '%{http_code}'`)
	if status != "200" {
		t.Errorf("status %s, want 200", status)
	}
	if status := shell(t, d, token.Value+"x", announced+` -o /dev/null -w '%{http_code}'`); status == "200" {
		t.Error("a secret with a letter too many was accepted")
	}
}

// shell runs a line as a person would type it, with $API and $TOKEN set and no configuration of the developer's.
func shell(t *testing.T, d *harness.Demo, secret, line string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", line)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "API=" + d.API, "TOKEN=" + secret}
	var progress strings.Builder
	command.Stderr = &progress
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, &progress)
	}
	if strings.Contains(line, "-o /dev/null") {
		return string(out)
	}
	d.Ledger.Observe(http.MethodGet, "/user/tokens/verify", http.StatusOK, nil, out)
	return string(out)
}
