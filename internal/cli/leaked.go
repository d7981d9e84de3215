package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/client"
	"github.com/leastkey/leastkey/internal/leak"
)

type revokeLeakedCommand struct{}

// Run implements the command. Each secret is tried though another could not be handed in.
func (cmd *revokeLeakedCommand) Run(ctx context.Context, a *app) error {
	c, err := a.clientWith(client.Credential{})
	if err != nil {
		return err
	}
	handedIn, n := 0, 0
	var failed []error
	lines := bufio.NewScanner(a.stdin)
	for lines.Scan() {
		n++
		secret := strings.TrimSpace(lines.Text())
		if secret == "" {
			continue
		}
		if err := c.Revoke(ctx, secret); err != nil {
			failed = append(failed, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		handedIn++
	}
	switch {
	case lines.Err() != nil:
		failed = append(failed, lines.Err())
	case handedIn == 0 && len(failed) == 0:
		return errors.New("standard input holds no secret; give one a line")
	}
	shown := struct {
		HandedIn int `json:"handed_in"`
	}{handedIn}
	if err := a.show(shown, line("%d handed in. What was a token or key of this server works no more.", handedIn)); err != nil {
		return err
	}
	return errors.Join(failed...)
}

type scannerRulesCommand struct {
	Format string `enum:"gitleaks,trufflehog" default:"gitleaks" help:"For gitleaks or for trufflehog."`
	Brand  string `default:"lk" help:"What tokens begin with here: brand in leastkey.yaml."`
}

// Run implements the command.
func (cmd *scannerRulesCommand) Run(a *app) error {
	brand, err := leastkey.ParseBrand(cmd.Brand)
	if err != nil {
		return err
	}
	rules := leak.Gitleaks(brand)
	if cmd.Format == "trufflehog" {
		rules = leak.Trufflehog(brand)
	}
	_, err = io.WriteString(a.stdout, rules)
	return err
}
