package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/leastkey/leastkey/api"
)

// saveFlag says where the secrets of a user go, which are shown once.
type saveFlag struct {
	Save string `placeholder:"FILE" help:"Write what is shown once to this file, as JSON, instead of printing it. The file must not be there yet; only you may read it."`
}

// keep makes secrets and saves or prints them. The file is there before anything is made, so that
// no secret is lost, and none of an earlier time overwritten, for a file that cannot be written.
func (f saveFlag) keep(a *app, obtain func() (api.OperatorUser, error)) error {
	if f.Save == "" {
		user, err := obtain()
		if err != nil {
			return err
		}
		return a.show(user, onceShown(user))
	}
	file, err := os.OpenFile(f.Save, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and may hold the only copy of a secret: move it away, or choose another file", f.Save)
	}
	if err != nil {
		return err
	}
	user, err := obtain()
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(f.Save))
	}
	enc := json.NewEncoder(file)
	enc.SetIndent("", "  ")
	if err := errors.Join(enc.Encode(user), file.Sync(), file.Close()); err != nil {
		return errors.Join(fmt.Errorf("what is shown once is printed, since %s could not be written: %w", f.Save, err), a.show(user, onceShown(user)))
	}
	shown := user
	shown.Password, shown.GlobalAPIKey = api.Secret{}, api.Secret{}
	return a.show(shown, line("User %s (%s). %s holds what is not shown again.", user.Email, user.ID, f.Save))
}

// onceShown prints the secrets that come with a user.
func onceShown(u api.OperatorUser) func(io.Writer) error {
	return func(w io.Writer) error {
		out := fmt.Sprintf("User %s (%s).\n", u.Email, u.ID)
		if !u.Password.IsZero() {
			out += fmt.Sprintf("Password, not shown again:       %s\n", u.Password.Reveal())
		}
		if !u.GlobalAPIKey.IsZero() {
			out += fmt.Sprintf("Global API Key, not shown again: %s\n", u.GlobalAPIKey.Reveal())
		}
		_, err := io.WriteString(w, printable(out))
		return err
	}
}
